package plot

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/widthlaw/widthlaw/results/fit"
)

// Transition is the share of successes over n and m d / n, the parameters a sample, all angles together: where parameter counting is
// all, the step is flat (Oymak & Soltanolkotabi 2020, figure 2). Beside a search it is of the middle group of cells alone: each has its
// runs about its own needed width, and their mean would be that of the runs and of no network.
func Transition(l *fit.Law) Panel {
	tiles, of := tilesOf(l)
	title := "Success over n and m d / n" + of
	if len(tiles) == 0 {
		return empty(title, "no run decided the event "+l.Event)
	}
	var xs, ys []float64
	for _, t := range tiles {
		xs, ys = append(xs, t.n), append(ys, t.load)
	}
	p := newPlot()
	x0, x1 := widen(slices.Min(xs), slices.Max(xs))
	y0, y1 := widen(slices.Min(ys), slices.Max(ys))
	logAxis(&p.X, x0, x1, xs)
	logAxis(&p.Y, y0, y1, nil)
	p.Add(heat{tiles})
	p.Add(polyline{plotter.XYs{{X: p.X.Min, Y: 1}, {X: p.X.Max, Y: 1}}, stroke(paper, 3)},
		polyline{plotter.XYs{{X: p.X.Min, Y: 1}, {X: p.X.Max, Y: 1}}, stroke(ink, 1.2, 6, 2.5)})
	panel := Panel{Title: title, x: "samples n", y: "m d / n", plot: p, legend: []entry{{text: "success:"}}}
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		panel.legend = append(panel.legend, entry{text: fmt.Sprint(share), glyph: draw.BoxGlyph{}, color: heatColour(share)})
	}
	panel.legend = append(panel.legend, entry{text: "m d = n", line: stroke(ink, 1.2, 6, 2.5)})
	return panel
}

// A tile is the successes of one n and m d / n.
type tile struct{ n, load, successes, runs float64 }

// tilesOf are a law's, and of which of its cells.
func tilesOf(l *fit.Law) (tiles []tile, of string) {
	cells := l.Cells
	if differ(l.Cells, func(c fit.Cell) fit.Number { return c.Angle }) {
		of = ", all angles together"
	}
	if all := groups(l); l.Sought != nil && len(all) > 1 {
		middle := all[len(all)/2]
		cells, of = nil, ", "+middle.name
		for _, i := range middle.cells {
			cells = append(cells, l.Cells[i])
		}
	}
	for _, c := range cells {
		for _, w := range shown(c) {
			t := tile{float64(c.N), w.At * float64(c.D) / float64(c.N), float64(w.Successes), float64(w.Runs)}
			if !finite(t.n) || !finite(t.load) {
				continue
			}
			at := slices.IndexFunc(tiles, func(o tile) bool { return o.n == t.n && o.load == t.load })
			if at < 0 {
				tiles = append(tiles, t)
				continue
			}
			tiles[at].successes, tiles[at].runs = tiles[at].successes+t.successes, tiles[at].runs+t.runs
		}
	}
	return tiles, of
}

// mostReach is how far, as a factor, a tile reaches where it has no neighbour.
const mostReach = 1.6

// reach is where a value's tile begins and ends among sorted values: half way, in logs, to its neighbours.
func reach(values []float64, x float64) (low, high float64) {
	i, _ := slices.BinarySearch(values, x)
	below, above := 0.0, 0.0
	if i > 0 {
		below = math.Sqrt(x / values[i-1])
	}
	if i+1 < len(values) {
		above = math.Sqrt(values[i+1] / x)
	}
	low, high = below, above
	switch {
	case below == 0 && above == 0:
		low, high = mostReach, mostReach
	case below == 0:
		low = min(above, mostReach)
	case above == 0:
		high = min(below, mostReach)
	}
	return x / low, x * high
}

// heatColour is light for no success and dark for all.
func heatColour(share float64) color.RGBA { return ordered(int(math.Round(100*(1-share))), 101) }

// heat are coloured tiles that leave no room between them.
type heat struct{ tiles []tile }

// Plot implements plot.Plotter.
func (h heat) Plot(c draw.Canvas, p *gonum.Plot) {
	var ns []float64
	loads := map[float64][]float64{}
	for _, t := range h.tiles {
		ns, loads[t.n] = append(ns, t.n), append(loads[t.n], t.load)
	}
	slices.Sort(ns)
	ns = slices.Compact(ns)
	for _, of := range loads {
		slices.Sort(of)
	}
	x := func(n float64) vg.Length { return c.X(min(max(p.X.Norm(n), 0), 1)) }
	y := func(load float64) vg.Length { return c.Y(min(max(p.Y.Norm(load), 0), 1)) }
	for _, t := range h.tiles {
		left, right := reach(ns, t.n)
		bottom, top := reach(loads[t.n], t.load)
		c.SetColor(heatColour(t.successes / t.runs))
		c.Fill(closed(vg.Point{X: x(left), Y: y(bottom)}, vg.Point{X: x(right), Y: y(bottom)}, vg.Point{X: x(right), Y: y(top)}, vg.Point{X: x(left), Y: y(top)}))
	}
}
