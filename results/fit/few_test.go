package fit

import (
	"slices"
	"strings"
	"testing"
)

// TestFewClusters: from two or three data seeds nothing is told, and the law's intervals, which could have no width, are missing.
func TestFewClusters(t *testing.T) {
	for seeds, want := range map[int64]string{2: "no exponent is told", 3: "no exponent is told", 7: "no exponent is told", 8: "hardly measured", 20: "with 20"} {
		k := squareLaw(seeds)
		k.m = powersOfTwo(3, 14)
		a := k.simulate(3).Analyze(Options{Draws: 100})
		l, text := a.Laws[0], render(t, a)
		few := seeds < leastClusters
		if e := l.Exponents.N; !e.Value.Defined() || e.Low.Defined() == few || e.Told == few || e.Fieller.Low.Defined() == few {
			t.Errorf("%d seeds: exponent %+v, Fieller %+v", seeds, e, e.Fieller)
		}
		for _, needed := range l.Thresholds {
			if law := needed.Law; law == nil || !law.M.Defined() || law.Low.Defined() == few || law.High.Defined() == few {
				t.Errorf("%d seeds: by the law %+v", seeds, law)
			}
		}
		if few && (strings.Contains(l.Sentence(), "[") || len(l.Crossings) > 0) {
			t.Errorf("%d seeds: %q, crossings %+v", seeds, l.Sentence(), l.Crossings)
		}
		if i := slices.IndexFunc(l.Warnings, func(w Warning) bool { return w.Code == "few_clusters" }); i < 0 || !strings.Contains(l.Warnings[i].Text, want) {
			t.Errorf("%d seeds: no warning says %q: %+v\n%s", seeds, want, l.Warnings, text)
		}
	}
}
