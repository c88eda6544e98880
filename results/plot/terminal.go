package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/widthlaw/widthlaw/results/fit"
	"github.com/widthlaw/widthlaw/sweep"
)

// A Terminal draws as text. Without Color there is no escape code, and lines are told apart by letters.
type Terminal struct {
	Color         bool
	Width, Height int // of a plot, in characters; 0 means 80 and 20
}

func (t Terminal) size() (width, height int) {
	width, height = t.Width, t.Height
	if width <= 0 {
		width = 80
	}
	if height <= 0 {
		height = 20
	}
	return max(width, 40), max(height, 8)
}

// shades of a share: none, up to a quarter, a half, three quarters, all but all.
var shades = []rune(" ░▒▓█")

// Heat is the share of successes in per cent, over two parameters, with a shaded block beside each number. Columns that the
// width has no room for are left out, evenly, and said.
func (t Terminal) Heat(h *Heat) string {
	rows, columns := h.axis(0), h.axis(1)
	if !h.decided() {
		return fmt.Sprintf("event %s: no run decided yet\n", h.Event)
	}
	width, _ := t.size()
	names := make([]string, len(rows))
	first := len(h.Row)
	for i, r := range rows {
		names[i] = valueText(r)
		first = max(first, len([]rune(names[i])))
	}
	size := 7
	for _, c := range columns {
		size = max(size, len([]rune(valueText(c)))+1)
	}
	shown := spread(columns, max(1, (width-first-1)/size))
	var b strings.Builder
	fmt.Fprintf(&b, "share of runs with event %s, in per cent: %s down, %s across", h.Event, h.Row, h.Column)
	if len(shown) < len(columns) {
		fmt.Fprintf(&b, " (%d of %d values)", len(shown), len(columns))
	}
	fmt.Fprintf(&b, "\n%*s ", first, h.Row)
	for _, c := range shown {
		fmt.Fprintf(&b, "%*s", size, valueText(c))
	}
	b.WriteByte('\n')
	for i, r := range rows {
		fmt.Fprintf(&b, "%*s ", first, names[i])
		line := ""
		for _, c := range shown {
			line += t.heatCell(h.counts[[2]sweep.Value{r, c}], size)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func valueText(v sweep.Value) string {
	switch v.Kind {
	case sweep.None:
		return "–"
	case sweep.Float:
		return fmt.Sprintf("%.4g", v.Float)
	}
	return v.String()
}

func (t Terminal) heatCell(c heatCount, size int) string {
	if c.runs == 0 {
		return fmt.Sprintf("%*s", size, "·")
	}
	share := float64(c.successes) / float64(c.runs)
	text := fmt.Sprintf("%*s", size, fmt.Sprintf("%c%c%4.0f", shade(share), shade(share), 100*share))
	if t.Color {
		text = colored(text, heatColor(share))
	}
	return text
}

func shade(share float64) rune {
	switch {
	case share == 0:
		return shades[0]
	case share == 1:
		return shades[len(shades)-1]
	}
	return shades[1+min(int(share*3), 2)]
}

// heatColor is one of the 256 terminal colours: blue through grey to orange, told apart by the colour-blind.
func heatColor(share float64) int { return []int{32, 74, 145, 179, 208}[min(int(share*5), 4)] }

// lineColors for widths and other series.
var lineColors = []int{33, 208, 36, 169, 75, 214, 245, 99}

func colored(text string, c int) string { return fmt.Sprintf("\x1b[38;5;%dm%s\x1b[0m", c, text) }

// spread picks at most k values, evenly, the first and last among them.
func spread[T any](values []T, k int) []T {
	if len(values) <= k {
		return values
	}
	if k == 1 {
		return values[:1]
	}
	out := make([]T, k)
	for i := range out {
		out[i] = values[i*(len(values)-1)/(k-1)]
	}
	return out
}

// Curves are the medians of a curve by width, over log(1 + step) from step 0 on; at most eight widths.
func (t Terminal) Curves(s CurveSet) string {
	low, high, positive := s.limits()
	if len(s.Lines) == 0 || math.IsInf(high, 0) {
		return fmt.Sprintf("%s: not recorded\n", s.Curve)
	}
	lines := spread(s.Lines, len(lineColors))
	a := axes{title: s.title(curveName(s.Curve)) + " (median over seeds)", x: "step", y: s.Curve}
	last := 1.0
	for _, l := range lines {
		last = max(last, l.Step[len(l.Step)-1])
	}
	a.xLow, a.xHigh, a.xTicks, a.xMap = 0, last, stepTicks(last), math.Log1p
	a.yLow, a.yHigh, a.yMap = min(low, 0), high, func(y float64) float64 { return y }
	floor := math.Inf(-1)
	if positive && (s.Curve == "loss" || high > 100*low) {
		floor, high = low, max(high, low*1.2)
		a.yLow, a.yHigh, a.yTicks, a.yMap = low, high, logTicks(low, high), math.Log
	} else {
		a.yTicks = linearTicks(a.yLow, a.yHigh)
	}
	c := t.canvas(a)
	for i, l := range lines {
		at := l.above(floor)
		for j, to := range at {
			from := at[max(j-1, 0)] // itself: a dot, for a run without steps
			c.line(from.X, from.Y, to.X, to.Y, i)
		}
		c.name(i, "m = "+l.name())
	}
	return c.String()
}

// Needed is the needed width against n, or lambda0 where one n was swept: points, intervals and the law's line on log axes.
func (t Terminal) Needed(l *fit.Law) string { return t.needed(l, neededAxis(l)) }

func (t Terminal) needed(l *fit.Law, by neededAxes) string {
	points := by.points(l)
	title := "Needed width" + by.exponent(l)
	if len(points) == 0 {
		return title + ": no cell has one\n"
	}
	a := axes{title: title, x: by.name, y: "m", xMap: math.Log, yMap: math.Log}
	var xs, ys []float64
	for _, p := range points {
		xs, ys = append(xs, p.x), append(ys, p.low, p.high)
	}
	a.xLow, a.xHigh = slices.Min(xs)/1.1, slices.Max(xs)*1.1
	a.yLow, a.yHigh = widen(slices.Min(ys)/1.2, slices.Max(ys)*1.2)
	a.yTicks = logTicks(a.yLow, a.yHigh)
	if a.xTicks = valueTicks(xs, a.xLow, a.xHigh); a.xTicks == nil {
		a.xTicks = logTicks(a.xLow, a.xHigh)
	}
	c := t.canvas(a)
	for _, g := range groups(l) {
		var before *needPoint
		for _, i := range g.cells {
			p, ok := by.point(l, g, i)
			if !ok {
				continue
			}
			if before != nil && finite(p.line) && finite(before.line) && by.match == nil {
				c.dotted(before.x, before.line, p.x, p.line)
			}
			before = &p
		}
	}
	for _, p := range points {
		c.bar(p.x, p.low, p.high)
		c.mark(p.x, p.m, [...]rune{'▼', '●', '▲'}[p.beyond+1])
	}
	return c.String() + "  ● needed width   │ 95 % interval   ▲ ▼ " + beyondName(l) + "   · the law\n"
}
