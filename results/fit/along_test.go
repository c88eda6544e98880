package fit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// sweptAlong is a sweep on which lambda0 is a function of n, and the needed width n.
func sweptAlong() known {
	k := squareLaw(40)
	k.a, k.b, k.c = 1, 0, 2
	k.lambda0 = func(n, _ float64) float64 { return 1 / math.Sqrt(n) }
	k.angle, k.n, k.m = []float64{1}, []int64{20, 80, 320}, powersOfTwo(3, 12)
	return k
}

// TestAlongOfThree: three n are enough to check a law along the sweep, which has two coefficients; and the model, its exponents and
// the needed widths by the law are of one law.
func TestAlongOfThree(t *testing.T) {
	l := sweptAlong().simulate(5).Analyze(Options{Draws: 200}).Laws[0]
	if l.Along == nil || !l.Along.Told || slices.Contains(codes(l), "few_cells") || !strings.Contains(l.Sentence(), "along this sweep m ∼ n^") {
		t.Fatalf("along %+v, %q, %q", l.Along, codes(l), l.Sentence())
	}
	for i, c := range l.Cells {
		m := math.Exp(float64(l.Model.Intercept)) * math.Pow(float64(c.N), float64(l.Along.Value))
		if law := l.Thresholds[i].Law; law == nil || math.Abs(m/float64(law.M)-1) > 1e-6 {
			t.Errorf("n = %v: the model says %v, the law %+v", c.N, m, law)
		}
	}
}

// TestAlongBent: where the law along the sweep misses its cells, nothing of it is said.
func TestAlongBent(t *testing.T) {
	s := plain()
	s.n, s.m = []int64{20, 40, 80, 160, 320}, powersOfTwo(3, 12)
	needed := map[int64]float64{20: 20, 40: 20, 80: 20, 160: 20, 320: 900}
	s.success = func(n, m, seed int64) sweep.Value {
		return sweep.BoolValue(float64(seed*7%32)+0.5 < 32*sigmoid(6*math.Log(float64(m)/needed[n])))
	}
	a := s.runs().Analyze(Options{Draws: 200})
	l := a.Laws[0]
	if l.Along == nil || l.Along.Told || !slices.Contains(codes(l), "misfit") {
		t.Fatalf("along %+v, %q", l.Along, codes(l))
	}
	if text := render(t, a); strings.Contains(text, "along this sweep") {
		t.Errorf("the law along the sweep is said:\n%s", text)
	}
	for _, needed := range l.Thresholds {
		if needed.Law != nil {
			t.Errorf("a law that misses its cells says %+v", needed.Law)
		}
	}
}

// TestAlongCensored: where the censored runs would decide the exponent along the sweep, it is not told.
func TestAlongCensored(t *testing.T) {
	s := plain()
	s.n, s.m = []int64{20, 40, 80, 160, 320}, powersOfTwo(3, 11)
	s.success = func(n, m, seed int64) sweep.Value {
		if n >= 80 && m > n && seed%4 != 0 {
			return sweep.Value{}
		}
		return sweep.BoolValue(float64(seed*7%32)+0.5 < 32*sigmoid(6*math.Log(float64(m)/float64(n))))
	}
	l := s.runs().Analyze(Options{Draws: 200}).Laws[0]
	if l.Along == nil || l.Along.Told || !slices.Contains(codes(l), "censored_matters") || !l.Readings.Failures["along"].Defined() || !l.Readings.Successes["along"].Defined() {
		t.Errorf("along %+v, readings %+v, %q", l.Along, l.Readings, codes(l))
	}
	whole := sweptAlong().simulate(5).Analyze(Options{Draws: 100}).Laws[0]
	if whole.Readings != nil || !whole.Along.Told {
		t.Errorf("along without censored runs: %+v", whole.Along)
	}
}

// TestFarEnd: an end of the law's interval that is orders of magnitude beyond the swept widths is none.
func TestFarEnd(t *testing.T) {
	far := Threshold{Law: &Needed{M: 43, Low: Undefined(), High: 73}}
	if got := far.byLaw(); got[1] != "[~, 73]" {
		t.Errorf("%q", got)
	}
	k := sweptAlong()
	k.m = powersOfTwo(5, 6)
	k.n, k.slope, k.seeds = []int64{14, 20, 28}, 0.7, 10
	for seed := range uint64(20) {
		for _, needed := range k.simulate(seed).Analyze(Options{Draws: 100}).Laws[0].Thresholds {
			if law := needed.Law; law != nil && (law.Low < 32/mostBeyond || law.High > 64*mostBeyond) {
				t.Errorf("the law's interval is %+v, widths 32 and 64", law)
			}
		}
	}
}
