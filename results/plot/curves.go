package plot

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Panel draws the lines by width, in colours that grow with it, each with a band from the tenth to the ninetieth percentile
// of its seeds.
func (s CurveSet) Panel() Panel {
	title := s.title(s.name())
	low, high, positive := s.limits()
	if len(s.Lines) == 0 || math.IsInf(high, 0) {
		return empty(title, "the curve was not recorded")
	}
	p := newPlot()
	s.stepAxis(p)
	floor := math.Inf(-1)
	if positive && (s.Curve == "loss" || high > 100*low) {
		floor = low
		logAxis(&p.Y, low, max(high, low*1.2), nil)
	} else {
		room := max(high-low, 1e-12) * 0.05
		p.Y.Min, p.Y.Max = min(low, 0), high+room
		p.Y.Tick.Marker = gonum.ConstantTicks(linearTicks(p.Y.Min, p.Y.Max))
	}
	panel := Panel{Title: title, x: "step of gradient descent", y: s.name(), plot: p, legend: []entry{{text: "width m:"}}}
	if slices.ContainsFunc(s.Lines, func(l CurveLine) bool { return l.Runs > 2 }) {
		panel.y = curveName(s.Curve) + " (median, 10–90 %)"
	}
	for i, line := range s.Lines {
		colour := ordered(i, len(s.Lines))
		if line.Runs > 2 {
			p.Add(band{line, translucent(colour), floor})
		}
		xy := line.above(floor)
		p.Add(polyline{xy, stroke(colour, 1.6)})
		if len(xy) == 1 {
			p.Add(dot{xy[0], colour})
		}
		panel.legend = append(panel.legend, entry{text: line.name(), line: stroke(colour, 2.5)})
	}
	return panel
}

// title says what is drawn, and of which cell.
func (s CurveSet) title(curve string) string {
	return fmt.Sprintf("%s by width, n = %d, d = %d%s", curve, s.N, s.D, s.Apart)
}

// name is the curve's with its unit: "Pattern changes (share)".
func (s CurveSet) name() string {
	if s.Unit == "" {
		return curveName(s.Curve)
	}
	return curveName(s.Curve) + " (" + s.Unit + ")"
}

// curveName is a curve's name as words: "Pattern changes".
func curveName(name string) string {
	words := strings.ReplaceAll(strings.ReplaceAll(name, "_", " "), "lambda min", "λ_min")
	if words == "" || strings.HasPrefix(words, "λ") {
		return words
	}
	return strings.ToUpper(words[:1]) + words[1:]
}

// limits of what is drawn, and whether all of it is above 0. A value of 0 at one step (a loss that vanished, the changes at
// step 0) does not make it not so: it is not drawn on a log axis.
func (s CurveSet) limits() (low, high float64, positive bool) {
	low, high, positive = math.Inf(1), math.Inf(-1), true
	zeros, values := 0, 0
	for _, line := range s.Lines {
		for i := range line.Step {
			for _, x := range []float64{line.Low[i], line.Median[i], line.High[i]} {
				values++
				if x == 0 {
					zeros++
					continue
				}
				low, high, positive = min(low, x), max(high, x), positive && x > 0
			}
		}
	}
	if zeros == values && values > 0 {
		return 0, 1, false
	}
	return low, high, positive && (s.Curve == "loss" || zeros == 0)
}

// stepAxis is logarithmic from step 0 on, unless the steps were recorded evenly.
func (s CurveSet) stepAxis(p *gonum.Plot) {
	last := 1.0
	for _, line := range s.Lines {
		last = max(last, line.Step[len(line.Step)-1])
	}
	p.X.Min, p.X.Max = 0, last
	if s.LogSteps {
		p.X.Scale, p.X.Tick.Marker = stepScale{}, gonum.ConstantTicks(stepTicks(last))
		return
	}
	p.X.Tick.Marker = gonum.ConstantTicks(linearTicks(0, last))
}

// above is the median, without what a log axis cannot show.
func (l CurveLine) above(floor float64) plotter.XYs {
	out := make(plotter.XYs, 0, len(l.Step))
	for i, y := range l.Median {
		if y >= floor {
			out = append(out, plotter.XY{X: l.Step[i], Y: y})
		}
	}
	return out
}

// linearTicks are four to nine round numbers.
func linearTicks(low, high float64) []gonum.Tick {
	exponent := int(math.Floor(math.Log10((high - low) / 4)))
	step := decimal(1, exponent)
	for _, f := range []float64{5, 2} {
		if decimal(f, exponent)*4 <= high-low {
			step = decimal(f, exponent)
			break
		}
	}
	var ticks []gonum.Tick
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		x, _ := strconv.ParseFloat(strconv.FormatFloat(i*step+0, 'g', 12, 64), 64) // +0: never -0
		ticks = append(ticks, gonum.Tick{Value: x, Label: tickText(x)})
	}
	return ticks
}

// A band is a line's spread over seeds.
type band struct {
	line  CurveLine
	color color.Color
	floor float64 // the least that the axis can show
}

// Plot implements plot.Plotter.
func (b band) Plot(c draw.Canvas, p *gonum.Plot) {
	var points []vg.Point
	add := func(i int, y float64) {
		points = append(points, vg.Point{X: c.X(p.X.Norm(b.line.Step[i])), Y: c.Y(p.Y.Norm(max(y, b.floor)))})
	}
	for i := range b.line.Step {
		add(i, b.line.High[i])
	}
	for i := len(b.line.Step) - 1; i >= 0; i-- {
		add(i, b.line.Low[i])
	}
	c.FillPolygon(b.color, points)
}

// A dot is a line of one step.
type dot struct {
	at    plotter.XY
	color color.Color
}

// Plot implements plot.Plotter.
func (d dot) Plot(c draw.Canvas, p *gonum.Plot) {
	at := vg.Point{X: c.X(p.X.Norm(d.at.X)), Y: c.Y(p.Y.Norm(d.at.Y))}
	c.DrawGlyph(draw.GlyphStyle{Color: d.color, Radius: 3, Shape: draw.CircleGlyph{}}, at)
}
