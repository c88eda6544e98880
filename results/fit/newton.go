package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// A peak is where the posterior of a (re)sample is highest.
type peak struct {
	at        coefficients
	value     float64 // log posterior, up to a constant and to what the last step gained
	separated bool    // the slopes have the weak prior: without it they would be without bound
	ok        bool
}

// A start is where climbs begin, with what each unit says there: the first step of a draw looks at no row.
type start struct {
	at    coefficients
	units []int // in order of their first blocks
	says  []posterior
}

// startAt surveys a place from which many draws will climb.
func (r *regression) startAt(at coefficients) *start {
	s, v, places := &start{at: at}, r.look(at), map[int]int{}
	for i := range r.blocks {
		b := &r.blocks[i]
		place, known := places[b.unit]
		if !known {
			place = len(s.units)
			places[b.unit], s.units, s.says = place, append(s.units, b.unit), append(s.says, posterior{})
		}
		sums := v.sum(b)
		s.says[place].add(&sums, b, 1, r.columns)
	}
	return s
}

// from is the start's posterior with unit u counted weights[u] times; nil: once each.
func (s *start) from(weights []float64, prior bool, columns int, out *posterior) {
	*out = posterior{}
	for i, unit := range s.units {
		w := 1.0
		if weights != nil {
			if w = weights[unit]; w == 0 {
				continue
			}
		}
		out.weigh(&s.says[i], w, columns+1)
	}
	out.addPriors(s.at, prior, columns)
}

// newton is the step to the top of the parabola at a place, more and more damped until it goes up; decrement is twice the gain
// that the parabola promises.
func (p *posterior) newton(size int) (step coefficients, decrement float64, ok bool) {
	gradient := mat.NewVecDense(size, p.gradient[:size:size])
	curve := mat.NewSymDense(size, nil)
	var factor mat.Cholesky
	for damp := 0.0; damp < 1e12; damp = max(10*damp, 1e-6) {
		for j := range size {
			for k := j; k < size; k++ {
				curve.SetSym(j, k, p.curve[j][k])
			}
			curve.SetSym(j, j, p.curve[j][j]+damp*(1+math.Abs(p.curve[j][j])))
		}
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

// Newton's method takes its last step where that gains less than this in log posterior: since each step squares the error, the
// estimate is then exact to some ten digits, and a draw to a thousandth of a standard error.
// Where the coefficients are hardly told apart it is slow, and leastGain, a thousandth of a standard error, has to do.
const exactGain, drawGain, leastGain = 1e-10, 1e-4, 1e-6

// climb is damped Newton from start, whose posterior is now; it is overwritten. ok is false where it does not end.
func (r *regression) climb(at coefficients, now *posterior, weights []float64, prior bool, least float64) peak {
	size := r.columns + 1
	var next posterior
	last := math.Inf(1)
	for range 100 {
		step, gain, ok := now.newton(size)
		if !ok || math.IsNaN(gain) {
			break
		}
		if last = gain; gain < least {
			for j := range size {
				at[j] += step[j]
			}
			return peak{at, now.value, prior, true}
		}
		moved := false
		for share := 1.0; share > 1e-6; share /= 4 {
			to := at
			for j := range size {
				to[j] += share * step[j]
			}
			r.posterior(to, weights, prior, &next)
			if next.value >= now.value-1e-12*math.Abs(now.value) {
				at, *now, moved = to, next, true
				break
			}
		}
		if !moved {
			return peak{at, now.value, prior, gain < 1e-2}
		}
	}
	return peak{at, now.value, prior, last < leastGain}
}

// fit is the peak of the sample. Where the data would let the slope grow without bound, or does not pin it to within its own size,
// the coefficients get the weak prior.
func (r *regression) fit() peak {
	r, _ = r.resampled(nil)
	var now posterior
	at := r.begin()
	r.posterior(at, nil, false, &now)
	top := r.climb(at, &now, nil, false, exactGain)
	if top.ok && now.pins(1, r.columns+1, top.at[1]) {
		return top
	}
	return r.climbPrior(nil, exactGain)
}

// redraw is the peak of a draw, from the sample's: with the weak prior where that has it, or where the draw needs it.
func (r *regression) redraw(from *start, weights []float64, prior bool) peak {
	var now posterior
	if merged, _ := r.resampled(weights); merged != r {
		r, weights = merged, nil
		r.posterior(from.at, nil, prior, &now)
	} else {
		from.from(weights, prior, r.columns, &now)
	}
	top := r.climb(from.at, &now, weights, prior, drawGain)
	if prior || top.ok && now.pins(1, r.columns+1, top.at[1]) {
		return top
	}
	return r.climbPrior(weights, drawGain)
}

// climbPrior climbs from a place that has seen no data, with the weak prior.
func (r *regression) climbPrior(weights []float64, least float64) peak {
	var now posterior
	at := r.begin()
	r.posterior(at, weights, true, &now)
	return r.climb(at, &now, weights, true, least)
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
