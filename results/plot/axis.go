package plot

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A stepScale shows steps logarithmically from step 0 on: it is linear in log(1 + step).
type stepScale struct{}

// Normalize implements plot.Normalizer.
func (stepScale) Normalize(min, max, x float64) float64 {
	return (math.Log1p(x) - math.Log1p(min)) / (math.Log1p(max) - math.Log1p(min))
}

const mostTicks = 7 // labels that an axis has room for

// logTicks are 1, 2, 5 times powers of ten where the range is short, powers of ten (every k-th) where it is long; minor ticks
// between.
func logTicks(low, high float64) []gonum.Tick {
	first, last := int(math.Floor(math.Log10(low)+1e-9)), int(math.Ceil(math.Log10(high)-1e-9))
	decades := math.Log10(high / low)
	labelled, every := []float64{1}, 1
	switch {
	case decades < 0.8:
		labelled = []float64{1, 1.5, 2, 3, 4, 5, 7}
	case decades < 1.5:
		labelled = []float64{1, 2, 5}
	case decades < 2.5:
		labelled = []float64{1, 3}
	default:
		every = max(1, int(math.Ceil((decades+1)/mostTicks)))
	}
	var ticks []gonum.Tick
	for e := first; e <= last; e++ {
		for _, f := range []float64{1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9} {
			x := decimal(f, e)
			tick := gonum.Tick{Value: x}
			if slices.Contains(labelled, f) && e%every == 0 {
				tick.Label = tickText(x)
			}
			if x >= low*(1-1e-9) && x <= high*(1+1e-9) && (tick.Label != "" || every == 1 && f != 1.5 || f == 1) {
				ticks = append(ticks, tick)
			}
		}
	}
	return ticks
}

// decimal is f times the e-th power of ten, as the decimal reads.
func decimal(f float64, e int) float64 {
	x, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 64)+"e"+strconv.Itoa(e), 64)
	return x
}

// stepTicks are 0 and powers of ten.
func stepTicks(high float64) []gonum.Tick {
	ticks := []gonum.Tick{{Value: 0, Label: "0"}}
	every := max(1, int(math.Ceil(math.Log10(high+1)/mostTicks)))
	for e := 0; decimal(1, e) <= high; e++ {
		tick := gonum.Tick{Value: decimal(1, e)}
		if e%every == 0 {
			tick.Label = tickText(tick.Value)
		}
		ticks = append(ticks, tick)
		for f := 2.0; f < 10 && decimal(f, e) <= high; f++ {
			ticks = append(ticks, gonum.Tick{Value: decimal(f, e)})
		}
	}
	return ticks
}

// valueTicks label the swept values themselves where they are few and apart; else nil.
func valueTicks(values []float64, low, high float64) []gonum.Tick {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	if len(values) > mostTicks {
		return nil
	}
	var ticks []gonum.Tick
	for i, v := range values {
		if i > 0 && math.Log(v/values[i-1]) < math.Log(high/low)/10 {
			return nil
		}
		ticks = append(ticks, gonum.Tick{Value: v, Label: tickText(v)})
	}
	return ticks
}

// tickText is 0.05, 200, 65536, and 1e6 or 1e−6 where that would be long.
func tickText(x float64) string {
	digits := 3
	if x == math.Trunc(x) {
		digits = 6
	}
	s := strconv.FormatFloat(x, 'g', digits, 64)
	if x != 0 && (math.Abs(x) >= 1e5 || math.Abs(x) < 1e-3) {
		s = strconv.FormatFloat(x, 'e', 2, 64)
		s = trailingZeros.ReplaceAllString(s, "e")
		s = strings.NewReplacer("e+0", "e", "e-0", "e-", "e+", "e").Replace(s)
	}
	return strings.ReplaceAll(s, "-", "−")
}

var trailingZeros = regexp.MustCompile(`\.?0*e`)

// newPlot is empty axes in this package's style. Their names are the panel's: gonum reserves room for a log axis' name as if
// the axis were linear.
func newPlot() *gonum.Plot {
	p := gonum.New()
	p.BackgroundColor = nil
	for _, a := range []*gonum.Axis{&p.X, &p.Y} {
		align := a.Tick.Label
		a.Tick.Label = style(tickSize, false)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = align.XAlign, align.YAlign
		a.LineStyle, a.Tick.LineStyle = stroke(ink, 0.8), stroke(ink, 0.8)
		a.Tick.Length = 5
		a.Padding = 0
	}
	p.Add(grid{})
	return p
}

// logAxis makes an axis logarithmic over [low, high] and a little more, with the swept values as ticks if there are any.
func logAxis(a *gonum.Axis, low, high float64, swept []float64) {
	room := math.Pow(high/low, 0.05) * 1.03
	a.Scale, a.Min, a.Max = gonum.LogScale{}, low/room, high*room
	ticks := logTicks(a.Min, a.Max)
	if own := valueTicks(swept, a.Min, a.Max); own != nil {
		ticks = own
	}
	a.Tick.Marker = gonum.ConstantTicks(ticks)
}

// grid draws a faint line at every labelled tick.
type grid struct{}

// Plot implements plot.Plotter.
func (grid) Plot(c draw.Canvas, p *gonum.Plot) {
	line := stroke(faint, 0.6)
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if at := p.X.Norm(t.Value); t.Label != "" && at >= 0 && at <= 1 {
			c.StrokeLine2(line, c.X(at), c.Min.Y, c.X(at), c.Max.Y)
		}
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if at := p.Y.Norm(t.Value); t.Label != "" && at >= 0 && at <= 1 {
			c.StrokeLine2(line, c.Min.X, c.Y(at), c.Max.X, c.Y(at))
		}
	}
}

// A note is text at a place of the data area, in shares of it.
type note struct {
	x, y float64
	text string
}

// Plot implements plot.Plotter.
func (n note) Plot(c draw.Canvas, _ *gonum.Plot) {
	c.FillText(style(labelSize, false), vg.Point{X: c.X(n.x), Y: c.Y(n.y)}, n.text)
}

// A polyline is a line through points, clipped; unlike gonum's it leaves the axes as they are.
type polyline struct {
	xy    plotter.XYs
	style draw.LineStyle
}

// Plot implements plot.Plotter.
func (l polyline) Plot(c draw.Canvas, p *gonum.Plot) {
	(&plotter.Line{XYs: l.xy, LineStyle: l.style}).Plot(c, p)
}

// empty is a panel that says why it has no data.
func empty(title, why string) Panel {
	p := newPlot()
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, 1, 0, 1
	p.X.Tick.Marker, p.Y.Tick.Marker = gonum.ConstantTicks(nil), gonum.ConstantTicks(nil)
	p.Add(note{x: 0.03, y: 0.9, text: why})
	return Panel{Title: title, plot: p}
}
