package fit

import (
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

func warningText(l Law, code string) string {
	if i := slices.IndexFunc(l.Warnings, func(w Warning) bool { return w.Code == code }); i >= 0 {
		return l.Warnings[i].Text
	}
	return ""
}

// TestBoundsByCell: cells have widths of their own, and so have the bounds of their needed widths.
func TestBoundsByCell(t *testing.T) {
	runs := New(testTrainer())
	for _, n := range []int64{10, 20, 40} {
		s := plain()
		s.n, s.m = []int64{n}, []int64{4 * n, 8 * n, 16 * n}
		s.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue(true) }
		s.addTo(runs)
	}
	l := runs.Analyze(Options{Draws: 10}).Laws[0]
	if text := warningText(l, "no_failure"); !strings.Contains(text, "n = 10 (at most m = 40)") || !strings.Contains(text, "n = 40 (at most m = 160)") {
		t.Errorf("%q", text)
	}
}

// TestBoundsCensored: a width at which many runs are censored bounds nothing, unless with these read against it it still does.
func TestBoundsCensored(t *testing.T) {
	s := plain()
	s.n, s.m = []int64{20, 40, 80}, []int64{16, 32, 64, 128}
	s.success = func(n, m, seed int64) sweep.Value {
		switch { // of 32 seeds
		case n == 20 && (m >= 64 || m == 32 && seed < 30), // at 32, 30 of 32 are successes whatever the others are
			n == 40 && m >= 64 && seed < 16: // half are not decided
			return sweep.BoolValue(true)
		}
		return sweep.Value{}
	}
	a := s.runs().Analyze(Options{Draws: 10})
	l := a.Laws[0]
	if l.Thresholds[0].High != 32 || l.Thresholds[1].needed() != "–" || l.Thresholds[2].needed() != "–" {
		t.Errorf("%+v", l.Thresholds)
	}
	if text := warningText(l, "no_failure"); !strings.Contains(text, "n = 20 (at most m = 32), and no other") {
		t.Errorf("%q\n%s", text, render(t, a))
	}
	s.n = []int64{40, 80}
	if text := warningText(s.runs().Analyze(Options{Draws: 10}).Laws[0], "no_failure"); strings.Contains(text, "at most") || !strings.Contains(text, "more steps") {
		t.Errorf("cells without a bound: %q", text)
	}
	s.n = []int64{20, 40, 80}
	s.success = func(n, m, seed int64) sweep.Value {
		if m <= 32 || n == 20 && seed < 4 || n == 40 && m == 64 && seed < 30 {
			return sweep.BoolValue(false)
		}
		return sweep.Value{}
	}
	l = s.runs().Analyze(Options{Draws: 10}).Laws[0]
	if l.Thresholds[0].Low != 128 || l.Thresholds[1].Low != 64 || l.Thresholds[2].Low != 32 {
		t.Errorf("at n = 20, 4 of 32 fail at any width, so that success stays under 0.9: %+v", l.Thresholds)
	}
	if text := warningText(l, "no_success"); !strings.Contains(text, "n = 80 (above m = 32)") {
		t.Errorf("%q", text)
	}
}
