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
// all, the step is flat (Oymak & Soltanolkotabi 2020, figure 2).
func Transition(l *fit.Law) Panel {
	const title = "Success over n and m d / n"
	tiles := tilesOf(l)
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
	p.Add(heat{tiles, halfStep(xs)})
	p.Add(polyline{plotter.XYs{{X: p.X.Min, Y: 1}, {X: p.X.Max, Y: 1}}, dashed})
	panel := Panel{Title: title, x: "samples n", y: "m d / n", plot: p, legend: []entry{{text: "success:"}}}
	for _, share := range []float64{0, 0.5, 1} {
		panel.legend = append(panel.legend, entry{text: fmt.Sprint(share), glyph: draw.BoxGlyph{}, color: heatColour(share)})
	}
	panel.legend = append(panel.legend, entry{text: "m d = n", line: dashed})
	return panel
}

// A tile is the successes of one n and m d / n.
type tile struct{ n, load, successes, runs float64 }

func tilesOf(l *fit.Law) (tiles []tile) {
	for _, c := range l.Cells {
		for _, w := range c.Widths {
			t := tile{float64(c.N), float64(w.M) * float64(c.D) / float64(c.N), float64(w.Successes), float64(w.Runs)}
			if w.Runs == 0 || !finite(t.n) || !finite(t.load) {
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
	return tiles
}

// halfStep is half the least log distance, a tile's half side; at most 1.6 as a factor.
func halfStep(values []float64) float64 {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	least := 1.6
	for i := 1; i < len(values); i++ {
		least = min(least, math.Sqrt(values[i]/values[i-1]))
	}
	return least
}

// heatColour is light for no success and dark for all.
func heatColour(share float64) color.RGBA { return ordered(int(math.Round(100*(1-share))), 101) }

// heat are coloured tiles, as wide as dx as a factor to both sides, and each n's as high as its widths are apart.
type heat struct {
	tiles []tile
	dx    float64
}

// Plot implements plot.Plotter.
func (h heat) Plot(c draw.Canvas, p *gonum.Plot) {
	loads := map[float64][]float64{}
	for _, t := range h.tiles {
		loads[t.n] = append(loads[t.n], t.load)
	}
	for _, t := range h.tiles {
		dy := halfStep(loads[t.n])
		x := func(n float64) vg.Length { return c.X(min(max(p.X.Norm(n), 0), 1)) }
		y := func(load float64) vg.Length { return c.Y(min(max(p.Y.Norm(load), 0), 1)) }
		left, right, bottom, top := x(t.n/h.dx), x(t.n*h.dx), y(t.load/dy), y(t.load*dy)
		c.SetColor(heatColour(t.successes / t.runs))
		c.Fill(closed(vg.Point{X: left, Y: bottom}, vg.Point{X: right, Y: bottom}, vg.Point{X: right, Y: top}, vg.Point{X: left, Y: top}))
	}
}
