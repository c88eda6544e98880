package fit

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
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
		r.add(i%10, won, 3-won, math.Round(4*m)/4, 0.1*float64(i/30), math.Round(n))
	}
	r.standardise()
	return r
}

// TestValue compares with the sum of the rows' logarithms, also where probabilities are as good as 0, and by unit.
func TestValue(t *testing.T) {
	r := someRegression()
	for _, at := range []coefficients{{0.3, 2, -1.5, -2.2}, {0, 400, -30, -40}, {-700, 900, 900, 3}} {
		want, weights := 0.0, []float64{0, 1, 2, 1, 1, 3, 0, 1, 1, 1}
		for _, b := range r.blocks {
			for i := b.from; i < b.to; i++ {
				eta := at[0] + at[1]*(r.logM[r.width[i]]-b.shift-r.mean[1])/r.scale[1] + at[2]*b.terms[0]
				p := sigmoid(-at[3]) * sigmoid(eta)
				q := sigmoid(-eta) + sigmoid(at[3])*sigmoid(eta)
				want += weights[b.unit] * (r.success[i]*math.Log(max(p, 1e-300)) + r.failure[i]*math.Log(max(q, 1e-300)))
			}
		}
		var got, sum posterior
		got.addPriors(at, false, r.columns)
		want += got.value
		r.posterior(at, weights, false, &got)
		r.startAt(at).from(weights, false, r.columns, &sum)
		if math.Abs(got.value-want) > 1e-9*math.Abs(want) || math.Abs(sum.value-want) > 1e-9*math.Abs(want) || math.Abs(sum.curve[1][2]-got.curve[1][2]) > 1e-9*math.Abs(got.curve[1][2]) {
			t.Errorf("at %v: %v, by unit %v, want %v", at, got.value, sum.value, want)
		}
	}
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
	top := r.fit()
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
		}}, []float64{1, 1, 0, -1}, &optimize.Settings{GradientThreshold: 1e-4}, &optimize.BFGS{})
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

// TestCensoredMatters: where the censored runs would decide the exponent, it is not told; where they move it a little, both readings stand beside it.
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
	k = coverageLaws()["a = 1, b = 0, steep, 5 % censored"]
	k.censored, k.seeds = 0.2, 100
	mild := k.simulate(1).Analyze(Options{Draws: 100}).Laws[0]
	if e := mild.Exponents.N; !e.Told || e.Read == nil || !(e.Read.High-e.Read.Low > e.High-e.Low) || !strings.Contains(mild.Sentence(), "as censored runs are read") || !slices.Contains(codes(mild), "censored_matters") {
		t.Errorf("exponent %+v read as %+v: %s, warnings %q", e, e.Read, mild.Sentence(), codes(mild))
	}
}
