package plot

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/widthlaw/widthlaw/sweep"
)

// FitSteps count how many steps runs took to fit, by n and width, in bins of a twentieth of a decade: in memory that does not grow
// with the sweep.
type FitSteps struct {
	bins map[[2]int64]map[int]uint64 // by n and m
}

const binsADecade = 20

// NewFitSteps has none yet.
func NewFitSteps() *FitSteps { return &FitSteps{map[[2]int64]map[int]uint64{}} }

// Add counts one result; a run that did not fit is not counted.
func (f *FitSteps) Add(p sweep.Point, o sweep.Outcome) {
	v := o.Scalars["steps_to_fit"]
	if v.Kind != sweep.Int || v.Int < 1 {
		return
	}
	at := [2]int64{p.Int("n"), p.Int("m")}
	if f.bins[at] == nil {
		f.bins[at] = map[int]uint64{}
	}
	f.bins[at][int(math.Round(binsADecade*math.Log10(float64(v.Int))))]++
}

// stepsAt are the tenth, the fiftieth and the ninetieth percentile at a width.
type stepsAt struct{ m, low, median, high float64 }

// at are the percentiles of neighbouring widths of one n together; m is the geometric mean of their runs' widths.
func (f *FitSteps) at(keys [][2]int64) stepsAt {
	bins, runs, logs := map[int]uint64{}, uint64(0), 0.0
	for _, key := range keys {
		for bin, count := range f.bins[key] {
			bins[bin], runs = bins[bin]+count, runs+count
		}
		logs += float64(f.runs(key)) * math.Log(float64(key[1]))
	}
	quantile := func(share float64) float64 {
		seen := uint64(0)
		for _, bin := range slices.Sorted(maps.Keys(bins)) {
			if seen += bins[bin]; float64(seen) >= share*float64(runs) {
				return math.Pow(10, float64(bin)/binsADecade)
			}
		}
		return math.NaN()
	}
	m := float64(keys[0][1])
	if len(keys) > 1 {
		m = math.Exp(logs / float64(runs))
	}
	return stepsAt{m, quantile(0.1), quantile(0.5), quantile(0.9)}
}

func (f *FitSteps) runs(key [2]int64) (runs uint64) {
	for _, count := range f.bins[key] {
		runs += count
	}
	return runs
}

// A stepLine is the steps of one n, by width.
type stepLine struct {
	n     int64
	steps []stepsAt
}

// mostStepWidths is how many widths of one n are drawn one by one; where there are more, neighbouring ones are together.
const mostStepWidths = 20

func (f *FitSteps) byN() (lines []stepLine) {
	keys := slices.SortedFunc(maps.Keys(f.bins), func(a, b [2]int64) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	for len(keys) > 0 {
		next := slices.IndexFunc(keys, func(key [2]int64) bool { return key[0] != keys[0][0] })
		if next < 0 {
			next = len(keys)
		}
		runs := make([]uint64, next)
		for i := range runs {
			runs[i] = f.runs(keys[i])
		}
		line := stepLine{n: keys[0][0]}
		for _, part := range portions(runs, mostStepWidths) {
			line.steps = append(line.steps, f.at(keys[part[0]:part[1]]))
		}
		lines, keys = append(lines, line), keys[next:]
	}
	return lines
}

// Panel is the steps to fit against the width, a line for each n.
func (f *FitSteps) Panel() Panel {
	const title = "Steps to fit, of the runs that fit"
	byN := f.byN()
	var xs, ys []float64
	for _, line := range byN {
		for _, s := range line.steps {
			xs, ys = append(xs, s.m), append(ys, s.low, s.high)
		}
	}
	if len(xs) == 0 {
		return empty(title, "no run fitted")
	}
	p := newPlot()
	logAxis(&p.X, slices.Min(xs), slices.Max(xs)*1.0001, xs)
	low, high := widen(slices.Min(ys), slices.Max(ys))
	logAxis(&p.Y, low, high, nil)
	panel := Panel{Title: title, x: "width m", y: "steps to fit (median, 10–90 %)", plot: p}
	for k, line := range byN {
		n, colour := line.n, distinct(k, len(byN))
		bars := stepBars{line.steps, stroke(colour, 1.2), glyph(k), besides(k, len(byN)) / 2}
		p.Add(bars)
		panel.legend = append(panel.legend, entry{text: fmt.Sprintf("n = %d", n), line: stroke(colour, 1.2), glyph: glyph(k), color: colour})
	}
	return panel
}

// stepBars are medians, joined, with their percentiles.
type stepBars struct {
	points []stepsAt
	style  draw.LineStyle
	shape  draw.GlyphDrawer
	aside  vg.Length // of the bars, to the right
}

// Plot implements plot.Plotter.
func (b stepBars) Plot(c draw.Canvas, p *gonum.Plot) {
	var line plotter.XYs
	for _, s := range b.points {
		x := c.X(p.X.Norm(s.m)) + b.aside
		c.StrokeLine2(b.style, x, c.Y(p.Y.Norm(s.low)), x, c.Y(p.Y.Norm(s.high)))
		c.DrawGlyph(draw.GlyphStyle{Color: b.style.Color, Radius: 3, Shape: b.shape}, vg.Point{X: x, Y: c.Y(p.Y.Norm(s.median))})
		line = append(line, plotter.XY{X: s.m, Y: s.median})
	}
	polyline{line, b.style}.Plot(c, p)
}
