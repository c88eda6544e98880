package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Line is the needed widths' log-log regression over the cells that carry it: least squares, each cell weighing the same.
type Line struct {
	Terms     []Term
	Intercept float64 // log of the width at n = lambda0 = d = 1
	Along     *Term   // the exponent of n alone, everything else following it as in this sweep; where Terms are confounded
	Cells     int     // how many carry it

	alongIntercept float64
}

// A Term is one regressor of a Line, "n", "lambda0" or "d", in logs.
type Term struct {
	Name             string
	Exponent         float64 // NaN where the cells are too few
	Low, High        float64 // 95 %, from the draws that the thresholds' intervals come from
	Inflation        float64 // of its variance by the other regressors; +Inf: a function of them on these cells
	Decades          float64 // log10 of its range over these cells
	coordinate       func(Cell) Number
	varyingPerSample bool
}

// mostInflation is the largest variance inflation at which exponents are told apart (Kutner et al., Applied Linear
// Statistical Models, section 10.5).
const mostInflation = 10

// leastWidth: below it a floor rules, not the law.
const leastWidth = 10

func terms() []Term {
	return []Term{
		{Name: "n", coordinate: func(c Cell) Number { return c.N }},
		{Name: "lambda0", coordinate: func(c Cell) Number { return c.Lambda0 }, varyingPerSample: true},
		{Name: "d", coordinate: func(c Cell) Number { return c.D }},
	}
}

// Width is the line's needed width at a cell; the line in n alone where the terms are confounded; NaN where lambda0 is 0.
func (l *Line) Width(c Cell) float64 {
	if c.Lambda0 == 0 {
		return math.NaN()
	}
	if l.Along != nil {
		return math.Exp(l.alongIntercept + l.Along.Exponent*math.Log(float64(c.N)))
	}
	log := l.Intercept
	for _, t := range l.Terms {
		log += t.Exponent * math.Log(float64(t.coordinate(c)))
	}
	return math.Exp(log)
}

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

// A bootstrap is what the sample says, and what it says resampled.
type bootstrap struct {
	sample   *sample
	estimate []reading
	draws    [][]reading // nil with one cluster
}

// interval is the 95 % interval of a statistic.
func (b *bootstrap) interval(statistic func([]reading) float64) (low, high float64) {
	draws := make([]float64, len(b.draws))
	for i, r := range b.draws {
		draws[i] = statistic(r)
	}
	return interval95(statistic(b.estimate), draws, len(b.sample.clusters))
}

// carries says whether a cell's needed width is a point of the line.
func carries(c Cell, r reading) bool {
	return !math.IsInf(r.logM, 0) && r.logM >= math.Log(leastWidth) && c.N > 0 && !(c.Lambda0 == 0)
}

// line draws the law's line, nil where fewer than two cells carry it.
func (b *bootstrap) line(cells []Cell) *Line {
	var on []int
	var used []Cell
	for i, c := range cells {
		if carries(c, b.estimate[i]) {
			on, used = append(on, i), append(used, c)
		}
	}
	l := &Line{Cells: len(on)}
	for _, t := range terms() {
		if defined(used, t.coordinate) && varies(used, t.coordinate) {
			l.Terms = append(l.Terms, t)
		}
	}
	if len(l.Terms) == 0 {
		return nil
	}
	l.spread(used)
	l.Intercept = b.regress(l.Terms, on, cells)
	if n := l.Term("n"); n != nil && len(l.Terms) > 1 && l.Confounded() {
		along := []Term{*n}
		l.alongIntercept = b.regress(along, on, cells)
		l.Along = &along[0]
	}
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

// regress fills in the terms' exponents and intervals and returns the intercept.
func (b *bootstrap) regress(terms []Term, on []int, cells []Cell) (intercept float64) {
	solve := func(r []reading) []float64 { return leastSquares(terms, on, cells, b.sample, r) }
	estimate, draws := solve(b.estimate), make([][]float64, len(b.draws))
	for i, r := range b.draws {
		draws[i] = solve(r)
	}
	of := make([]float64, len(draws))
	for j := range terms {
		for i := range draws {
			of[i] = draws[i][j+1]
		}
		terms[j].Exponent = estimate[j+1]
		terms[j].Low, terms[j].High = interval95(estimate[j+1], of, len(b.sample.clusters))
	}
	return estimate[0]
}

// leastSquares are the intercept and the exponents by QR; NaN where the cells do not fix them. In a draw a needed width
// outside the swept ones counts as the nearest of these, and a cell without runs or lambda0 is left out.
func leastSquares(terms []Term, on []int, cells []Cell, s *sample, readings []reading) []float64 {
	out := make([]float64, len(terms)+1)
	var x, y []float64
	for _, i := range on {
		r, logM := readings[i], s.cells[i].logM
		if math.IsNaN(r.logM) || math.IsNaN(r.lambda0) && cells[i].Lambda0.Defined() {
			continue
		}
		x = append(x, 1)
		for _, t := range terms {
			if t.varyingPerSample {
				x = append(x, math.Log(r.lambda0))
			} else {
				x = append(x, math.Log(float64(t.coordinate(cells[i]))))
			}
		}
		y = append(y, min(max(r.logM, logM[0]), logM[len(logM)-1]))
	}
	var solution mat.VecDense
	if len(y) < len(out) || solution.SolveVec(mat.NewDense(len(y), len(out), x), mat.NewVecDense(len(y), y)) != nil {
		for j := range out {
			out[j] = math.NaN()
		}
		return out
	}
	copy(out, solution.RawVector().Data)
	return out
}

// exponents reads the law's exponents off its line.
func (l *Law) exponents() {
	checked := l.Line.Cells > len(l.Line.Terms)+1 && // else the line passes through every point, whatever they are
		len(l.contradicted()) == 0 // else the cells were selected by their width, which bends the line
	for _, t := range l.Line.Terms {
		e := Exponent{number(t.Exponent), number(t.Low), number(t.High), false}
		e.Told = e.Low*e.High > 0 && checked && t.Inflation <= mostInflation
		switch t.Name {
		case "n":
			l.Exponents.N = e
		case "lambda0":
			l.Exponents.Lambda0 = e
		case "d":
			l.Exponents.D = &e
		}
	}
}
