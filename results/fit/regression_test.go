package fit

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/optimize"

	"github.com/widthlaw/widthlaw/sweep"
)

// someRegression is a small sample with lapses.
func someRegression() *regression {
	r, random := &regression{}, rand.New(rand.NewPCG(5, 6))
	for i := range 300 {
		m, n := 3+3*random.Float64(), 2+2*random.Float64()
		p, won := 0.93*sigmoid(2*(m-n-1.5)), 0.0
		for range 3 {
			if random.Float64() < p {
				won++
			}
		}
		r.add(i%10, won, 3-won, m, n)
	}
	r.standardise()
	return r
}

// TestDerivatives compares the gradient and the Hessian with finite differences, with and without the weak prior.
func TestDerivatives(t *testing.T) {
	r, size := someRegression(), 4
	for _, prior := range []bool{false, true} {
		at := []float64{0.3, 2, -1.5, -2.2}
		value := func(x []float64) float64 {
			var p posterior
			r.posterior(coefficients(append(append([]float64{}, x...), 0, 0)), nil, prior, &p)
			return p.value
		}
		var p posterior
		r.posterior(coefficients(append(append([]float64{}, at...), 0, 0)), nil, prior, &p)
		gradient := fd.Gradient(nil, value, at, nil)
		for j := range size {
			if math.Abs(gradient[j]-p.gradient[j]) > 1e-4*(1+math.Abs(p.gradient[j])) {
				t.Errorf("prior %v: gradient %d is %v, by differences %v", prior, j, p.gradient[j], gradient[j])
			}
			slope := func(x []float64) float64 {
				var p posterior
				r.posterior(coefficients(append(append([]float64{}, x...), 0, 0)), nil, prior, &p)
				return p.gradient[j]
			}
			bend := fd.Gradient(nil, slope, at, nil)
			for k := j; k < size; k++ {
				if math.Abs(bend[k]+p.curve[j][k]) > 1e-4*(1+math.Abs(bend[k])) {
					t.Errorf("prior %v: Hessian %d,%d is %v, by differences %v", prior, j, k, -p.curve[j][k], bend[k])
				}
			}
		}
	}
}

// TestPeak finds the same maximum as another optimiser from another place.
func TestPeak(t *testing.T) {
	r := someRegression()
	top := r.fit(r.begin(), nil, false)
	at := func(x []float64) (p posterior) {
		r.posterior(coefficients(append(append([]float64{}, x...), 0, 0)), nil, false, &p)
		return p
	}
	other, err := optimize.Minimize(optimize.Problem{
		Func: func(x []float64) float64 { return -at(x).value },
		Grad: func(grad, x []float64) {
			p := at(x)
			for j := range grad {
				grad[j] = -p.gradient[j]
			}
		}}, []float64{1, 1, 0, -1}, nil, &optimize.BFGS{})
	if err != nil {
		t.Fatal(err)
	}
	for j, x := range other.X {
		if !top.ok || top.separated || math.Abs(x-top.at[j]) > 1e-3 {
			t.Errorf("coefficient %d is %v, BFGS says %v (%+v)", j, top.at[j], x, top)
		}
	}
}

// TestSeparation: a sharp step has a law, and says that it has the prior.
func TestSeparation(t *testing.T) {
	s := plain()
	s.lambda0 = func(n int64) float64 { return 0.1 }
	s.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue(m > 2*n) }
	s.n, s.m = []int64{16, 32, 64, 128}, powersOfTwo(3, 10)
	l := s.runs().Analyze(Options{Draws: 100}).Laws[0]
	if l.Model == nil || !l.Model.Separated || math.Abs(float64(l.Exponents.N.Value)-1) > 0.1 {
		t.Errorf("%+v, exponent %+v, warnings %q", l.Model, l.Exponents.N, codes(l))
	}
}

// TestBestRate: a seed succeeds where any learning rate does.
func TestBestRate(t *testing.T) {
	runs, s := New(testTrainer()), plain()
	whole := s.success
	for i, lr := range []float64{0.5, 0.25} {
		s.given = map[string]sweep.Value{"lr": sweep.FloatValue(lr)}
		s.success = func(n, m, seed int64) sweep.Value {
			if int(seed)%2 == i {
				return sweep.BoolValue(false)
			}
			return whole(n, m, seed)
		}
		s.addTo(runs)
	}
	a := runs.Analyze(Options{Draws: 10, BestRate: true})
	want := plain().runs().Analyze(Options{Draws: 10})
	l := a.Laws[0]
	if len(a.Laws) != 4 || l.Runs != want.Laws[0].Runs || l.Thresholds[2].M != want.Laws[0].Thresholds[2].M || codes(l)[0] != "best_lr" {
		t.Errorf("%d laws, %d runs, needed %v, %q", len(a.Laws), l.Runs, l.Thresholds[2].M, codes(l))
	}
}

// TestCensoredMatters: where the censored runs would decide the exponent, it is not told.
func TestCensoredMatters(t *testing.T) {
	k := squareLaw(40)
	k.m = powersOfTwo(4, 16)
	told := k.simulate(2).Analyze(Options{Draws: 100}).Laws[0]
	s := New(testTrainer())
	s.trainer.Events = []string{"fit"}
	plainly := plain()
	plainly.lambda0 = func(n int64) float64 { return 0.1 }
	plainly.success = func(n, m, seed int64) sweep.Value {
		if m > n && n >= 80 && seed%4 != 0 {
			return sweep.Value{}
		}
		return sweep.BoolValue(m+seed%3 > n)
	}
	plainly.addTo(s)
	l := s.Analyze(Options{Draws: 100}).Laws[0]
	if l.Readings == nil || l.Exponents.N.Told || !told.Exponents.N.Told {
		t.Errorf("readings %+v, exponent %+v, warnings %q", l.Readings, l.Exponents.N, codes(l))
	}
}
