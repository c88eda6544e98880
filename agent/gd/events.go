package gd

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/elementary"
	"github.com/widthlaw/widthlaw/sweep"
)

// lateRate is -d log L / dk by least squares over k = ceil(K/2) .. K. The steps' mean and the sum of their squared distances from it
// are exact; the other sum is one chain.
func lateRate(losses *history, fit int64) sweep.Value {
	from := (fit + 1) / 2
	if fit < 0 || fit-from < 2 || losses.at(fit) == 0 {
		return sweep.Value{}
	}
	n, mean, sum := float64(fit-from+1), float64(from+fit)/2, 0.0
	for k := from; k <= fit; k++ {
		sum = math.FMA(float64(k)-mean, elementary.Log(losses.at(k)), sum)
	}
	return number(-sum / (n * (float64(n*n) - 1) / 12))
}

// A verdict gathers what the four events are judged by.
type verdict struct {
	course   course
	lambda0  float64
	rules    *rules
	diverged bool // at the end, whether or not after a fit
	plateau  bool
}

// fit is true where K exists; false on a plateau, a divergence, or after the theory's own time.
func (v verdict) fit() sweep.Value {
	switch {
	case v.rules.fit >= 0:
		return sweep.BoolValue(true)
	case v.plateau || v.diverged || v.theorysTimeIsOver():
		return sweep.BoolValue(false)
	}
	return sweep.Value{}
}

// speaks says whether the theory says anything of this step size.
func (v verdict) speaks() bool { return v.course.pace > 0 && v.course.pace < 2 }

// theorysTimeIsOver says whether (1 - eta lambda0/2)^k L(0) has reached the target at the last step.
func (v verdict) theorysTimeIsOver() bool {
	if !v.speaks() || v.rules.losses.len == 0 {
		return false
	}
	bound := v.rules.losses.at(0)
	for range v.rules.losses.last() {
		bound *= v.course.decay()
	}
	return bound <= v.rules.target
}

// rate is true where L(k) <= (1 - eta lambda0/2)^k L(0) at every k <= K.
func (v verdict) rate() sweep.Value {
	if !v.speaks() {
		return sweep.Value{}
	}
	return v.judge(v.keepsRate())
}

func (v verdict) keepsRate() bool {
	losses := v.rules.losses
	if losses.len == 0 {
		return false
	}
	bound := losses.at(0)
	for k := int64(1); k <= v.end(); k++ {
		bound *= v.course.decay()
		if losses.at(k) > bound {
			return false
		}
	}
	return true
}

// kernel is true where lambda_min >= lambda0/2 at every recorded k <= K.
func (v verdict) kernel(steps []int64, lambdaMin []float64) sweep.Value {
	if lambdaMin == nil || v.lambda0 == 0 {
		return sweep.Value{}
	}
	kept := true
	for i, k := range steps {
		kept = kept && (k > v.end() || lambdaMin[i] >= v.lambda0/2)
	}
	return v.judge(kept)
}

// init is true where lambda_min >= 3/4 lambda0 at step 0.
func (v verdict) init(lambdaMin []float64) sweep.Value {
	if len(lambdaMin) == 0 || v.lambda0 == 0 {
		return sweep.Value{}
	}
	return sweep.BoolValue(lambdaMin[0] >= 0.75*v.lambda0)
}

// end is the last step that events look at.
func (v verdict) end() int64 {
	if v.rules.fit >= 0 {
		return v.rules.fit
	}
	return v.rules.losses.last()
}

// judge is the rule that rate and kernel share: a divergence after the fit changes nothing, and a budget that ended early decides
// nothing unless the condition has failed already.
func (v verdict) judge(kept bool) sweep.Value {
	switch {
	case v.diverged && v.rules.fit < 0 || !kept:
		return sweep.BoolValue(false)
	case v.rules.fit >= 0:
		return sweep.BoolValue(true)
	}
	return sweep.Value{}
}

// number is x, undefined where it is not finite.
func number(x float64) sweep.Value {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return sweep.Value{}
	}
	return sweep.FloatValue(x)
}
