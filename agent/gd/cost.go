package gd

import (
	"github.com/widthlaw/widthlaw/agent/gd/eigen"
	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// costParams are what a point's cost depends on, beside its spectrum.
func costParams() []string { return []string{"n", "d", "m", "lr", "steps", "steps_limit"} }

// cost is what a point takes if it uses its whole budget: the form's operations a step, and 4/3 n^3 for the data set's eigenvalues
// and, where lambda_min or kernel_drift is recorded, for those of each recorded step.
func cost(p sweep.Point, s sweep.Spectrum) sweep.Cost {
	c, err := newCourse(p, s)
	if err != nil {
		c.steps = p.Int("steps_limit")
	}
	n, decompositions := float64(p.Int("n")), 1.0
	recorded := p.Record.At.Steps(min(c.steps, 1<<40)).Len() // its length is counted in int64 too
	for _, curve := range []string{"lambda_min", "kernel_drift"} {
		if p.Records(curve) {
			decompositions += float64(recorded)
		}
	}
	l := shape(p, int(p.Int("n")), int(p.Int("d")))
	return sweep.Cost{
		Flops:  float64(float64(c.steps)*l.flops()) + float64(decompositions*4/3*n*n*n),
		Steps:  c.steps,
		Memory: int64(min(1<<60, memory(p, c.steps)+float64(8*float64(recorded)*float64(1+2*len(p.Record.Curves))))),
	}
}

// likelyThreads is for how many threads' own memory the estimate has room.
const likelyThreads = 4

// memory is the bytes of a point at most, its curves left out: the data set, what the form keeps, patterns, and the losses.
func memory(p sweep.Point, steps int64) float64 {
	l := shape(p, int(p.Int("n")), int(p.Int("d")))
	n, d, m := float64(l.n), float64(l.d), float64(l.m)
	keep, drift := needs(p), p.Records("kernel_drift")
	eigenvalues := drift || p.Records("lambda_min")

	patterns := m * float64(kernel.Words(l.n))
	state := m*d + 2*m // W; the second layer, and its coefficients
	if l.gram {
		state = m*n + 2*m
	}
	if keep.moves && l.gram {
		state += 2 * m * n
	} else if keep.moves {
		state += m * d
	}
	threads := min(float64(l.blocks()), likelyThreads)
	state += threads * (min(kernel.Block, m)*max(n, d) + n) // products
	if l.single {
		state /= 2 // half as many bytes
	}
	if keep.changes {
		state += patterns
	}
	if eigenvalues {
		state += patterns + n*n/4 + n*n + eigen.Bytes(l.n)/8 // bits by sample; counts; H, and its decomposition
	}
	if drift {
		state += n * n / 4 // counts at step 0
	}
	partial := min(float64(l.blocks()), leastRound) * n
	training := state + patterns + partial + float64(steps)
	spectrum := n*n + n*d + eigen.Bytes(l.n)/8 // H_inf; directions; its decomposition
	if l.n >= eigen.Large {
		spectrum += n*d + likelyThreads*kernel.Block*n // directions packed; products
	}
	return l.inputBytes(keep.gradients, eigenvalues) + 8*max(training, spectrum)
}
