package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/widthlaw/widthlaw/results/fit"
)

// A group is the cells of a law that differ in n alone: one d, one angle.
type group struct {
	name  string // "angle = 0.1"; empty where there is one group
	cells []int  // places in Law.Cells
}

// groups keeps the law's order.
func groups(l *fit.Law) []group {
	var out []group
	manyD, manyAngles := differ(l.Cells, func(c fit.Cell) fit.Number { return c.D }), differ(l.Cells, func(c fit.Cell) fit.Number { return c.Angle })
	for i, c := range l.Cells {
		var names []string
		if manyD {
			names = append(names, fmt.Sprintf("d = %g", c.D))
		}
		if manyAngles {
			names = append(names, fmt.Sprintf("angle = %g", c.Angle))
		}
		name := strings.Join(names, ", ")
		at := slices.IndexFunc(out, func(g group) bool { return g.name == name })
		if at < 0 {
			at, out = len(out), append(out, group{name: name})
		}
		out[at].cells = append(out[at].cells, i)
	}
	return out
}

func differ(cells []fit.Cell, of func(fit.Cell) fit.Number) bool {
	return slices.ContainsFunc(cells, func(c fit.Cell) bool { return of(c).Defined() && of(c) != of(cells[0]) })
}

// Success is the share of successes against the width, a line for each n, of the law's middle group of cells.
func Success(l *fit.Law) Panel {
	panels := Successes(l)
	return panels[len(panels)/2]
}

// Successes are Success for every d and angle.
func Successes(l *fit.Law) []Panel {
	var panels []Panel
	for _, g := range groups(l) {
		title := "Success against width"
		if g.name != "" {
			title += ", " + g.name
		}
		panels = append(panels, success(l, g, title))
	}
	if len(panels) == 0 {
		panels = append(panels, empty("Success against width", "no results yet"))
	}
	return panels
}

// widths are those at which the group's cells have runs that decided the event, cell by cell.
func (g group) widths(l *fit.Law) (widths []float64) {
	for _, i := range g.cells {
		for _, w := range l.Cells[i].Widths {
			if w.Runs > 0 {
				widths = append(widths, float64(w.M))
			}
		}
	}
	return widths
}

func success(l *fit.Law, g group, title string) Panel {
	widths := g.widths(l)
	if len(widths) == 0 {
		return empty(title, "no run decided the event "+l.Event)
	}
	p := newPlot()
	logAxis(&p.X, slices.Min(widths), slices.Max(widths), widths)
	p.Y.Min, p.Y.Max = -0.03, 1.03
	p.Y.Tick.Marker = shareTicks(l.Level)
	p.Add(polyline{plotter.XYs{{X: p.X.Min, Y: l.Level}, {X: p.X.Max, Y: l.Level}}, stroke(aside, 1, 5, 4)})
	panel := Panel{Title: title, x: "width m", y: fmt.Sprintf("share of runs with event “%s”", l.Event), plot: p}
	for k, i := range g.cells {
		panel.addCell(l, l.Cells[i], k, len(g.cells))
	}
	if l.Line != nil {
		panel.legend = append(panel.legend, entry{text: "by the law", line: stroke(ink, 1.6)}, entry{text: "isotonic", line: stroke(ink, 1, 1.5, 2.5)})
	}
	return panel
}

// shareTicks are quarters, and the level where it is not too near to one of them.
func shareTicks(level float64) gonum.ConstantTicks {
	ticks := gonum.ConstantTicks{{Value: level, Label: tickText(level)}}
	for share := 0.0; share <= 1; share += 0.25 {
		if math.Abs(share-level) > 0.05 {
			ticks = append(ticks, gonum.Tick{Value: share, Label: tickText(share)})
		}
	}
	return ticks
}

// addCell draws one n: the shares with Wilson's bars, a little aside of each other, the law's curve and, dotted, the isotonic line;
// without a law that line alone.
func (panel *Panel) addCell(l *fit.Law, c fit.Cell, k, of int) {
	colour, shares := distinct(k, of), shareBars{style: stroke(distinct(k, of), 1), shape: glyph(k), aside: vg.Length(k) - vg.Length(of-1)/2}
	if of > len(glyphs) {
		shares.aside *= vg.Length(len(glyphs)) / vg.Length(of)
	}
	for _, w := range c.Widths {
		if w.Runs > 0 {
			shares.widths = append(shares.widths, w)
		}
	}
	line := isotonicCurve(c)
	if len(line) == 0 {
		return
	}
	isotonic := stroke(colour, 1.6)
	if curve := lawCurve(l, c, panel.plot.X.Min, panel.plot.X.Max); curve != nil {
		panel.plot.Add(polyline{curve, isotonic})
		isotonic = stroke(colour, 1, 1.5, 2.5)
	}
	panel.plot.Add(polyline{line, isotonic}, shares)
	panel.legend = append(panel.legend, entry{text: nText(c.N), line: stroke(colour, 1.6), glyph: shares.shape, color: colour})
}

// isotonicCurve is the success by isotonic regression.
func isotonicCurve(c fit.Cell) (line plotter.XYs) {
	for _, w := range c.Widths {
		if w.Runs > 0 {
			line = append(line, plotter.XY{X: float64(w.M), Y: w.Fitted})
		}
	}
	return line
}

// lawCurve is the success by the law; nil without one.
func lawCurve(l *fit.Law, c fit.Cell, from, to float64) (curve plotter.XYs) {
	const points = 160
	if l.Line == nil || math.IsNaN(l.Line.Success(c, from)) {
		return nil
	}
	for i := range points + 1 {
		m := from * math.Pow(to/from, float64(i)/points)
		curve = append(curve, plotter.XY{X: m, Y: l.Line.Success(c, m)})
	}
	return curve
}

func nText(n fit.Number) string {
	if !n.Defined() {
		return "all"
	}
	return fmt.Sprintf("n = %g", n)
}

// shareBars are points with intervals, moved aside by some points so that those of several n at one width can be seen.
type shareBars struct {
	widths []fit.Width
	style  draw.LineStyle
	shape  draw.GlyphDrawer
	aside  vg.Length
}

// Plot implements plot.Plotter.
func (s shareBars) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, w := range s.widths {
		x := c.X(p.X.Norm(float64(w.M))) + 2.4*s.aside
		y := func(share float64) vg.Length { return c.Y(p.Y.Norm(share)) }
		c.StrokeLine2(s.style, x, y(w.Low), x, y(w.High))
		c.DrawGlyph(draw.GlyphStyle{Color: s.style.Color, Radius: 3, Shape: s.shape}, vg.Point{X: x, Y: y(w.Share())})
	}
}

// finite says whether x can be drawn on a log axis.
func finite(x float64) bool { return x > 0 && !math.IsInf(x, 0) && !math.IsNaN(x) }
