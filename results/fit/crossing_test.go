package fit

import (
	"math"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestCrossings: success that depends on m d / n alone but for its slope, which grows with n, crosses where it is a half, and nothing
// crosses between different d.
func TestCrossings(t *testing.T) {
	const load = 1.3
	runs, s := New(testTrainer()), plain()
	s.m, s.seeds = powersOfTwo(0, 7), zeroTo(100)
	for _, d := range []int64{10, 20} {
		s.success = func(n, m, seed int64) sweep.Value {
			p := sigmoid(math.Sqrt(float64(n)/20) * 2 * math.Log(float64(m*d)/float64(n)/load))
			return sweep.BoolValue(float64(seed*37%100)+0.5 < 100*p)
		}
		s.given = map[string]sweep.Value{"d": sweep.IntValue(d)}
		s.addTo(runs)
	}
	a := runs.Analyze(Options{Draws: 200})
	l := a.Laws[0]
	if len(l.Crossings) != 6 {
		t.Fatalf("%d crossings of four n at two d: %+v", len(l.Crossings), l.Crossings)
	}
	for _, c := range l.Crossings {
		if !(math.Abs(float64(c.Load)-load) < 0.15) || !(math.Abs(float64(c.Success)-0.5) < 0.08) || !(c.Low < load) || !(c.High > load) || c.N[0]*2 != c.N[1] || c.D == nil || c.Angle != nil {
			t.Errorf("%+v, want one at %v and 0.5", c, load)
		}
	}
	if text := render(t, a); !strings.Contains(text, "success of neighbouring n crosses") {
		t.Errorf("no table of crossings:\n%s", text)
	}
}

// TestMeet: curves that do not cross, or touch alone, or of which one has no runs.
func TestMeet(t *testing.T) {
	runs := []float64{1e9, 1e9, 1e9}
	rising := &curve{logM: []float64{1, 2, 3}, fitted: []float64{0.1, 0.5, 0.9}, runs: runs}
	steeper := &curve{logM: []float64{1, 2, 3}, fitted: []float64{0.01, 0.5, 0.99}, runs: runs}
	if m := meet(rising, steeper, 0, 0); math.Abs(m.logLoad-2) > 1e-6 || math.Abs(m.success-0.5) > 1e-6 {
		t.Errorf("%+v, want 2 and a half", m)
	}
	if m := meet(rising, steeper, 0, 0.1); !(m.logLoad > 2) || !(m.success > 0.5) {
		t.Errorf("shifted: %+v", m)
	}
	for name, m := range map[string]meeting{"apart": meet(rising, steeper, 0, 9), "the same": meet(rising, rising, 0, 0),
		"reversed": meet(steeper, rising, 0, 0), "empty": meet(rising, &curve{}, 0, 0)} {
		if !math.IsNaN(m.logLoad) {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
