package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A regression is one event's runs laid out for the law's model, over all cells, data sets and widths at once:
//
//	P(success) = (1 - lapse) sigmoid(b0 + b1 log m + b2 log n + b3 log lambda0 + ...)
//
// The lapse, the share of runs that fail at any width, has the prior Beta(2, 20): without it one unlucky failure far above the
// needed width bends the slope (Wichmann & Hill 2001, Perception & Psychophysics 63, 1293-1313). Rows are (cell, seeds, width),
// with counts: data sets have a lambda0 of their own. Columns are centred and scaled to a standard deviation of 1/2.
type regression struct {
	columns int       // the intercept, log m, then the terms
	x       []float64 // columns a row; the first is 1
	success []float64 // by row
	failure []float64
	unit    []int     // by row: its place among weights
	mean    []float64 // by column, before scaling
	scale   []float64
}

// mostColumns: the intercept, m, n, lambda0, d, and the lapse's logit after them.
const mostColumns = 6

// A coefficients vector holds the standardised b, then the lapse's logit.
type coefficients [mostColumns]float64

// A peak is where the posterior of a (re)sample is highest.
type peak struct {
	at        coefficients
	value     float64 // log posterior, up to a constant
	separated bool    // the slopes have the weak prior: without it they would be without bound
	ok        bool
}

// add appends a row of raw values.
func (r *regression) add(unit int, success, failure float64, raw ...float64) {
	r.columns = len(raw) + 1
	r.x = append(append(r.x, 1), raw...)
	r.success, r.failure, r.unit = append(r.success, success), append(r.failure, failure), append(r.unit, unit)
}

// standardise centres and scales the columns, once all rows are there.
func (r *regression) standardise() {
	r.mean, r.scale = make([]float64, r.columns), make([]float64, r.columns)
	rows := float64(len(r.unit))
	for j := 1; j < r.columns; j++ {
		square := 0.0
		for i := j; i < len(r.x); i += r.columns {
			r.mean[j] += r.x[i] / rows
		}
		for i := j; i < len(r.x); i += r.columns {
			r.x[i] -= r.mean[j]
			square += r.x[i] * r.x[i] / rows
		}
		r.scale[j] = 2 * math.Sqrt(square)
		if r.scale[j] < 1e-12 {
			r.scale[j] = 1
		}
		for i := j; i < len(r.x); i += r.columns {
			r.x[i] /= r.scale[j]
		}
	}
}

// raw are b0, b1, ... of a peak, in the columns' own units.
func (r *regression) raw(at coefficients) []float64 {
	out := make([]float64, r.columns)
	out[0] = at[0]
	for j := 1; j < r.columns; j++ {
		out[j] = at[j] / r.scale[j]
		out[0] -= out[j] * r.mean[j]
	}
	return out
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

// A posterior is its logarithm at a place with its gradient and its negative Hessian.
type posterior struct {
	value    float64
	gradient coefficients
	curve    [mostColumns][mostColumns]float64 // upper triangle
}

// The prior of the lapse is Beta(lapseSuccess, lapseFailure).
const lapseSuccess, lapseFailure = 2, 20

// The weak prior of a separated sample: Cauchy, by the scale of standardised coefficients (Gelman, Jakulin, Pittau & Su 2008,
// Ann. Appl. Stat. 2, 1360-1383).
const priorScale, interceptScale = 2.5, 10.0

// posterior evaluates at a place; unit u counts weights[u] times, nil: once each. With lapse l, s = sigmoid(eta), P = (1-l) s and
// g = successes - failures P/(1-P), the derivatives of the log likelihood are (1-s) g in eta and -l g in logit l.
func (r *regression) posterior(at coefficients, weights []float64, prior bool, out *posterior) {
	*out = posterior{}
	columns, last := r.columns, r.columns
	lapse := sigmoid(at[last])
	keep := sigmoid(-at[last])
	var inEta coefficients // of the row
	for i, unit := range r.unit {
		w := 1.0
		if weights != nil {
			if w = weights[unit]; w == 0 {
				continue
			}
		}
		x, eta := r.x[i*columns:(i+1)*columns], 0.0
		for j, x := range x {
			eta += at[j] * x
		}
		var s, miss float64 // sigmoid(eta), 1 - sigmoid(eta)
		if eta >= 0 {
			e := math.Exp(-eta)
			s, miss = 1/(1+e), e/(1+e)
		} else {
			e := math.Exp(eta)
			s, miss = e/(1+e), 1/(1+e)
		}
		p, q := keep*s, miss+lapse*s
		p, q = max(p, 1e-300), max(q, 1e-300)
		won, lost := w*r.success[i], w*r.failure[i]
		if won > 0 {
			out.value += won * math.Log(p)
		}
		g, bend := won, 0.0
		if lost > 0 {
			out.value += lost * math.Log(q)
			g -= lost * p / q
			bend = lost * p / (q * q)
		}
		slope := miss * g
		curveEta := s*miss*g + miss*miss*bend
		curveMixed := -miss * lapse * bend
		for j, xj := range x {
			out.gradient[j] += slope * xj
			inEta[j] = curveEta * xj
			out.curve[j][last] += curveMixed * xj
		}
		for j, xj := range x {
			for k := j; k < columns; k++ {
				out.curve[j][k] += xj * inEta[k]
			}
		}
		out.gradient[last] -= lapse * g
		out.curve[last][last] += lapse*keep*g + lapse*lapse*bend
	}
	out.value += (lapseSuccess-1)*math.Log(max(lapse, 1e-300)) + (lapseFailure-1)*math.Log(max(keep, 1e-300))
	out.gradient[last] += (lapseSuccess-1)*keep - (lapseFailure-1)*lapse
	out.curve[last][last] += (lapseSuccess + lapseFailure - 2) * lapse * keep
	if prior {
		out.addPrior(at, columns)
	}
}

// addPrior adds the Cauchy prior of the b.
func (p *posterior) addPrior(at coefficients, columns int) {
	for j := range columns {
		s, x := priorScale, at[j]
		if j == 0 {
			s = interceptScale
		}
		square := s*s + x*x
		p.value -= math.Log(square / (s * s))
		p.gradient[j] -= 2 * x / square
		p.curve[j][j] += 2 * (s*s - x*x) / (square * square)
	}
}

// newton is the step to the top of the parabola at a place, more and more damped until it goes up; decrement is twice the gain
// that the parabola promises.
func (p *posterior) newton(size int) (step coefficients, decrement float64, ok bool) {
	gradient := mat.NewVecDense(size, p.gradient[:size:size])
	for damp := 0.0; damp < 1e12; damp = max(10*damp, 1e-6) {
		curve := mat.NewSymDense(size, nil)
		for j := range size {
			for k := j; k < size; k++ {
				curve.SetSym(j, k, p.curve[j][k])
			}
			curve.SetSym(j, j, p.curve[j][j]+damp*(1+math.Abs(p.curve[j][j])))
		}
		var factor mat.Cholesky
		if !factor.Factorize(curve) || factor.Cond() > 1e13 {
			continue
		}
		var solution mat.VecDense
		if factor.SolveVecTo(&solution, gradient) != nil {
			continue
		}
		copy(step[:], solution.RawVector().Data)
		return step, mat.Dot(gradient, &solution), true
	}
	return step, 0, false
}

// Newton's method ends where a step gains less than this in log posterior: a thousandth of a standard error.
const leastGain = 1e-6

// climb is damped Newton from start. ok is false where it does not end.
func (r *regression) climb(start coefficients, weights []float64, prior bool) (top peak, curve posterior) {
	size := r.columns + 1
	var now, next posterior
	r.posterior(start, weights, prior, &now)
	at := start
	for range 100 {
		step, gain, ok := now.newton(size)
		if !ok || math.IsNaN(gain) {
			break
		}
		moved := false
		for share := 1.0; share > 1e-6; share /= 4 {
			to := at
			for j := range size {
				to[j] += share * step[j]
			}
			r.posterior(to, weights, prior, &next)
			if next.value >= now.value-1e-12*math.Abs(now.value) {
				at, now, moved = to, next, true
				break
			}
		}
		if gain < leastGain || !moved {
			return peak{at, now.value, prior, gain < 1e-2}, now
		}
	}
	return peak{at: at, value: now.value, separated: prior}, now
}

// fit is the peak of a (re)sample. Where the data would let the slope grow without bound, or does not pin it to within its own
// size, the coefficients get the weak prior.
func (r *regression) fit(start coefficients, weights []float64, prior bool) peak {
	if !prior {
		top, curve := r.climb(start, weights, false)
		if top.ok && curve.pins(1, r.columns+1, top.at[1]) {
			return top
		}
		start = r.begin()
	}
	top, _ := r.climb(start, weights, true)
	return top
}

// begin is where the first climb starts: a mild slope and the lapse's prior mode.
func (r *regression) begin() coefficients {
	at := coefficients{0, 1}
	at[r.columns] = math.Log((lapseSuccess - 1.0) / (lapseFailure - 1.0))
	return at
}

// pins says whether the j-th coefficient's standard error is below its size.
func (p *posterior) pins(j, size int, value float64) bool {
	curve := mat.NewSymDense(size, nil)
	for i := range size {
		for k := i; k < size; k++ {
			curve.SetSym(i, k, p.curve[i][k])
		}
		curve.SetSym(i, i, p.curve[i][i]*(1+1e-9)+1e-12)
	}
	var factor mat.Cholesky
	if !factor.Factorize(curve) {
		return false
	}
	unit, solution := mat.NewVecDense(size, nil), mat.VecDense{}
	unit.SetVec(j, 1)
	if err := factor.SolveVecTo(&solution, unit); err != nil {
		if _, only := err.(mat.Condition); !only {
			return false
		}
	}
	variance := solution.AtVec(j)
	return variance > 0 && variance < value*value
}
