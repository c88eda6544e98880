package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Line is the law: the model of regression.go at its peak.
type Line struct {
	Terms     []Term
	Intercept float64 // log of the width at n = lambda0 = d = 1; this and the next of the model that speaks for the cells
	Slope     float64 // of the logit in log m
	Lapse     float64 // the share of runs that fail at any width
	Along     []Term  // of the law along the sweep, n first: everything else follows them as it does here; where Terms are confounded
	Cells     int     // in which success grows inside the swept widths: those that carry it
	Separated bool    // the data lets the slope grow without bound: it has the weak prior

	level float64
	fit   *fitted
	along *fitted
	spans []span  // of each cell of the Law
	drift float64 // the exponent with which lambda0 follows n over the cells that carry the law
}

// A Term is one regressor of a Line, "n", "lambda0" or "d", in logs.
type Term struct {
	Name        string
	Exponent    float64 // of the needed width; NaN where the data does not fix it
	Low, High   float64 // 95 %, by the cluster bootstrap
	FiellerLow  float64 // 95 %, by Fieller's theorem; NaN where that is no interval
	FiellerHigh float64
	Inflation   float64 // of its variance by the other regressors; +Inf: a function of them on these cells
	Decades     float64 // log10 of its range over these cells
	coordinate  func(Cell) Number
}

// mostInflation is the largest variance inflation at which exponents are told apart (Kutner et al., Applied Linear
// Statistical Models, section 10.5); beyond unboundedInflation the data does not fix them at all.
const mostInflation, unboundedInflation = 10, 1e8

// LeastWidth is the least width in the law: below it a floor rules.
const LeastWidth = 10

func terms() []Term {
	return []Term{
		{Name: "n", coordinate: func(c Cell) Number { return c.N }},
		{Name: "lambda0", coordinate: func(c Cell) Number { return c.Lambda0 }},
		{Name: "d", coordinate: func(c Cell) Number { return c.D }},
	}
}

// logs are the coordinates of a cell.
func logs(terms []Term, c Cell) []float64 {
	out := make([]float64, len(terms))
	for j, t := range terms {
		out[j] = math.Log(float64(t.coordinate(c)))
	}
	return out
}

// Width is the law's needed width at a cell; that of the law along the sweep where the terms are confounded; NaN where lambda0 is 0.
func (l *Line) Width(c Cell) float64 {
	f, x := l.at(c)
	if f == nil {
		return math.NaN()
	}
	return math.Exp(f.estimate.width(l.level, x))
}

// A span is a width by the law with its 95 % interval.
type span struct{ m, low, high float64 }

// span is Width with its interval.
func (l *Line) span(c Cell) span {
	f, x := l.at(c)
	if f == nil {
		return span{math.NaN(), math.NaN(), math.NaN()}
	}
	width, low, high := f.width(l.level, x)
	return span{math.Exp(width), math.Exp(low), math.Exp(high)}
}

// at is the model that speaks for a cell, and its terms' logs there.
func (l *Line) at(c Cell) (*fitted, []float64) {
	if c.Lambda0 == 0 || l.fit == nil {
		return nil, nil
	}
	f, terms := l.spoken()
	return f, logs(terms, c)
}

// spoken is the model that speaks for the cells, and its terms: the law along the sweep where there is one.
func (l *Line) spoken() (*fitted, []Term) {
	if l.along != nil {
		return l.along, l.Along
	}
	return l.fit, l.Terms
}

// Success is the law's probability of success at a cell and width m, the lapse among it.
func (l *Line) Success(c Cell, m float64) float64 {
	f, x := l.at(c)
	if f == nil {
		return math.NaN()
	}
	e := f.estimate
	return (1 - e.lapse) * sigmoid(logit(l.level)+e.b[1]*(math.Log(m)-e.width(l.level, x)))
}

// reach is the width at which the law's success, lapses among it, reaches a share; NaN where it never does.
func (l *Line) reach(c Cell, share float64) float64 {
	f, x := l.at(c)
	if f == nil || share >= 1-f.estimate.lapse {
		return math.NaN()
	}
	e := f.estimate
	return math.Exp(e.width(l.level, x) + (logit(share/(1-e.lapse))-logit(l.level))/e.b[1])
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// Term is the named term, nil where the cells do not differ in it.
func (l *Line) Term(name string) *Term {
	if i := slices.IndexFunc(l.Terms, func(t Term) bool { return t.Name == name }); i >= 0 {
		return &l.Terms[i]
	}
	return nil
}

// Confounded says whether some exponents cannot be told apart.
func (l *Line) Confounded() bool {
	return slices.ContainsFunc(l.Terms, func(t Term) bool { return !(t.Inflation <= mostInflation) })
}

// carrying are the cells that pin the law: success grows inside the swept widths.
func (l *Law) carrying(b *bootstrap) (cells []Cell) {
	inside := func(logM float64) bool { return !math.IsInf(logM, 0) && logM >= math.Log(LeastWidth) }
	for i, c := range l.Cells {
		grows := inside(b.estimate[i].logM) || inside(b.estimate[i].half)
		if l.Sought != nil {
			grows = l.Thresholds[i].M >= LeastWidth
		}
		if grows && c.N > 0 && !(c.Lambda0 == 0) {
			cells = append(cells, c)
		}
	}
	return cells
}

// line fits the law, of which these cells tell; nil where fewer than two do.
func (b *bootstrap) line(used []Cell) *Line {
	l := &Line{Cells: len(used), level: b.sample.level}
	for _, t := range terms() {
		if defined(used, t.coordinate) && varies(used, t.coordinate) {
			l.Terms = append(l.Terms, t)
		}
	}
	if len(l.Terms) == 0 {
		return nil
	}
	l.spread(used)
	l.fit = b.fitTerms(l.Terms)
	if l.fit == nil {
		return nil
	}
	l.fitAlong(b, used)
	model, _ := l.spoken()
	e := model.estimate
	l.Intercept, l.Slope, l.Lapse, l.Separated = (logit(l.level)-e.b[0])/e.b[1], e.b[1], e.lapse, e.separated
	return l
}

func defined(cells []Cell, of func(Cell) Number) bool {
	return !slices.ContainsFunc(cells, func(c Cell) bool { return !of(c).Defined() })
}

// spread fills in range and variance inflation: the diagonal of the inverse of the terms' correlation matrix.
func (l *Line) spread(cells []Cell) {
	k := len(l.Terms)
	columns := make([][]float64, k)
	for j, t := range l.Terms {
		columns[j] = make([]float64, len(cells))
		mean := 0.0
		for i, c := range cells {
			columns[j][i] = math.Log(float64(t.coordinate(c)))
			mean += columns[j][i] / float64(len(cells))
		}
		l.Terms[j].Decades = (slices.Max(columns[j]) - slices.Min(columns[j])) / math.Ln10
		for i := range columns[j] {
			columns[j][i] -= mean
		}
		norm := math.Sqrt(dot(columns[j], columns[j]))
		for i := range columns[j] {
			columns[j][i] /= norm
		}
	}
	correlation := mat.NewDense(k, k, nil)
	for i := range k {
		for j := range k {
			correlation.Set(i, j, dot(columns[i], columns[j]))
		}
	}
	var inverse mat.Dense
	err := inverse.Inverse(correlation)
	for j := range l.Terms {
		l.Terms[j].Inflation = math.Inf(1)
		if err == nil {
			l.Terms[j].Inflation = inverse.At(j, j)
		}
	}
}

func dot(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

// exponents reads the law's exponents off its line.
func (l *Law) exponents() {
	checked := l.checked(l.Line.Terms)
	l.Exponents.D = nil
	for _, t := range l.Line.Terms {
		e := Exponent{Value: number(t.Exponent), Low: number(t.Low), High: number(t.High), Fieller: &Interval{number(t.FiellerLow), number(t.FiellerHigh)}}
		e.Told = e.Low*e.High > 0 && checked && t.Inflation <= mostInflation
		if t.Name == "d" {
			l.Exponents.D = &Exponent{}
		}
		*l.exponent(t.Name) = e
	}
}
