package fit

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/sweep/search"
)

// TestSought: beside a search the needed widths of its event are what the search itself says, to the bit; the output names the method, and
// has nothing that rests on isotonic regression of single widths.
func TestSought(t *testing.T) {
	runs, hunt := usualQuest().run(3)
	a := runs.Analyze(Options{Sweep: "hunt", Draws: 50, Search: hunt})
	a.Search = hunt.Cells(false)
	fit, rate := a.Laws[0], a.Laws[1]
	cells := slices.Clone(a.Search)
	for _, th := range fit.Thresholds {
		i := slices.IndexFunc(cells, func(x Searched) bool {
			return x.Cell["n"] == int64(th.N) && Number(x.Cell["angle"].(float64)) == *th.Angle
		})
		if x := cells[i]; th.M != x.M || th.Low != x.Low || th.High != x.High || th.Inside != (x.End == "found") {
			t.Errorf("threshold %+v, the search says %+v", th, x)
		}
	}
	for _, l := range a.Laws {
		if l.Method != "posterior" || len(l.Crossings) > 0 {
			t.Errorf("%s: method %q, %d crossings", l.Event, l.Method, len(l.Crossings))
		}
	}
	if g := fit.Gaps[0]; g.Measured != fit.Thresholds[len(fit.Thresholds)-1].M {
		t.Errorf("the gap is measured at %v, the posterior says %v", g.Measured, fit.Thresholds[len(fit.Thresholds)-1].M)
	}
	text := strings.Join(strings.Fields(render(t, a)), " ")
	for _, want := range []string{"needed width at level 0.9, cell by cell by the search's posterior (its median, and its central 95 %), and by the law",
		"by the search's posterior (its median, and its central 95 %, at widths chosen for fit)", "neighbouring ones together until they have 16 runs"} {
		if !strings.Contains(text, want) {
			t.Errorf("the text does not say %q", want)
		}
	}
	for _, table := range slices.Concat(fit.Tables(), rate.Tables()) {
		if strings.Contains(table.Title, "isotonic") || slices.ContainsFunc(table.Rows, func(row []string) bool { return len(row) != len(table.Rows[0]) }) {
			t.Errorf("table %q", table.Title)
		}
	}
}

// TestSoughtAtAnotherLevel: at a level that was not searched for the needed width is the posterior's of that level.
func TestSoughtAtAnotherLevel(t *testing.T) {
	q := usualQuest()
	runs, hunt := q.run(4)
	for i, th := range runs.Analyze(Options{Draws: -1, Search: hunt, Level: 0.5}).Laws[0].Thresholds {
		truth := q.width(int64(th.N), float64(*th.Angle)) * math.Exp(-logit(0.9)/q.slope)
		if off := math.Abs(math.Log(float64(th.M) / truth)); !(off < 0.5) || th.M >= runs.Analyze(Options{Draws: -1, Search: hunt}).Laws[0].Thresholds[i].M {
			t.Errorf("needed for 0.5: %v, truth %v", th.M, truth)
		}
	}
}

// TestSoughtInTrouble: whatever became of a search, what can be said is said, and what to do next is about a search.
func TestSoughtInTrouble(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*quest)
		want   []string // codes of event fit
		text   string
		inside bool // whether some cell has a needed width
	}{
		"above the bounds":    {func(q *quest) { q.Low, q.High = 4, 10 }, []string{"no_success", "no_line"}, "go wider: `m: {search: [4, 640], resolution: 1.2}`", false},
		"below the bounds":    {func(q *quest) { q.Low, q.High, q.harder = 1<<20, 1<<24, 2 }, []string{"no_failure", "no_line"}, "go narrower: `m: {search: [16384, 16777216]", false},
		"some above":          {func(q *quest) { q.High = 500 }, []string{"above_widths"}, "go wider: `m: {search: [4, 4000], resolution: 1.2}`", true},
		"the other is":        {func(q *quest) { q.High, q.harder = 1<<16, 20 }, nil, "the widths were chosen for fit: search for this event in a sweep of its own, `success: rate`", true},
		"all censored":        {func(q *quest) { q.censored = 1 }, []string{"all_censored"}, "steps: 64/(eta*lambda0)", false},
		"some censored":       {func(q *quest) { q.censored = 0.3 }, []string{"censored"}, "steps: 64/(eta*lambda0)", true},
		"still running":       {func(q *quest) { q.most = 16 }, []string{"unfinished"}, "the numbers will move", true},
		"hardly begun":        {func(q *quest) { q.n, q.angle, q.most = q.n[:1], q.angle[:1], 1 }, []string{"unfinished", "one_width", "no_success"}, "only m = 4 has decided runs", false},
		"one data set":        {func(q *quest) { q.dataSets = 1 }, []string{"one_cluster", "shared_data"}, "over initial weights on this data set", true},
		"a few data sets":     {func(q *quest) { q.dataSets = 9 }, []string{"few_clusters", "shared_data"}, "the search takes them for independent", true},
		"one cell":            {func(q *quest) { q.n, q.angle = q.n[:1], q.angle[:1] }, []string{"one_n", "one_lambda0", "no_line"}, "inside the search's bounds", true},
		"a needed width of 3": {func(q *quest) { q.c, q.n, q.angle, q.Low = 0.1, q.n[:1], q.angle[1:], 1 }, []string{"floor"}, "sweep larger n", true},
	} {
		t.Run(name, func(t *testing.T) {
			q := usualQuest()
			q.n, q.angle = []int64{20, 640}, []float64{0.1, 2}
			c.change(&q)
			runs, hunt := q.run(5)
			o := Options{Sweep: "hunt", Draws: 50, Search: hunt}
			if slices.Contains(c.want, "unfinished") {
				o.Points, o.Done = 100, 10
			}
			a := runs.Analyze(o)
			a.Search = hunt.Cells(o.Points > 0)
			l, text := a.Laws[0], strings.Join(strings.Fields(render(t, a)), " ")
			for _, code := range c.want {
				if !slices.Contains(codes(l), code) {
					t.Errorf("warnings %q, want %q among them", codes(l), code)
				}
			}
			if !strings.Contains(text, c.text) || strings.Contains(text, "{log: [") {
				t.Errorf("it does not say %q, or suggests a grid:\n%s", c.text, render(t, a))
			}
			if got := slices.ContainsFunc(l.Thresholds, func(x Threshold) bool { return x.Inside }); got != c.inside {
				t.Errorf("thresholds %+v", l.Thresholds)
			}
			for _, x := range l.Thresholds {
				if x.Inside != x.M.Defined() || x.Low > x.M || x.High < x.M || x.High > Number(q.High) || x.Low < Number(q.Low) {
					t.Errorf("threshold %+v", x)
				}
			}
		})
	}
}

// TestSoughtWithoutLambda0: cells with two equal inputs have a needed width for fit, and are in no law.
func TestSoughtWithoutLambda0(t *testing.T) {
	q := usualQuest()
	q.angle = []float64{0, 0.3}
	q.c, q.b = 2, 0
	runs, hunt := q.run(6)
	l := runs.Analyze(Options{Draws: 50, Search: hunt}).Laws[0]
	if !slices.Contains(codes(l), "lambda0_zero") || l.Line.Cells != 3 || len(l.Thresholds) != 6 {
		t.Errorf("warnings %q, %d cells in the law, thresholds %+v", codes(l), l.Line.Cells, l.Thresholds)
	}
	for _, th := range l.Thresholds {
		if !th.Inside || th.Lambda0 == 0 && th.Law != nil {
			t.Errorf("threshold %+v", th)
		}
	}
}

// widthsOf have so many runs each, with successes of which p is the share.
func widthsOf(runs []uint64, p func(i int) float64) (widths []Width) {
	for i, n := range runs {
		widths = append(widths, Width{M: 10 + int64(i), Runs: n, Successes: uint64(math.Round(p(i) * float64(n)))})
	}
	return widths
}

func TestGroup(t *testing.T) {
	for name, c := range map[string]struct {
		runs []uint64
		want []int // members
	}{
		"none":            {nil, nil},
		"few":             {[]uint64{3, 0, 4}, []int{3}},
		"many each":       {[]uint64{16, 30, 17}, []int{1, 1, 1}},
		"a search":        {[]uint64{1, 3, 12, 40, 8, 8, 15, 1}, []int{3, 1, 2, 2}},
		"what is left":    {[]uint64{20, 9, 8, 3, 2}, []int{1, 4}},
		"none was told":   {[]uint64{0, 0}, []int{2}},
		"narrow censored": {[]uint64{0, 16}, []int{2}},
	} {
		widths := widthsOf(c.runs, func(i int) float64 { return 1 })
		var got []int
		runs, place := uint64(0), 0.0
		for _, g := range group(widths, leastRuns) {
			got, runs = append(got, len(g.Members)), runs+g.Runs
			if low, high := g.Ends(); g.At < float64(low)-1e-9 || g.At > float64(high)+1e-9 || g.At <= place || g.Runs != g.Successes {
				t.Errorf("%s: %+v", name, g)
			}
			place = g.At
		}
		all := uint64(0)
		for _, n := range c.runs {
			all += n
		}
		if !slices.Equal(got, c.want) || runs != all {
			t.Errorf("%s: groups of %v widths with %d runs, want %v with %d", name, got, runs, c.want, all)
		}
	}
}

// TestFalls: a dent that chance explains is none, one that it does not explain is.
func TestFalls(t *testing.T) {
	few := slices.Repeat([]uint64{16}, 6)
	many := slices.Repeat([]uint64{100}, 6)
	rising := []float64{0, 0.2, 0.5, 0.8, 0.9, 1}
	dent := []float64{0, 0.5, 0.8, 0.65, 0.9, 1}
	for name, c := range map[string]struct {
		runs   []uint64
		shares []float64
		want   bool
	}{
		"rising": {many, rising, false}, "a dent in 16 runs": {few, dent, false}, "a deep dent": {many, []float64{0, 0.5, 0.9, 0.6, 0.9, 1}, true},
		"at the end": {many, []float64{0, 0.5, 0.8, 1, 1, 0.7}, true}, "none succeeded": {many, make([]float64, 6), false},
	} {
		cell := Cell{Widths: widthsOf(c.runs, func(i int) float64 { return c.shares[i] })}
		if cell.pool(); (cell.Moved > mostMoved) != c.want {
			t.Errorf("%s: moved by %v", name, cell.Moved)
		}
	}
	cell := Cell{Widths: widthsOf(slices.Repeat([]uint64{30}, 100), func(int) float64 { return 0.5 })}
	if cell.pool(); len(cell.Groups) != mostGroups {
		t.Errorf("3,000 runs make %d groups", len(cell.Groups))
	}
	if (Cell{}).believe(newGauge(sweep.Search{Param: "m", Low: 2, High: 100, Resolution: 1.2}, 0.9), search.Credible, decided).m.Defined() {
		t.Error("a cell without a width has a needed one")
	}
}
