package plot

import (
	"fmt"
	"image/color"
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

// widths are those at which the group's cells have something to show, cell by cell.
func (g group) widths(l *fit.Law) (widths []float64) {
	for _, i := range g.cells {
		for _, w := range shown(l.Cells[i]) {
			widths = append(widths, w.At)
		}
	}
	return widths
}

// shown are the cell's widths that have runs that decided the event, neighbouring ones together beside a search.
func shown(c fit.Cell) (groups []fit.Group) {
	for _, g := range c.Groups {
		if g.Runs > 0 {
			groups = append(groups, g)
		}
	}
	return groups
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
		panel.addCell(l, i, k, len(g.cells))
	}
	if l.Line != nil {
		panel.legend = append(panel.legend, entry{text: "by the law", line: stroke(ink, 1.6)}, entry{text: ownName(l), line: stroke(ink, 1, 1.5, 2.5)})
	}
	if l.Sought != nil {
		panel.legend = append(panel.legend, entry{text: "widths together", line: stroke(translucent(aside), 3)}, entry{text: "needed, 95 %", line: stroke(aside, 4)})
	}
	return panel
}

// ownName is what the curve of a cell's own runs is called.
func ownName(l *fit.Law) string {
	if l.Sought != nil {
		return "by the cell's own runs"
	}
	return "isotonic"
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

// addCell draws one n: the shares with Wilson's bars, a little aside of each other, the law's curve and, dotted, that of the cell's own
// runs; without a law that line alone. Beside a search the needed width, with its interval, lies on the level's line.
func (panel *Panel) addCell(l *fit.Law, i, k, of int) {
	c, colour := l.Cells[i], distinct(k, of)
	shares := shareBars{groups: shown(c), colour: colour, shape: glyph(k), aside: vg.Length(k) - vg.Length(of-1)/2}
	if of > len(glyphs) {
		shares.aside *= vg.Length(len(glyphs)) / vg.Length(of)
	}
	from, to := panel.plot.X.Min, panel.plot.X.Max
	line := ownCurve(c, from, to)
	if len(line) == 0 {
		return
	}
	own := stroke(colour, 1.6)
	if curve := lawCurve(l, c, from, to); curve != nil {
		panel.plot.Add(polyline{curve, own})
		own = stroke(colour, 1, 1.5, 2.5)
	}
	panel.plot.Add(polyline{line, own}, shares)
	if t := l.Thresholds[i]; c.Response != nil && t.Low.Defined() && t.High.Defined() {
		panel.plot.Add(polyline{plotter.XYs{{X: float64(t.Low), Y: l.Level}, {X: float64(t.High), Y: l.Level}}, stroke(colour, 4)})
	}
	panel.legend = append(panel.legend, entry{text: nText(c.N), line: stroke(colour, 1.6), glyph: shares.shape, color: colour})
}

// ownCurve is the success by the cell's own runs: by isotonic regression, or beside a search by its model.
func ownCurve(c fit.Cell, from, to float64) (line plotter.XYs) {
	if c.Response != nil {
		return curve(from, to, c.Response.Success)
	}
	for _, w := range c.Widths {
		if w.Runs > 0 {
			line = append(line, plotter.XY{X: float64(w.M), Y: w.Fitted})
		}
	}
	return line
}

// lawCurve is the success by the law; nil without one.
func lawCurve(l *fit.Law, c fit.Cell, from, to float64) plotter.XYs {
	if l.Line == nil || math.IsNaN(l.Line.Success(c, from)) {
		return nil
	}
	return curve(from, to, func(m float64) float64 { return l.Line.Success(c, m) })
}

// curve is a function of the width between two.
func curve(from, to float64, of func(m float64) float64) (line plotter.XYs) {
	const points = 160
	for i := range points + 1 {
		m := from * math.Pow(to/from, float64(i)/points)
		line = append(line, plotter.XY{X: m, Y: of(m)})
	}
	return line
}

func nText(n fit.Number) string {
	if !n.Defined() {
		return "all"
	}
	return fmt.Sprintf("n = %g", n)
}

// shareBars are points with intervals, moved aside by some points so that those of several n at one width can be seen; those of several
// widths together are where they are, with a line from the narrowest to the widest.
type shareBars struct {
	groups []fit.Group
	colour color.RGBA
	shape  draw.GlyphDrawer
	aside  vg.Length
}

// Plot implements plot.Plotter.
func (s shareBars) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, g := range s.groups {
		x := func(m float64) vg.Length { return c.X(min(max(p.X.Norm(m), 0), 1)) }
		y := func(share float64) vg.Length { return c.Y(p.Y.Norm(share)) }
		at := x(g.At)
		if low, high := g.Ends(); low < high {
			c.StrokeLine2(stroke(translucent(s.colour), 3), x(float64(low)), y(g.Share()), x(float64(high)), y(g.Share()))
		} else {
			at += 2.4 * s.aside
		}
		c.StrokeLine2(stroke(s.colour, 1), at, y(g.Low), at, y(g.High))
		c.DrawGlyph(draw.GlyphStyle{Color: s.colour, Radius: 3, Shape: s.shape}, vg.Point{X: at, Y: y(g.Share())})
	}
}

// finite says whether x can be drawn on a log axis.
func finite(x float64) bool { return x > 0 && !math.IsInf(x, 0) && !math.IsNaN(x) }
