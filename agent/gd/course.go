package gd

import (
	"fmt"
	"math"

	"github.com/widthlaw/widthlaw/sweep"
)

// A course is what a point's relative parameters come to on its data set.
type course struct {
	eta  float64
	pace float64 // eta lambda0: the theory speaks where it is in (0, 2)
	// steps is the budget.
	steps int64
}

func newCourse(p sweep.Point, s sweep.Spectrum) (course, error) {
	c := course{eta: p.Float("lr")}
	if p.Get("lr").Kind == sweep.Relative {
		c.eta /= s.LambdaMax
	}
	if !(c.eta > 0) || math.IsInf(c.eta, 0) {
		return c, fmt.Errorf("lr: %s/lambda_max is no step size for this data set, whose lambda_max is %v; write lr as a number", p.Get("lr"), s.LambdaMax)
	}
	c.pace = c.eta * s.Lambda0
	steps, limit := p.Get("steps"), p.Int("steps_limit")
	switch {
	case steps.Kind == sweep.Int:
		c.steps = steps.Int
	case s.Lambda0 == 0:
		c.steps = limit
	default:
		want := math.Ceil(steps.Float / c.pace)
		if c.pace >= 1 {
			want = max(want, leastFastSteps)
		}
		c.steps = limit
		if want < float64(limit) {
			c.steps = int64(want)
		}
	}
	return c, nil
}

// decay is the factor by which the theory lets the loss fall in a step.
func (c course) decay() float64 { return 1 - float64(c.pace/2) }

// leastFastSteps is the least relative budget where eta lambda0 >= 1 and the theory's time is but a few steps.
const leastFastSteps = 1000
