package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Where exponents cannot be told apart there is a law along the sweep: lambda0 follows n and d as it does in these cells, and is in the
// exponents of n and d.

// fitAlong fits that law, where the terms are confounded.
func (l *Line) fitAlong(b *bootstrap, cells []Cell) {
	terms := l.together(cells)
	if terms == nil {
		return
	}
	if l.along = b.fitTerms(terms); l.along != nil {
		l.Along, l.drift = terms, drift(cells)
	}
}

// together are the terms of the law along the sweep: n, and d where the cells tell the two apart; nil where there is no need of it.
func (l *Line) together(cells []Cell) []Term {
	n, d := l.Term("n"), l.Term("d")
	if n == nil || len(l.Terms) < 2 || !l.Confounded() {
		return nil
	}
	if d != nil {
		both := Line{Terms: []Term{*n, *d}}
		if both.spread(cells); !both.Confounded() {
			return both.Terms
		}
	}
	alone := Line{Terms: []Term{*n}}
	alone.spread(cells)
	return alone.Terms
}

// along fills in the exponents of the law along the sweep.
func (l *Law) along() {
	checked := l.checked(l.Line.Along)
	for _, t := range l.Line.Along {
		e := &Exponent{number(t.Exponent), number(t.Low), number(t.High), t.Low*t.High > 0 && checked && !l.Readings.decides(alongName(t), t),
			&Interval{number(t.FiellerLow), number(t.FiellerHigh)}, l.Readings.beside(alongName(t), t)}
		if t.Name == "d" {
			l.AlongD = e
		} else {
			l.Along = e
		}
	}
}

// alongName is what a term of the law along the sweep is called in JSON.
func alongName(t Term) string {
	if t.Name == "d" {
		return "along_d"
	}
	return "along"
}

// alongText is the law along the sweep as text, "n^1.02 [0.91, 1.13]"; empty where nothing of it is told.
func (l *Law) alongText() string {
	if l.Along == nil || !l.Along.Told && (l.AlongD == nil || !l.AlongD.Told) {
		return ""
	}
	text := "n^" + l.Along.text()
	if l.AlongD != nil {
		text += " · d^" + l.AlongD.text()
	}
	return text
}

// drift is the slope of log lambda0 in log n at one d, by least squares; 0 without one.
func drift(cells []Cell) float64 {
	at := map[Number][]Cell{}
	for _, c := range cells {
		if c.Lambda0 > 0 {
			at[c.D] = append(at[c.D], c)
		}
	}
	var x, y []float64
	for _, c := range cells {
		if !(c.Lambda0 > 0) {
			continue
		}
		n, lambda0 := 0.0, 0.0 // means at this d
		for _, other := range at[c.D] {
			n += math.Log(float64(other.N)) / float64(len(at[c.D]))
			lambda0 += math.Log(float64(other.Lambda0)) / float64(len(at[c.D]))
		}
		x, y = append(x, math.Log(float64(c.N))-n), append(y, math.Log(float64(c.Lambda0))-lambda0)
	}
	if len(x) < 2 || slices.Min(x) == slices.Max(x) {
		return 0
	}
	_, slope := stat.LinearRegression(x, y, nil, false)
	return slope
}
