package fit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// twoFamilies are points on the sphere, and others whose lambda0 falls faster.
func twoFamilies() *Analysis {
	trainer := testTrainer()
	trainer.Params = append(trainer.Params, sweep.Param{Name: "data", Type: sweep.TextType, Default: func(sweep.Point) sweep.Value { return sweep.TextValue("sphere") }})
	runs := New(trainer)
	for data, drift := range map[string]float64{"sphere": -0.5, "clusters": -2} {
		s := plain()
		s.n, s.seeds, s.m = []int64{20, 40, 80, 160}, zeroTo(32), powersOfTwo(3, 11)
		s.given = map[string]sweep.Value{"data": sweep.TextValue(data)}
		s.lambda0 = func(n int64) float64 { return 0.4 * math.Pow(float64(n), drift) }
		s.success = func(n, m, seed int64) sweep.Value {
			return sweep.BoolValue(float64(seed*7%32)+0.5 < 32*sigmoid(6*math.Log(float64(m)/float64(2*n))))
		}
		s.addTo(runs)
	}
	return runs.Analyze(Options{Draws: 50})
}

// TestTheoryByFamily: each family has its own exponents along the sweep; what is said of the sphere alone is asked there alone, and its
// formula has no lambda0.
func TestTheoryByFamily(t *testing.T) {
	a := twoFamilies()
	text := render(t, a)
	row := func(part string) []string {
		lines := strings.Split(text, "\n")
		i := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, part) })
		if i < 0 {
			t.Fatalf("no line has %q:\n%s", part, text)
		}
		return strings.Fields(lines[i])
	}
	for part, want := range map[string][]string{
		"Du, Zhai, Poczos, Singh 2019: hidden": {"6", "−4", "14", "8"}, // clusters, then the sphere
		"sqrt(m d) >= n":                       {"2", "−2", "6", "2", "*"},
		"sphere n^4/d^3":                       {"4", "−4", "12", "4", "*"},
	} {
		if got := row(part); !slices.Equal(got[:len(want)], want) {
			t.Errorf("%s: %v, want %v\n%s", part, got, want, text)
		}
	}
	if got := strings.Join(row("sqrt(m d) >= n"), " "); !strings.Contains(got, "(to fit, data = sphere)") {
		t.Errorf("%s", got)
	}
	if got := strings.Join(row("Wu, Du, Ward"), " "); !strings.Contains(got, "e+") || !strings.Contains(got, "(to fit, data = clusters)") {
		t.Errorf("a ratio above a million: %s", got)
	}
	if got := strings.Join(row("measured  "), " "); !strings.Contains(got, "at n = 160, d = 20, λ0 = ") || !strings.Contains(text, "what the theory asks for") {
		t.Errorf("the cell is not named: %s", got)
	}
	for _, l := range a.Laws[:2] {
		asked := slices.ContainsFunc(l.Gaps, func(g Gap) bool { return strings.Contains(g.width, "sphere") })
		if asked != (l.Family["data"] == "sphere") {
			t.Errorf("%v: %+v", l.Family, l.Gaps)
		}
	}
}
