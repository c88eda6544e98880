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

// A neededAxes is what needed widths are drawn against, at matched values of the rest.
type neededAxes struct {
	name, label string
	of          func(fit.Cell) fit.Number
	match       func(fit.Cell) fit.Number // told apart by colour; nil: by group
	matchText   string
	slopes      []slope
	moves       func(l *fit.Law, g group, c fit.Cell) float64 // the factor that takes a needed width to the matched value; nil: 1
}

// A slope is a power to compare with, drawn light.
type slope struct {
	power float64
	text  string
	style draw.LineStyle
}

var dotted, dashed = stroke(aside, 1, 1.5, 2.5), stroke(aside, 1, 6, 2.5)

type coordinate uint8

const (
	nCoordinate coordinate = iota
	lambda0Coordinate
)

func neededBy(l *fit.Law, c coordinate) neededAxes {
	if c == nCoordinate {
		return neededAxes{name: "n", label: "samples n", of: func(c fit.Cell) fit.Number { return c.N }, slopes: nSlopes(l.Event), moves: toMatched(l)}
	}
	return neededAxes{name: "lambda0", label: "λ0 (mean over data sets)", of: func(c fit.Cell) fit.Number { return c.Lambda0 },
		match: func(c fit.Cell) fit.Number { return c.N }, matchText: "n = %g", slopes: lambda0Slopes(l.Event)}
}

// neededAxis is n, or lambda0 where one n was swept.
func neededAxis(l *fit.Law) neededAxes {
	byN := neededBy(l, nCoordinate)
	if !differ(l.Cells, byN.of) && differ(l.Cells, neededBy(l, lambda0Coordinate).of) {
		return neededBy(l, lambda0Coordinate)
	}
	return byN
}

// neededAxesOf are neededAxis, and lambda0 where both were swept.
func neededAxesOf(l *fit.Law) []neededAxes {
	first := neededAxis(l)
	if byLambda0 := neededBy(l, lambda0Coordinate); len(byLambda0.points(l)) > 1 && byLambda0.name != first.name {
		return []neededAxes{first, byLambda0}
	}
	return []neededAxes{first}
}

// Needed is the needed width against n with its intervals, the law's line, and the slopes n and n^2 to compare with; against
// lambda0 where one n was swept.
func Needed(l *fit.Law) Panel { return neededAxis(l).panel(l) }

// A needPoint is a needed width, or where it must be.
type needPoint struct {
	x, m, low, high float64 // m is the nearest swept width where it is beyond these
	beyond          int     // -1 below, 0 inside, 1 above the swept widths
	openLow         bool
	openHigh        bool
	line            float64 // the law's; NaN without one, or beyond
}

func (q needPoint) inside() bool { return q.beyond == 0 }

// points are the law's that can be drawn.
func (a neededAxes) points(l *fit.Law) []needPoint {
	var out []needPoint
	for _, g := range groups(l) {
		for _, i := range g.cells {
			if p, ok := a.point(l, g, i); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// point is a cell's, at the matched value of its group.
func (a neededAxes) point(l *fit.Law, g group, i int) (needPoint, bool) {
	p, ok := a.pointAsIs(l, i)
	if !ok || a.moves == nil {
		return p, ok
	}
	by := a.moves(l, g, l.Cells[i])
	p.m, p.low, p.high, p.line = p.m*by, p.low*by, p.high*by, p.line*by
	return p, finite(p.m)
}

func (a neededAxes) pointAsIs(l *fit.Law, i int) (needPoint, bool) {
	c, t := l.Cells[i], l.Thresholds[i]
	p := needPoint{x: float64(a.of(c)), m: float64(t.M), low: float64(t.Low), high: float64(t.High), line: math.NaN()}
	if t.Law != nil && t.Inside { // a law that is wrong about the cells is not drawn
		p.line = float64(t.Law.M)
	}
	smallest, largest := float64(c.Widths[0].M), float64(c.Widths[len(c.Widths)-1].M)
	switch {
	case t.Inside && !t.Low.Defined() && !t.High.Defined():
		p.low, p.high = p.m, p.m // no interval at all
	case t.Inside:
		p.openLow, p.openHigh = !t.Low.Defined(), !t.High.Defined()
		if p.openLow {
			p.low = smallest
		}
		if p.openHigh {
			p.high = largest
		}
	case t.Low.Defined():
		p.beyond, p.m, p.high = 1, p.low, p.low
	case t.High.Defined():
		p.beyond, p.m, p.low = -1, p.high, p.high
	}
	return p, finite(p.x) && finite(p.m)
}

func (a neededAxes) panel(l *fit.Law) Panel {
	title := "Needed width" + a.exponent(l)
	if a.moves != nil {
		a.label = "samples n (m moved to each λ0 by the law)"
	}
	all := a.points(l)
	if len(all) == 0 {
		return empty(title, "no cell has a needed width")
	}
	p := newPlot()
	var xs, ys []float64
	for _, q := range all {
		xs, ys = append(xs, q.x), append(ys, q.low, q.high)
		if finite(q.line) {
			ys = append(ys, q.line)
		}
	}
	logAxis(&p.X, slices.Min(xs), slices.Max(xs), xs)
	low, high := widen(slices.Min(ys), slices.Max(ys))
	logAxis(&p.Y, low, high, nil)
	panel := Panel{Title: title, x: a.label, y: fmt.Sprintf("needed width m (success %g)", l.Level), plot: p}
	a.addSlopes(&panel, all)
	slopes := panel.legend
	panel.legend = nil
	a.addSeries(&panel, l)
	panel.legend = append(panel.legend, slopes...)
	if slices.ContainsFunc(all, func(q needPoint) bool { return q.beyond != 0 || q.openLow || q.openHigh }) {
		panel.legend = append(panel.legend, entry{text: beyondName(l), glyph: arrow{1}, color: ink})
	}
	return panel
}

// beyondName is what an arrow means.
func beyondName(l *fit.Law) string {
	if l.Sought != nil {
		return "beyond the search's bounds"
	}
	return "beyond the swept widths"
}

// leastSpan is the least factor between the ends of an axis of needed widths: one width alone stands in the middle of it.
const leastSpan = 4

func widen(low, high float64) (float64, float64) {
	more := math.Sqrt(max(1, leastSpan*low/high))
	return low / more, high * more
}

// exponent is what the title says of the law.
func (a neededAxes) exponent(l *fit.Law) string {
	e, symbol := l.Exponents.N, "n"
	if a.name == "lambda0" {
		e, symbol = l.Exponents.Lambda0, "λ0"
	}
	if l.Line == nil || !e.Told {
		return " against " + symbol
	}
	return strings.ReplaceAll(fmt.Sprintf(": exponent of %s %.2f [%.2f, %.2f]", symbol, e.Value, e.Low, e.High), "-", "−")
}

// addSeries draws a colour for each matched value.
func (a neededAxes) addSeries(panel *Panel, l *fit.Law) {
	type series struct {
		name   string
		points []needPoint
	}
	var all []series
	for _, g := range groups(l) {
		for _, i := range g.cells {
			q, ok := a.point(l, g, i)
			if !ok {
				continue
			}
			name := g.name
			if a.moves != nil {
				name = strings.TrimSuffix(fmt.Sprintf("λ0 = %.3g, %s", g.lambda0(l), name), ", ")
			}
			if a.match != nil {
				name = fmt.Sprintf(a.matchText, a.match(l.Cells[i]))
			}
			at := slices.IndexFunc(all, func(s series) bool { return s.name == name })
			if at < 0 {
				at, all = len(all), append(all, series{name: name})
			}
			all[at].points = append(all[at].points, q)
		}
	}
	lines := false
	for k, s := range all {
		colour := distinct(k, len(all))
		slices.SortFunc(s.points, func(p, q needPoint) int { return int(math.Copysign(1, p.x-q.x)) })
		lines = addLine(panel.plot, s.points, stroke(colour, 1.4)) || lines
		bars := needBars{points: s.points, style: stroke(colour, 1.2), shape: glyph(k)}
		if a.match == nil { // all series have the same x
			bars.aside = besides(k, len(all))
		}
		panel.plot.Add(bars)
		name := s.name
		if name == "" {
			if !slices.ContainsFunc(s.points, needPoint.inside) {
				continue
			}
			name = "measured"
		}
		panel.legend = append(panel.legend, entry{text: name, line: stroke(colour, 0), glyph: glyph(k), color: colour})
	}
	if lines {
		panel.legend = append(panel.legend, entry{text: "fitted", line: stroke(distinct(0, len(all)), 1.4)})
	}
}

// addLine draws the law through a series; false where there is none.
func addLine(p *gonum.Plot, points []needPoint, s draw.LineStyle) bool {
	var line plotter.XYs
	for _, q := range points {
		if finite(q.line) {
			line = append(line, plotter.XY{X: q.x, Y: q.line})
		}
	}
	if len(line) < 2 {
		return false
	}
	p.Add(polyline{line, s})
	return true
}

// addSlopes draws the powers to compare with, through the middle of the needed widths that are known; none where these stand
// above one another.
func (a neededAxes) addSlopes(panel *Panel, points []needPoint) {
	var x, y []float64
	for _, q := range points {
		if q.inside() {
			x, y = append(x, math.Log(q.x)), append(y, math.Log(q.m))
		}
	}
	if len(x) == 0 || slices.Min(x) == slices.Max(x) {
		return
	}
	p, x0, y0 := panel.plot, mean(x), mean(y)
	for _, s := range a.slopes {
		at := func(x float64) float64 { return math.Exp(y0 + s.power*(math.Log(x)-x0)) }
		p.Add(polyline{plotter.XYs{{X: p.X.Min, Y: at(p.X.Min)}, {X: p.X.Max, Y: at(p.X.Max)}}, s.style})
		panel.legend = append(panel.legend, entry{text: "slope " + s.text, line: s.style})
	}
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, x := range x {
		sum += x
	}
	return sum / float64(len(x))
}

// needBars are needed widths with their intervals; an arrow where one is beyond the swept widths.
type needBars struct {
	points []needPoint
	style  draw.LineStyle
	shape  draw.GlyphDrawer
	aside  vg.Length // to the right
}

// besides is how far the k-th of so many series stands aside, so that all can be seen where they have the same x.
func besides(k, of int) vg.Length {
	return min(5, 24/vg.Length(of)) * (vg.Length(k) - vg.Length(of-1)/2)
}

// Plot implements plot.Plotter.
func (b needBars) Plot(c draw.Canvas, p *gonum.Plot) {
	for _, q := range b.points {
		x := c.X(p.X.Norm(q.x)) + b.aside
		y := func(m float64) vg.Length { return c.Y(p.Y.Norm(m)) }
		c.StrokeLine2(b.style, x, y(q.low), x, y(q.high))
		mark := func(shape draw.GlyphDrawer, m float64) {
			c.DrawGlyph(draw.GlyphStyle{Color: b.style.Color, Radius: 3.5, Shape: shape}, vg.Point{X: x, Y: y(m)})
		}
		if q.openLow || q.beyond < 0 {
			mark(arrow{-1}, q.low)
		}
		if q.openHigh || q.beyond > 0 {
			mark(arrow{1}, q.high)
		}
		if q.beyond == 0 {
			mark(b.shape, q.m)
		}
	}
}
