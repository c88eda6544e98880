package gd

import (
	"math"

	"github.com/widthlaw/widthlaw/sweep"
)

// Why a point ends.
const (
	stoppedFit      = "fit"
	stoppedSteps    = "steps"
	stoppedPlateau  = "plateau"
	stoppedDiverged = "diverged"
)

// rules decide when a point ends. They look at the loss of every step, in the order diverged, fit, steps, plateau.
type rules struct {
	zero      float64 // loss of the zero function
	target    float64 // a fit is a loss of at most this
	budget    int64
	stopAtFit bool
	plateau   int64 // 0: off

	losses *history
	fit    int64 // the first step at the target; -1 before

	before  float64 // least loss up to step k - plateau
	least   float64 // least loss of the last `plateau` steps, provided that leastAt is one of them
	leastAt int64
}

func newRules(p sweep.Point, zero float64, budget int64) *rules {
	return &rules{
		zero: zero, target: p.Float("loss_below") * zero, budget: budget, stopAtFit: p.True("stop_at_fit"), plateau: p.Int("plateau"),
		losses: newHistory(budget), fit: -1, before: math.Inf(1), least: math.Inf(1),
	}
}

// look takes the loss of the next step and says why the point ends there; "" if it goes on. A diverged step is not counted.
func (r *rules) look(loss float64) string {
	first := loss
	if r.losses.len > 0 {
		first = r.losses.at(0)
	}
	if math.IsNaN(loss) || math.IsInf(loss, 0) || loss > 1e6*max(first, r.zero) {
		return stoppedDiverged
	}
	r.losses.add(loss)
	k := r.losses.last()
	flat := r.flat(k, loss)
	if r.fit < 0 && loss <= r.target {
		r.fit = k
		if r.stopAtFit {
			return stoppedFit
		}
	}
	switch {
	case k == r.budget:
		return stoppedSteps
	case flat:
		return stoppedPlateau
	}
	return ""
}

// flat says whether min L over (k-P, k] > (1 - 1e-3) min L over [0, k-P]. The least loss of the window is known without a search: where
// its step leaves the window and no later loss is as low, all that is left in the window is no lower than what left it.
func (r *rules) flat(k int64, loss float64) bool {
	if r.plateau == 0 {
		return false
	}
	if loss <= r.least {
		r.least, r.leastAt = loss, k
	}
	if k < r.plateau {
		return false
	}
	r.before = min(r.before, r.losses.at(k-r.plateau))
	return r.leastAt <= k-r.plateau || r.least > (1-1e-3)*r.before
}
