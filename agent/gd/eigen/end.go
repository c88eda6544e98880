package eigen

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// An end is what is known of one end of the spectrum: of the greatest eigenvalue of sign a.
type end struct {
	sign     float64 // +1 or -1
	value    float64 // x.(sign a)x of a unit vector x: but for rounding, no more than the eigenvalue
	residual float64 // |sign a x - value x|: an eigenvalue is as near as that
	error    float64 // how much greater the eigenvalue may be
}

const (
	// In units of the norm: settled is the error at which an end needs no more work. The residual must be down to resolved by then: where it is
	// wider than a cluster of eigenvalues, they look like one, and the error is that to the cluster.
	settled, resolved = 0x1p-46, 0x1p-43
	// tolerated is what rounding may leave of the error in the end.
	tolerated = 0x1p-44
	// enclosed is the width of a bracket that is as good: a shift with a factor above, a value below.
	enclosed = 0x1p-37

	inverseSteps  = 64 // on one inverse, fewer than directSteps, until a closer shift is worth another factor
	inverseRounds = 10 // factors that are tried
)

// directSteps is how many steps of Lanczos' method on the matrix itself cost about as much as a factor and its inverse.
func directSteps(n int) int { return 80 + n/64 }

func (e *end) done(norm float64) bool {
	return e.error <= settled*norm && e.residual <= resolved*norm
}

// most is a likely upper bound of the eigenvalue.
func (e *end) most() float64 { return e.value + 2*e.residual }

func byValue(low, high *end) (near, far *end) {
	if low.value > high.value {
		return high, low
	}
	return low, high
}

// overestimate bounds the error of a value whose residual is known: by the residual itself, and by Temple's and Kato's
// inequality where the next eigenvalue is at least a gap below. A gap that is not known is NaN.
func overestimate(residual, gap float64) float64 {
	if gap > residual {
		return residual * (residual / gap)
	}
	return residual
}

// estimate takes what a Krylov space says of the end.
func (e *end) estimate(k *krylov) {
	e.value, e.residual = k.ritz(e.sign, 1)
	next, residual := k.ritz(e.sign, 2)
	e.error = overestimate(e.residual, e.value-(next+residual))
}

// direct goes through Lanczos' method on the matrix itself until enough is known of its ends.
func (s *Solver) direct(enough func(low, high *end) bool) (low, high *end) {
	low, high = &end{sign: -1}, &end{sign: 1}
	k := s.krylov
	k.start()
	for limit := directSteps(s.n); ; {
		k.step(s.multiply)
		if k.ended || k.steps()%8 == 0 || k.steps() == limit {
			low.estimate(k)
			high.estimate(k)
			s.norm = max(math.Abs(low.value), math.Abs(high.value))
			if k.ended || k.steps() == limit || enough(low, high) {
				return low, high
			}
		}
	}
}

// settle makes an end certain, by Lanczos' method on the inverse of shift - sign a, whose greatest eigenvalue stands the further apart
// the closer the shift is to the end. A shift with a Cholesky factor is above the eigenvalue; one without is raised.
func (s *Solver) settle(e *end) bool {
	if e.done(s.norm) {
		return true
	}
	least := float64(s.n) * 0x1p-52 * s.norm // what rounding does to a factor
	shift := e.most() + least
	if e.value < 0 {
		shift = min(shift, least) // sign a may well be negative semidefinite
	}
	for range inverseRounds {
		if !s.factor.make(s.a, s.diagonal, e.sign, shift) {
			shift = e.value + 4*(shift-e.value)
			continue
		}
		if s.invert(e, shift) || shift-e.value <= enclosed*s.norm {
			return true
		}
		shift = e.value + min(2*e.residual+least, (shift-e.value)/2)
	}
	return false
}

// invert takes an end from the inverse of shift - sign a, and says whether it is certain then.
func (s *Solver) invert(e *end, shift float64) bool {
	k, inverse := s.krylov, &end{sign: 1}
	k.start()
	for {
		k.step(s.factor.solve)
		last := k.ended || k.steps() == inverseSteps
		if !last && k.steps()%4 != 0 {
			continue
		}
		inverse.estimate(k)
		mu := inverse.value
		if !(mu > 0) {
			return false
		}
		if inverse.done(float64(mu*mu) * s.norm) {
			return s.polish(e, shift)
		}
		if last {
			e.value, e.residual = shift-1/mu, inverse.residual/(mu*mu)
			return false
		}
	}
}

// polish takes an end from the vector that the Krylov space of the inverse has for it, by the matrix itself: a factor may be
// less exact than the matrix.
func (s *Solver) polish(e *end, shift float64) bool {
	k := s.krylov
	next, residual := k.ritz(1, 2)
	k.vector(s.ax)
	s.factor.solve(s.x, s.ax)
	normalise(s.x)
	s.multiplyUpper(s.ax, s.x)
	e.rayleigh(s.ax, s.x)
	e.error = overestimate(e.residual, e.value-(shift-1/(next+residual)))
	return e.error <= tolerated*s.norm
}

// rayleigh takes an end's value and residual from a unit vector x and a x. It overwrites a x.
func (e *end) rayleigh(ax, x []float64) {
	e.value = 0
	for i, v := range ax {
		ax[i] = e.sign * v
		e.value = math.FMA(x[i], ax[i], e.value)
	}
	for i, v := range x {
		ax[i] = math.FMA(-e.value, v, ax[i])
	}
	e.residual = math.Sqrt(kernel.SumSquares(ax))
}
