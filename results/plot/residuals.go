package plot

import (
	"math"
	"slices"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/widthlaw/widthlaw/results/fit"
)

const mostResidual = 6 // larger ones are drawn at the edge

// Residuals are Pearson's, (share - P) / sqrt(P (1-P) / runs), against the width as a multiple of the one that the law asks for: a
// pattern says where the law is not the data's.
func Residuals(l *fit.Law) Panel {
	const title = "Residuals of the law"
	if l.Line == nil {
		return empty(title, "there is no law")
	}
	p, all := newPlot(), groups(l)
	panel := Panel{Title: title, x: "m / needed m by the law", y: "residual (standard errors)", plot: p}
	var xs []float64
	for k, g := range all {
		points := scatter{style: draw.GlyphStyle{Color: distinct(k, len(all)), Radius: 2.6, Shape: glyph(k)}}
		for _, i := range g.cells {
			points.xy = append(points.xy, residuals(l, l.Cells[i])...)
		}
		for _, q := range points.xy {
			xs = append(xs, q.X)
		}
		if len(points.xy) > 0 && g.name != "" {
			panel.legend = append(panel.legend, entry{text: g.name, glyph: points.style.Shape, color: points.style.Color})
		}
		p.Add(points)
	}
	if len(xs) == 0 {
		return empty(title, "no run decided the event "+l.Event)
	}
	low, high := widen(slices.Min(xs), slices.Max(xs))
	logAxis(&p.X, low, high, nil)
	p.Y.Min, p.Y.Max = -mostResidual-0.4, mostResidual+0.4
	p.Y.Tick.Marker = gonum.ConstantTicks(linearTicks(-mostResidual, mostResidual))
	for _, y := range []float64{-2, 0, 2} {
		p.Add(polyline{plotter.XYs{{X: p.X.Min, Y: y}, {X: p.X.Max, Y: y}}, stroke(aside, 1, 5, 4)})
	}
	return panel
}

// residuals are the cell's, those of neighbouring widths together where their shares are.
func residuals(l *fit.Law, c fit.Cell) (out plotter.XYs) {
	needed := l.Line.Width(c)
	for _, g := range shown(c) {
		off, variance := 0.0, 0.0
		for _, w := range g.Members {
			if p := l.Line.Success(c, float64(w.M)); w.M >= fit.LeastWidth && w.Runs > 0 {
				off, variance = off+float64(w.Successes)-p*float64(w.Runs), variance+p*(1-p)*float64(w.Runs)
			}
		}
		x, y := g.At/needed, off/math.Sqrt(variance)
		if finite(x) && !math.IsNaN(y) {
			out = append(out, plotter.XY{X: x, Y: min(max(y, -mostResidual), mostResidual)})
		}
	}
	return out
}

// A scatter is points.
type scatter struct {
	xy    plotter.XYs
	style draw.GlyphStyle
}

// Plot implements plot.Plotter.
func (s scatter) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, q := range s.xy {
		c.DrawGlyph(s.style, vg.Point{X: c.X(p.X.Norm(q.X)), Y: c.Y(p.Y.Norm(q.Y))})
	}
}
