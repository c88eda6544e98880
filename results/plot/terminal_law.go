package plot

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/widthlaw/widthlaw/results/fit"
)

// Law is LawFigure as text: success by width for every d and angle, needed width against n and lambda0, residuals, and the success over
// n and m d / n.
func (t Terminal) Law(l *fit.Law) string {
	var parts []string
	for _, g := range groups(l) {
		parts = append(parts, t.success(l, g))
	}
	for _, by := range neededAxesOf(l) {
		parts = append(parts, t.needed(l, by))
	}
	return strings.Join(append(parts, t.residuals(l), t.transition(l)), "\n")
}

// linear leaves a value as it is.
func linear(x float64) float64 { return x }

// success is the share of successes by width: the law's curve, or without one the isotonic, and the shares.
func (t Terminal) success(l *fit.Law, g group) string {
	title := "Success against width" + strings.TrimSuffix(", "+g.name, ", ")
	widths := g.widths(l)
	if len(widths) == 0 {
		return title + ": no run decided the event " + l.Event + "\n"
	}
	a := axes{title: title, x: "m", y: "success", xMap: math.Log, yMap: linear, yLow: 0, yHigh: 1, yTicks: shareTicks(l.Level)}
	a.xLow, a.xHigh = widen(slices.Min(widths)/1.05, slices.Max(widths)*1.05)
	if a.xTicks = valueTicks(widths, a.xLow, a.xHigh); a.xTicks == nil {
		a.xTicks = logTicks(a.xLow, a.xHigh)
	}
	c := t.canvas(a)
	for series, i := range g.cells {
		cell := l.Cells[i]
		curve := lawCurve(l, cell, a.xLow, a.xHigh)
		if curve == nil {
			curve = ownCurve(cell, a.xLow, a.xHigh)
		}
		for j := 1; j < len(curve); j++ {
			c.line(curve[j-1].X, curve[j-1].Y, curve[j].X, curve[j].Y, series)
		}
		c.name(series, nText(cell.N))
	}
	for series, i := range g.cells {
		for _, w := range shown(l.Cells[i]) {
			c.point(w.At, w.Share(), '●', series)
		}
	}
	return c.String()
}

// residuals are the figure's.
func (t Terminal) residuals(l *fit.Law) string {
	const title = "Residuals of the law, in standard errors"
	if l.Line == nil {
		return title + ": there is no law\n"
	}
	var xs, ys []float64
	for _, cell := range l.Cells {
		for _, q := range residuals(l, cell) {
			xs, ys = append(xs, q.X), append(ys, q.Y)
		}
	}
	if len(xs) == 0 {
		return title + ": none\n"
	}
	a := axes{title: title, x: "m / needed m", y: "residual", xMap: math.Log, yMap: linear, yLow: -mostResidual, yHigh: mostResidual,
		yTicks: linearTicks(-mostResidual, mostResidual)}
	a.xLow, a.xHigh = widen(slices.Min(xs)/1.05, slices.Max(xs)*1.05)
	a.xTicks = logTicks(a.xLow, a.xHigh)
	c := t.canvas(a)
	c.dotted(a.xLow, 0, a.xHigh, 0)
	for i := range xs {
		c.mark(xs[i], ys[i], '●')
	}
	return c.String()
}

// transition is the success over n and m d / n in per cent, loads by factors of 2.
func (t Terminal) transition(l *fit.Law) string {
	counts, loads := map[[2]float64]heatCount{}, []float64{}
	var ns []float64
	tiles, of := tilesOf(l)
	for _, q := range tiles {
		load := math.Exp2(math.Round(math.Log2(q.load)))
		c := counts[[2]float64{q.n, load}]
		counts[[2]float64{q.n, load}] = heatCount{c.successes + int(q.successes), c.runs + int(q.runs)}
		ns, loads = append(ns, q.n), append(loads, load)
	}
	slices.Sort(ns)
	slices.Sort(loads)
	ns, loads = slices.Compact(ns), slices.Compact(loads)
	const first, size = 8, 8
	var b strings.Builder
	b.WriteString("share of runs with event " + l.Event + ", in per cent: m d / n down (to a factor of √2), n across" + of + "\n")
	if len(ns) == 0 {
		return b.String() + "  no run decided it\n"
	}
	width, _ := t.size()
	shown := spread(ns, max(1, (width-first-1)/size))
	b.WriteString(strings.Repeat(" ", first+1))
	for _, n := range shown {
		fmt.Fprintf(&b, "%*s", size, tickText(n))
	}
	b.WriteByte('\n')
	for _, load := range slices.Backward(loads) {
		line := fmt.Sprintf("%*s ", first, tickText(load))
		for _, n := range shown {
			line += t.heatCell(counts[[2]float64{n, load}], size)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

// FitSteps are the median steps to fit by width, a line for each n.
func (t Terminal) FitSteps(f *FitSteps) string {
	const title = "Steps to fit, of the runs that fit (median)"
	byN := f.byN()
	if len(byN) == 0 {
		return title + ": no run fitted\n"
	}
	var xs, ys []float64
	for _, line := range byN {
		for _, s := range line.steps {
			xs, ys = append(xs, s.m), append(ys, s.median)
		}
	}
	a := axes{title: title, x: "m", y: "steps", xMap: math.Log, yMap: math.Log}
	a.xLow, a.xHigh = widen(slices.Min(xs)/1.05, slices.Max(xs)*1.05)
	a.yLow, a.yHigh = widen(slices.Min(ys)/1.2, slices.Max(ys)*1.2)
	a.yTicks = logTicks(a.yLow, a.yHigh)
	if a.xTicks = valueTicks(xs, a.xLow, a.xHigh); a.xTicks == nil {
		a.xTicks = logTicks(a.xLow, a.xHigh)
	}
	c := t.canvas(a)
	for series, line := range byN {
		for j, s := range line.steps {
			from := line.steps[max(j-1, 0)]
			c.line(from.m, from.median, s.m, s.median, series)
		}
		c.name(series, fmt.Sprintf("n = %d", line.n))
	}
	return c.String()
}
