package plot

import (
	"bytes"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/results/fit"
	"github.com/widthlaw/widthlaw/sweep"
)

func testTrainer() *sweep.Trainer {
	value := func(v sweep.Value) func(sweep.Point) sweep.Value { return func(sweep.Point) sweep.Value { return v } }
	return &sweep.Trainer{Name: "test", Version: 1, Events: []string{"fit"},
		Params: []sweep.Param{{Name: "n", Type: sweep.IntType}, {Name: "d", Type: sweep.IntType, Default: value(sweep.IntValue(20))},
			{Name: "m", Type: sweep.IntType}, {Name: "seed", Type: sweep.IntType, Default: value(sweep.IntValue(0))},
			{Name: "data_seed", Type: sweep.IntType, Default: func(p sweep.Point) sweep.Value { return p.Get("seed") }},
			{Name: "angle", Type: sweep.FloatType, Default: value(sweep.FloatValue(1))},
			{Name: "lr", Type: sweep.FloatType, Default: value(sweep.FloatValue(1))}},
		Curves: []sweep.Curve{{Name: "loss"}, {Name: "max_move"}}}
}

// A result is a point and its outcome.
type result struct {
	point   sweep.Point
	outcome sweep.Outcome
}

// results are a sweep that fits from m = n on, give or take a seed, with losses that fall geometrically until then.
func results(n, m []int64, angles []float64, seeds int64) (out []result) {
	t, random := testTrainer(), rand.New(rand.NewPCG(3, 4))
	for _, n := range n {
		for _, m := range m {
			for _, angle := range angles {
				for seed := range seeds {
					p, _ := t.Complete(map[string]sweep.Value{"n": sweep.IntValue(n), "m": sweep.IntValue(m), "seed": sweep.IntValue(seed),
						"angle": sweep.FloatValue(angle)}, sweep.Record{Curves: []string{"loss", "max_move"}, At: sweep.DefaultRecord().At})
					share := 1 / (1 + math.Pow(float64(m)*angle/float64(n), -4))
					o := sweep.Outcome{Scalars: map[string]sweep.Value{"lambda0": sweep.FloatValue(angle / 6), "event_fit": sweep.BoolValue(random.Float64() < share), "steps_to_fit": sweep.IntValue(1 + 10*n/m)},
						Curves: sweep.Curves{Values: map[string][]float64{}}}
					for k := int64(0); k < 3000; k += 1 + k/3 {
						o.Curves.Step = append(o.Curves.Step, k)
						o.Curves.Values["loss"] = append(o.Curves.Values["loss"], float64(n)*math.Exp(-share*0.005*float64(k))*(0.8+0.4*random.Float64()))
						o.Curves.Values["max_move"] = append(o.Curves.Values["max_move"], math.Log1p(float64(k))/math.Sqrt(float64(m)))
					}
					out = append(out, result{p, o})
				}
			}
		}
	}
	return out
}

// gather analyses results in their order.
func gather(all []result) (*fit.Analysis, *Trajectories, *Heat) {
	a, curves, heat, _ := gatherAll(all)
	return a, curves, heat
}

func gatherAll(all []result) (*fit.Analysis, *Trajectories, *Heat, *FitSteps) {
	steps := NewFitSteps()
	runs, curves, heat := fit.New(testTrainer()), NewTrajectories("loss", "max_move"), NewHeat("fit", "n", "m")
	for _, r := range all {
		runs.Add(r.point, r.outcome)
		curves.Add(r.point, r.outcome)
		heat.Add(r.point, r.outcome)
		steps.Add(r.point, r.outcome)
	}
	return runs.Analyze(fit.Options{Sweep: "first", Draws: 100}), curves, heat, steps
}

// untrained keeps step 0 alone.
func untrained(all []result) []result {
	for i := range all {
		c := &all[i].outcome.Curves
		c.Step = c.Step[:1]
		for name, values := range c.Values {
			c.Values[name] = values[:1]
		}
	}
	return all
}

func usual() []result {
	return results([]int64{50, 100, 200}, []int64{16, 32, 64, 128, 256, 512, 1024}, []float64{1}, 8)
}

// TestFigures writes every figure, of sweeps of all kinds; of the usual one in every format.
func TestFigures(t *testing.T) {
	one, two := []int64{50}, []float64{0.1, 1}
	for name, all := range map[string][]result{
		"usual": usual(), "empty": nil, "one point": results(one, one, two[:1], 1), "one n": results(one, []int64{16, 64, 256, 1024}, two, 5),
		"no steps": untrained(results(one, []int64{16, 64}, two[:1], 3)),
		"never":    results([]int64{1000, 4000}, []int64{2, 4}, two[:1], 3), "many n": results([]int64{10, 20, 30, 40, 50, 60, 70, 80, 90}, []int64{8, 32, 128}, two[:1], 3),
	} {
		t.Run(name, func(t *testing.T) {
			a, curves, heat, steps := gatherAll(all)
			formats := Formats()
			if name != "usual" {
				formats = []string{"svg"}
			}
			for _, f := range []Figure{Overview(a, "fit", curves), LawFigure("first", &a.Laws[0]), CurveFigure("first", curves), {Title: "steps", Panels: []Panel{steps.Panel()}}} {
				for _, format := range formats {
					var b bytes.Buffer
					if err := f.Write(&b, format); err != nil {
						t.Fatal(err)
					}
					check(t, b.Bytes(), format)
				}
			}
			for _, color := range []bool{false, true} {
				terminal := Terminal{Color: color}
				text := terminal.Heat(heat) + terminal.Law(&a.Laws[0]) + terminal.FitSteps(steps)
				for _, s := range curves.Sets() {
					text += terminal.Curves(s)
				}
				if !color && strings.Contains(text, "\x1b") || strings.Contains(text, "NaN") {
					t.Errorf("escape codes without colour, or NaN:\n%q", text)
				}
			}
		})
	}
}

// TestMatched: at fixed angles lambda0 falls as n grows; moved to one lambda0, needed widths of n lambda0^-2 go as n.
func TestMatched(t *testing.T) {
	l := &fit.Law{Event: "rate", Exponents: fit.Exponents{Lambda0: fit.Exponent{Value: -2, Told: true}}}
	for _, n := range []float64{20, 40, 80} {
		lambda0 := 0.1 * math.Pow(n, -0.2)
		m := fit.Number(n / lambda0 / lambda0)
		l.Cells = append(l.Cells, fit.Cell{N: fit.Number(n), D: 20, Angle: 1, Lambda0: fit.Number(lambda0), Widths: []fit.Width{{M: 1, Runs: 1}, {M: 1 << 20, Runs: 1}}})
		l.Thresholds = append(l.Thresholds, fit.Threshold{N: fit.Number(n), M: m, Low: m / 2, High: m * 2, Inside: true})
	}
	by := neededBy(l, nCoordinate)
	points := by.points(l)
	for i, p := range points {
		if want := points[0].m * p.x / 20; math.Abs(p.m-want) > 1e-9*want || math.Abs(p.high/p.low-4) > 1e-9 {
			t.Errorf("point %d at n = %g is %g, want %g", i, p.x, p.m, want)
		}
	}
	if len(points) != 3 || neededBy(l, lambda0Coordinate).moves != nil {
		t.Errorf("%d points", len(points))
	}
}

// TestTiles: the heat map's tiles touch each other, however the widths are spaced.
func TestTiles(t *testing.T) {
	values := []float64{1, 3, 4, 20}
	end := 0.0
	for i, x := range values {
		low, high := reach(values, x)
		if i > 0 && math.Abs(low-end) > 1e-12*end || !(low < x && x < high) {
			t.Errorf("the tile of %g goes from %g to %g, and the one before ends at %g", x, low, high, end)
		}
		end = high
	}
}

// TestNeededBeyond: where no needed width is known there is no slope to compare with, and the axis still has numbers.
func TestNeededBeyond(t *testing.T) {
	legend := func(p Panel) (texts []string) {
		for _, e := range p.legend {
			texts = append(texts, e.text)
		}
		return texts
	}
	labels := func(p Panel) (n int) {
		for _, tick := range p.plot.Y.Tick.Marker.Ticks(p.plot.Y.Min, p.plot.Y.Max) {
			if tick.Label != "" {
				n++
			}
		}
		return n
	}
	for name, c := range map[string]struct {
		all    []result
		legend []string
	}{
		"beyond": {results([]int64{1000, 4000}, []int64{16}, []float64{1}, 3), []string{"beyond the swept widths"}},
		"one n":  {results([]int64{64}, []int64{16, 64, 256, 1024}, []float64{1}, 60), []string{"measured"}},
		"known": {results([]int64{50, 100, 200}, []int64{16, 32, 64, 128, 256, 512, 1024}, []float64{1}, 60),
			[]string{"measured", "fitted", "slope n: parameters", "slope n⁶: Du et al."}},
		"few seeds": {usual(), []string{"measured", "fitted", "slope n: parameters", "slope n⁶: Du et al.", "beyond the swept widths"}},
	} {
		a, _, _ := gather(c.all)
		p := Needed(&a.Laws[0])
		if got := legend(p); !slices.Equal(got, c.legend) {
			t.Errorf("%s: legend %q, want %q", name, got, c.legend)
		}
		if labels(p) < 2 {
			t.Errorf("%s: fewer than two numbers on the axis from %g to %g", name, p.plot.Y.Min, p.plot.Y.Max)
		}
	}
}

// TestFamilyInTitle: a figure of one family among several says which.
func TestFamilyInTitle(t *testing.T) {
	all := results([]int64{50, 100}, []int64{16, 1024}, []float64{1}, 2)
	for i, r := range all {
		if i%2 == 1 {
			r.point.Values[len(r.point.Values)-1] = sweep.FloatValue(0.5)
		}
	}
	a, curves, _ := gather(all)
	for i, want := range []string{", lr = 0.5", ", lr = 1"} {
		if got := LawFigure("s", &a.Laws[i]).Title; !strings.HasSuffix(got, "“fit”"+want) {
			t.Errorf("%q does not say %q", got, want)
		}
	}
	if got := Overview(a, "fit", curves).Title; !strings.HasSuffix(got, "“fit”, lr = 0.5?") {
		t.Error(got)
	}
	if a, curves, _ := gather(usual()); Overview(a, "fit", curves).Title != "first: how wide is wide enough for the event “fit”?" {
		t.Error("one family is told from others")
	}
}

// TestUndecided: runs that decided nothing keep their place in the map, and the title of curves says which cell they are of.
func TestUndecided(t *testing.T) {
	all := results([]int64{50, 100}, []int64{16, 1024}, []float64{0.5, 1}, 5)
	for _, r := range all {
		if r.point.Int("n") == 100 {
			r.outcome.Scalars["event_fit"] = sweep.Value{}
		}
	}
	_, curves, heat := gather(all)
	if got := (Terminal{}).Heat(heat); !strings.Contains(got, "100       ·      ·\n") {
		t.Errorf("n = 100 is missing:\n%s", got)
	}
	for i, want := range []string{"Loss by width, n = 100, d = 20, angle = 0.5", "Loss by width, n = 100, d = 20, angle = 1"} {
		if got := curves.Sets()[2*i].Panel().Title; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func check(t *testing.T, b []byte, format string) {
	t.Helper()
	starts := map[string]string{"svg": "<?xml", "png": "\x89PNG", "pdf": "%PDF-"}
	if !bytes.HasPrefix(b, []byte(starts[format])) {
		t.Fatalf("%s starts with %q", format, b[:8])
	}
	if format == "svg" && (bytes.Contains(b, []byte("NaN")) || bytes.Contains(b, []byte("Inf"))) {
		t.Error("a coordinate is not a number")
	}
	if format == "png" {
		if _, err := png.Decode(bytes.NewReader(b)); err != nil {
			t.Error(err)
		}
	}
}

// TestSameBytes: the same results in another order give the same files.
func TestSameBytes(t *testing.T) {
	all := usual()
	for _, format := range Formats() {
		var first, second bytes.Buffer
		for _, b := range []*bytes.Buffer{&first, &second} {
			a, curves, _ := gather(all)
			if err := Overview(a, "fit", curves).Write(b, format); err != nil {
				t.Fatal(err)
			}
			slices.Reverse(all)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s differs", format)
		}
	}
}

func TestSave(t *testing.T) {
	a, curves, _ := gather(usual())
	path := filepath.Join(t.TempDir(), "figure.SVG")
	if err := Overview(a, "fit", curves).Save(path); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Contains(b, []byte("n = 200")) || !bytes.Contains(b, []byte("sans-serif")) {
		t.Errorf("no legend or no fallback font in %s: %v", path, err)
	}
	if err := (Figure{}).Save("figure.gif"); err == nil || !strings.Contains(err.Error(), ".svg, .png, .pdf") {
		t.Errorf("unknown format: %v", err)
	}
}

// TestTrajectories: bounded, the same whatever the order, the last value kept after a run's end.
func TestTrajectories(t *testing.T) {
	all := results([]int64{10, 20, 30, 40, 50, 60}, []int64{8, 16}, []float64{1}, 70)
	_, forward, _ := gather(all)
	slices.Reverse(all)
	_, backward, _ := gather(all)
	if len(forward.cells) != mostCells || forward.Sets()[0].N != 60 || forward.Sets()[0].Lines[0].Runs != mostRuns {
		t.Errorf("kept %d cells, n = %d first, %d runs", len(forward.cells), forward.Sets()[0].N, forward.Sets()[0].Lines[0].Runs)
	}
	for i, s := range forward.Sets() {
		if other := backward.Sets()[i]; other.N != s.N || !slices.Equal(other.Lines[1].Median, s.Lines[1].Median) {
			t.Errorf("set %d depends on the order", i)
		}
	}
	if got := at([]int64{0, 9}, []float64{8, 2}, 50); got != 2 {
		t.Errorf("after the end: %v", got)
	}
	if got := at([]int64{0, 8}, []float64{16, 1}, 2); math.Abs(got-4) > 1e-12 { // log1p(2) is half of log1p(8)
		t.Errorf("between: %v", got)
	}
}

func TestTicks(t *testing.T) {
	labels := func(low, high float64) (out []string) {
		for _, tick := range logTicks(low, high) {
			if tick.Label != "" {
				out = append(out, tick.Label)
			}
		}
		return out
	}
	for _, c := range []struct {
		low, high float64
		want      string
	}{{10, 1000, "10 30 100 300 1000"}, {50, 400, "50 100 200"}, {16, 65536, "100 1000 10000"}, {1e-9, 10, "1e−8 1e−6 1e−4 0.01 1"}, {30, 70, "30 40 50 70"}} {
		if got := strings.Join(labels(c.low, c.high), " "); got != c.want {
			t.Errorf("[%g, %g]: %s, want %s", c.low, c.high, got, c.want)
		}
	}
	if got := tickText(1234567); got != "1.23e6" {
		t.Error(got)
	}
	if got := tickText(200000); got != "2e5" {
		t.Error(got)
	}
}

// TestTerminal pins what a terminal shows of a small sweep.
func TestTerminal(t *testing.T) {
	_, curves, heat := gather(results([]int64{50, 100}, []int64{16, 64, 1024}, []float64{1}, 20))
	got := Terminal{}.Heat(heat)
	want := "share of runs with event fit, in per cent: n down, m across\n" +
		"  n      16     64   1024\n" +
		" 50       0 ▓▓  75 ██ 100\n" +
		"100       0 ░░  30 ██ 100\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	text := Terminal{}.Curves(curves.Sets()[0])
	for _, part := range []string{"Loss by width, n = 100", "a m = 16  b m = 64  c m = 1024", "┴", "1000", "step"} {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in\n%s", part, text)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if len([]rune(line)) > 80 {
			t.Errorf("wider than 80: %q", line)
		}
	}
}
