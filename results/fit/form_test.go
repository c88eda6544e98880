package fit

import (
	"math"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestFormConstant: needed widths of 3 n/d + 40 are foretold best by parameter counting with one constant for all d.
func TestFormConstant(t *testing.T) {
	runs := New(testTrainer())
	for _, d := range []int64{5, 20, 80} {
		s := plain()
		s.n, s.m, s.seeds = []int64{80, 320, 1280}, powersOfTwo(3, 11), zeroTo(40)
		s.given = map[string]sweep.Value{"d": sweep.IntValue(d)}
		s.lambda0 = func(n int64) float64 { return math.Sqrt(float64(d) / float64(n)) }
		s.success = func(n, m, seed int64) sweep.Value {
			needed := 3*float64(n)/float64(d) + 40
			return sweep.BoolValue(float64(seed*7%40)+0.5 < 40*sigmoid(6*math.Log(float64(m)/needed)))
		}
		s.addTo(runs)
	}
	l := runs.Analyze(Options{Draws: 20}).Laws[0]
	want := []string{"A n^a lambda0^b d^c", "A n^a d^c", "A n/d + B", "A n^a log n"}
	if len(l.Forms) != len(want) {
		t.Fatalf("%+v", l.Forms)
	}
	for i, f := range l.Forms {
		if f.Formula != want[i] || (f.Worse == 0) != (f.Formula == "A n/d + B") || f.Loss > 0.5 && f.Formula == "A n/d + B" {
			t.Errorf("%q: loss %v, worse by %v; want %q, and parameter counting best", f.Formula, f.Loss, f.Worse, want[i])
		}
	}
}
