package fit

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// A sweepCase is a sweep in which every run's standing is known: success of event fit, by n and m.
type sweepCase struct {
	n, m       []int64
	seeds      []int64
	lambda0    func(n int64) float64
	success    func(n, m, seed int64) sweep.Value
	given      map[string]sweep.Value
	otherEvent map[string]sweep.Value
}

func (c sweepCase) runs() *Runs {
	runs := New(testTrainer())
	c.addTo(runs)
	return runs
}

func (c sweepCase) addTo(runs *Runs) {
	t := runs.trainer
	for _, n := range c.n {
		for _, m := range c.m {
			for _, seed := range c.seeds {
				given := map[string]sweep.Value{"n": sweep.IntValue(n), "m": sweep.IntValue(m), "seed": sweep.IntValue(seed)}
				for name, v := range c.given {
					given[name] = v
				}
				o := sweep.Outcome{Scalars: map[string]sweep.Value{"event_fit": c.success(n, m, seed), "event_rate": {}, "event_kernel": {},
					"event_init": {}, "lambda0": sweep.FloatValue(c.lambda0(n)), "eta": sweep.FloatValue(1)}}
				for name, v := range c.otherEvent {
					o.Scalars[name] = v
				}
				runs.Add(point(t, []string{"loss"}, given), o)
			}
		}
	}
}

// plain is a sweep that has it all: n^1 sharp, lambda0 apart from n.
func plain() sweepCase {
	return sweepCase{n: []int64{20, 40, 80, 160}, m: powersOfTwo(3, 9), seeds: zeroTo(32), lambda0: func(n int64) float64 { return 1 / float64(n*n) },
		success: func(n, m, seed int64) sweep.Value { return sweep.BoolValue(m+seed%3 > n) }}
}

func zeroTo(n int64) (out []int64) {
	for i := range n {
		out = append(out, i)
	}
	return out
}

func codes(l Law) (out []string) {
	for _, w := range l.Warnings {
		out = append(out, w.Code)
	}
	return out
}

func TestWarnings(t *testing.T) {
	always := func(v sweep.Value) func(n, m, seed int64) sweep.Value {
		return func(_, _, _ int64) sweep.Value { return v }
	}
	for name, c := range map[string]struct {
		change func(*sweepCase)
		event  int
		want   []string // among the codes
		spec   string   // a text of the warnings: what to add to the spec
	}{
		"plain, n and lambda0 confounded": {func(*sweepCase) {}, 0, []string{"confounded", "narrow_range"}, "data: pairs"},
		"no success":                      {func(c *sweepCase) { c.success = always(sweep.BoolValue(false)) }, 0, []string{"no_success", "no_line"}, "m: {log: [8, 32768], points: 13}"},
		"no failure":                      {func(c *sweepCase) { c.success = always(sweep.BoolValue(true)) }, 0, []string{"no_failure", "no_line"}, "m: {log: [2, 512]"},
		"one n":                           {func(c *sweepCase) { c.n = []int64{40} }, 0, []string{"one_n", "one_lambda0", "no_line"}, "n: [50, 100, 200, 400]"},
		"one width":                       {func(c *sweepCase) { c.m = []int64{64} }, 0, []string{"one_width"}, "m: {log: [8, 512]"},
		"one seed":                        {func(c *sweepCase) { c.seeds = []int64{7} }, 0, []string{"one_cluster"}, "seed: 0..19"},
		"one data_seed": {func(c *sweepCase) { c.given = map[string]sweep.Value{"data_seed": sweep.IntValue(3)} }, 0,
			[]string{"one_cluster"}, "data_seed: 0..19"},
		"few seeds": {func(c *sweepCase) { c.seeds = zeroTo(5) }, 0, []string{"few_clusters"}, "seed: 0..29"},
		"lambda0 = 0 in a cell": {func(c *sweepCase) {
			c.lambda0 = func(n int64) float64 { return max(0, 1/float64(n)-1./25) }
		}, 0, []string{"lambda0_zero"}, "other data"},
		"all censored":       {func(c *sweepCase) { c.success = always(sweep.Value{}) }, 0, []string{"all_censored"}, "steps: 64/(eta*lambda0)"},
		"event not recorded": {func(*sweepCase) {}, 2, []string{"not_recorded"}, "record: {curves: [loss, lambda_min]}"},
		"no step": {func(c *sweepCase) {
			c.otherEvent = map[string]sweep.Value{"steps_done": sweep.IntValue(0), "stopped": sweep.TextValue("steps")}
		}, 0, []string{"untrained"}, "leave out `steps: 0`"},
		"rate without one": {func(c *sweepCase) {
			c.otherEvent = map[string]sweep.Value{"lambda0": sweep.FloatValue(2.5)}
		}, 1, []string{"undefined"}, "lr: 1/lambda_max"},
		"some censored": {func(c *sweepCase) {
			whole := c.success
			c.success = func(n, m, seed int64) sweep.Value {
				if n == 80 && seed < 8 {
					return sweep.Value{}
				}
				return whole(n, m, seed)
			}
		}, 0, []string{"censored"}, "n = 80 (25 %)"},
		"not reached": {func(c *sweepCase) { c.m = powersOfTwo(3, 7) }, 0, []string{"above_widths"}, "m: {log: [8, 1024]"},
		"not monotone": {func(c *sweepCase) {
			c.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue(m > n && m != 256) }
		}, 0, []string{"not_monotone"}, "add seeds"},
		"floor": {func(c *sweepCase) { c.n, c.m = []int64{4, 20, 40}, powersOfTwo(1, 8) }, 0, []string{"floor", "few_cells"}, "larger n"},
		"lambda0 flat in n, exponent zero": {func(c *sweepCase) {
			c.lambda0 = func(n int64) float64 { return 0.1 }
			c.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue((m+n*7+seed*13)%97 < m/4) }
		}, 0, []string{"spans_zero", "one_lambda0"}, "add seeds"},
	} {
		t.Run(name, func(t *testing.T) {
			s := plain()
			c.change(&s)
			a := s.runs().Analyze(Options{Sweep: "case", Draws: 200})
			l, text := a.Laws[c.event], render(t, a)
			for _, want := range c.want {
				if !slices.Contains(codes(l), want) {
					t.Errorf("warnings %q, want %q among them", codes(l), want)
				}
			}
			if all := strings.Join(strings.Fields(strings.ReplaceAll(text, "\n", " ")), " "); !strings.Contains(all, c.spec) {
				t.Errorf("no warning says %q:\n%s", c.spec, text)
			}
		})
	}
}

// render writes an analysis as text and JSON, and checks what holds of all of them.
func render(t *testing.T, a *Analysis) string {
	t.Helper()
	var text bytes.Buffer
	if err := a.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"NaN", "Inf"} {
		if strings.Contains(text.String(), bad) || bytes.Contains(b, []byte(bad)) {
			t.Errorf("%s in\n%s\n%s", bad, text.String(), b)
		}
	}
	return text.String()
}

// TestAxisOfData: more seeds make no more clusters where data_seed is an axis of its own, or the others decide nothing.
func TestAxisOfData(t *testing.T) {
	s, runs := plain(), New(testTrainer())
	for data := range int64(3) {
		s.given = map[string]sweep.Value{"data_seed": sweep.IntValue(data)}
		s.addTo(runs)
	}
	if text := render(t, runs.Analyze(Options{Draws: 10})); !strings.Contains(text, "`data_seed: 0..29`") {
		t.Errorf("3 data seeds:\n%s", text)
	}
	s = plain()
	s.success = func(n, m, seed int64) sweep.Value {
		if seed != 3 {
			return sweep.Value{}
		}
		return sweep.BoolValue(m > n)
	}
	if text := render(t, s.runs().Analyze(Options{Draws: 10})); !strings.Contains(text, "of 32 data seeds, one alone") {
		t.Errorf("one seed that decides:\n%s", text)
	}
}

func TestNoResults(t *testing.T) {
	a := New(testTrainer()).Analyze(Options{Sweep: "empty", Points: 9})
	if got := codes(a.Laws[0]); !slices.Equal(got, []string{"no_results"}) {
		t.Errorf("warnings %q", got)
	}
	render(t, a)
	none := New(&sweep.Trainer{Name: "other", Events: []string{"works"}}).Analyze(Options{})
	if got := codes(none.Laws[0]); !slices.Equal(got, []string{"no_width"}) {
		t.Errorf("warnings %q", got)
	}
}

func TestUnfinished(t *testing.T) {
	a := plain().runs().Analyze(Options{Draws: 10, Points: 1000, Done: 896})
	if got := codes(a.Laws[0]); got[0] != "unfinished" {
		t.Errorf("warnings %q", got)
	}
}

// TestFamilies: lr makes families, a default that follows n does not, and idle or constant parameters are told.
func TestFamilies(t *testing.T) {
	s := plain()
	runs := s.runs()
	s.given = map[string]sweep.Value{"lr": sweep.FloatValue(0.5)}
	s.addTo(runs)
	a := runs.Analyze(Options{Draws: 10})
	if len(a.Laws) != 8 {
		t.Fatalf("%d laws of 4 events and 2 families", len(a.Laws))
	}
	if lr := []any{a.Laws[0].Family["lr"], a.Laws[1].Family["lr"]}; lr[0] != 0.5 || lr[1] != "1/lambda_max" {
		t.Errorf("lr of the families: %v", lr)
	}
	if _, there := a.Laws[0].Family["pairs"]; there {
		t.Errorf("pairs follows n and is not the family's")
	}
	if text := render(t, a); !strings.Contains(text, "== fit, lr = 0.5 ==") {
		t.Errorf("the heading does not tell the families apart:\n%s", text)
	}
}

// TestChosenDefault: a value that equals a default which follows n, at one n, does not part that n from the others.
func TestChosenDefault(t *testing.T) {
	s := plain()
	s.given = map[string]sweep.Value{"pairs": sweep.IntValue(20)} // n/2 at n = 40
	a := s.runs().Analyze(Options{Draws: 10})
	if len(a.Laws) != 4 || len(a.Laws[0].Cells) != 4 || a.Laws[0].Family["pairs"] != int64(20) {
		t.Errorf("%d laws of 4 events and one family: %v, %v", len(a.Laws), a.Laws[0].Family, a.Laws[0].Thresholds)
	}
}

// TestDefaultFollowsWidth: a default that differs from width to width, in one cell, does not lose runs.
func TestDefaultFollowsWidth(t *testing.T) {
	follows := testTrainer()
	follows.Param("pairs").Default = func(p sweep.Point) sweep.Value { return sweep.IntValue(p.Int("m") / 16 * (1 + p.Int("seed")%2)) }
	runs, s := New(follows), plain()
	s.addTo(runs)
	got, want := runs.Analyze(Options{Draws: 10}), s.runs().Analyze(Options{Draws: 10})
	if len(got.Laws) != 4 || got.Laws[0].Runs != want.Laws[0].Runs || got.Laws[0].Thresholds[1].M != want.Laws[0].Thresholds[1].M {
		t.Errorf("%d laws, %d runs, %+v; want 4, %d, %+v", len(got.Laws), got.Laws[0].Runs, got.Laws[0].Thresholds[1], want.Laws[0].Runs, want.Laws[0].Thresholds[1])
	}
}

// TestContradicted: a line through the cells that happen to need little says nothing where it is wrong about the others.
func TestContradicted(t *testing.T) {
	k := squareLaw(32)
	k.n, k.m = []int64{20, 80, 320, 1280}, powersOfTwo(3, 13)
	whole := k.simulate(1).Analyze(Options{Draws: 100}).Laws[0]
	if slices.Contains(codes(whole), "contradicted") || !whole.Exponents.N.Told {
		t.Fatalf("an honest sweep is doubted: %q, %+v", codes(whole), whole.Exponents.N)
	}
	s := plain()
	s.lambda0 = func(n int64) float64 { return 1 / float64(1+n%7) }
	s.m = powersOfTwo(3, 8)
	s.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue(n != 160 && 4*(m+seed%3) > n) }
	s.n = []int64{50, 60, 70, 80, 90, 100, 110, 160}
	a := s.runs().Analyze(Options{Sweep: "selected", Draws: 100})
	l := a.Laws[0]
	if e := l.Exponents; !slices.Contains(codes(l), "misfit") || e.N.Told || e.Lambda0.Told {
		t.Errorf("warnings %q, exponents %+v", codes(l), e)
	}
	if text := render(t, a); !strings.Contains(strings.Join(strings.Fields(text), " "), "n = 50 (13.6, the law says") {
		t.Errorf("the cell is not named:\n%s", text)
	}
}

// TestJSON pins the shape that scripts rely on.
func TestJSON(t *testing.T) {
	s := plain()
	s.n, s.m, s.seeds = []int64{10, 40}, []int64{16, 32}, []int64{0}
	a := s.runs().Analyze(Options{Sweep: "shape"})
	a.Laws, a.Theory = a.Laws[:1], a.Theory[:1]
	a.Laws[0].Warnings = []Warning{{"code", "text >"}}
	var got bytes.Buffer
	if err := a.WriteJSON(&got); err != nil {
		t.Fatal(err)
	}
	want := `{"schema":1,"sweep":"shape","laws":[{"event":"fit","family":{"lr":"1/lambda_max","objective":"squared"},"level":0.9,"runs":4,"censored":0,` +
		`"exponents":{"n":{"value":null,"low":null,"high":null,"told":false},"lambda0":{"value":null,"low":null,"high":null,"told":false}},` +
		`"thresholds":[{"n":10,"lambda0":0.01,"m":null,"low":null,"high":16,"inside":false},{"n":40,"lambda0":0.000625,"m":null,"low":32,"high":null,"inside":false}],` +
		`"warnings":[{"code":"code","text":"text >"}]}],` +
		`"theory":[{"result":"rank of H(0) <= m d","setting":"necessary","width":"n/d","n":1,"lambda0":0,"mark":"derived"}]}` + "\n"
	if got.String() != want {
		t.Errorf("got  %s\nwant %s", got.String(), want)
	}
	var back Analysis
	if err := json.Unmarshal(got.Bytes(), &back); err != nil || back.Laws[0].Thresholds[0].M.Defined() || back.Laws[0].Thresholds[1].Low != 32 {
		t.Errorf("it does not read back: %+v, %v", back, err)
	}
}

// TestSame: any order of results gives the same bits.
func TestSame(t *testing.T) {
	s := plain()
	s.success = func(n, m, seed int64) sweep.Value { return sweep.BoolValue((m+n*7+seed*13)%97 < m/4) }
	s.lambda0 = func(n int64) float64 { return 1 / (3 * float64(n)) }
	both := func(lr ...float64) []byte {
		runs := New(testTrainer())
		for _, lr := range lr {
			s.given = map[string]sweep.Value{"lr": sweep.FloatValue(lr)}
			s.addTo(runs)
			slices.Reverse(s.n)
		}
		b, _ := json.Marshal(runs.Analyze(Options{Draws: 100}))
		return b
	}
	first := both(0.5, 0.25)
	slices.Reverse(s.seeds)
	slices.Reverse(s.n)
	second := both(0.25, 0.5)
	if !bytes.Equal(first, second) {
		t.Errorf("the order of results changes the analysis:\n%s\n%s", first, second)
	}
}
