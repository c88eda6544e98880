package fit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestAlong: on data whose lambda0 follows n the exponent along the sweep is told where those in n and lambda0 are not, and the table
// says what a theorem asks for along it.
func TestAlong(t *testing.T) {
	k := squareLaw(40)
	k.lambda0 = func(n, _ float64) float64 { return 1 / math.Sqrt(n) }
	k.angle, k.n = []float64{1}, []int64{20, 40, 80, 160, 320}
	a := k.simulate(3).Analyze(Options{Draws: 200})
	l := a.Laws[0]
	if l.Exponents.N.Told || l.Along == nil || !l.Along.Told || l.Along.Low > 2 || l.Along.High < 2 { // n (1/sqrt n)^-2
		t.Fatalf("exponent %+v, along %+v", l.Exponents.N, l.Along)
	}
	text := render(t, a)
	if !strings.Contains(text, "along: the exponent of n with λ0 following it") || !slices.ContainsFunc(strings.Split(text, "\n"), func(line string) bool {
		f := strings.Fields(line)
		return len(f) > 5 && strings.Contains(line, "Du, Zhai, Poczos, Singh 2019: hidden") && f[0] == "6" && f[1] == "−4" && f[2] == "8"
	}) {
		t.Errorf("the table does not say that n^6 / lambda0^4 is n^8 along the sweep:\n%s", text)
	}
}

// TestAlongBoth: where lambda0 follows n and d, which are told apart, the law along the sweep is one in both; where d follows n, in n alone.
func TestAlongBoth(t *testing.T) {
	analyze := func(ds func(n int64) []int64) Law {
		runs := New(testTrainer())
		for _, n := range []int64{80, 160, 320, 640} {
			for _, d := range ds(n) {
				s := plain()
				s.n, s.given = []int64{n}, map[string]sweep.Value{"d": sweep.IntValue(d)}
				s.lambda0 = func(n int64) float64 { return math.Sqrt(float64(d) / float64(n)) }
				s.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue(m*d+seed%5*20 > 8*n) }
				s.addTo(runs)
			}
		}
		return runs.Analyze(Options{Draws: 200}).Laws[0]
	}
	l := analyze(func(int64) []int64 { return []int64{10, 20, 40} })
	if l.Exponents.N.Told || l.Along == nil || l.AlongD == nil {
		t.Fatalf("exponent %+v, along %+v, of d %+v", l.Exponents.N, l.Along, l.AlongD)
	}
	if near := func(e *Exponent, want float64) bool { return math.Abs(float64(e.Value)-want) < 0.15 }; !near(l.Along, 1) || !near(l.AlongD, -1) {
		t.Errorf("along n %+v, d %+v; want 1 and -1", l.Along, l.AlongD)
	}
	if math.Abs(l.Line.drift+0.5) > 1e-9 || !strings.Contains(l.alongText(), " · d^") {
		t.Errorf("lambda0 follows n with exponent %v, %q", l.Line.drift, l.alongText())
	}
	if l = analyze(func(n int64) []int64 { return []int64{n / 8} }); l.Along != nil && l.AlongD != nil {
		t.Errorf("d follows n, but there is a law in both: %+v, %+v", l.Along, l.AlongD)
	}
}

// TestDisjoint: where the middle cells need a third more than a power of n, the law is sure and wrong about some.
func TestDisjoint(t *testing.T) {
	s := plain()
	s.lambda0 = func(int64) float64 { return 0.1 }
	s.n, s.seeds, s.m = []int64{20, 40, 80, 160, 320}, zeroTo(400), nil
	for m := 10.0; m < 2000; m *= 1.25 {
		s.m = append(s.m, int64(m))
	}
	s.success = func(n, m, seed int64) sweep.Value {
		needed := float64(n)
		if n == 80 {
			needed *= 1.35
		}
		p := sigmoid(8 * math.Log(float64(m)/needed))
		return sweep.BoolValue(float64(seed*37%400)+0.5 < 400*p)
	}
	l := s.runs().Analyze(Options{Draws: 200}).Laws[0]
	for _, w := range l.Warnings {
		if w.Code == "disjoint" {
			if !strings.Contains(w.Text, "n = 80") {
				t.Errorf("another cell is named: %s", w.Text)
			}
			return
		}
	}
	t.Errorf("no warning that the intervals are disjoint: %q, %+v", codes(l), l.Thresholds)
}
