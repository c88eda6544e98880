package gd

import (
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// A recorder takes a point's curves: what is recorded is computed, and nothing else.
type recorder struct {
	net     *network
	in      *inputs
	tangent *tangent // nil unless lambda_min or kernel_drift is recorded
	steps   []int64
	curves  map[string]*curve // those that are recorded

	loss, changes, flips, maxMove, meanMove, gradient, pl, lambdaMin, drift, accuracy *curve // of these; nil if not recorded

	owed bool // whether the last recorded step's gradient length is still to come, from the next pass
}

// A curve is the values so far, one a recorded step.
type curve []float64

// put appends a value if the curve is recorded; what is not finite is undefined.
func (c *curve) put(value float64) {
	if c == nil {
		return
	}
	if math.IsInf(value, 0) {
		value = math.NaN()
	}
	*c = append(*c, value)
}

// amend replaces the last value.
func (c *curve) amend(value float64) {
	if c != nil && len(*c) > 0 && !math.IsInf(value, 0) {
		(*c)[len(*c)-1] = value
	}
}

func newRecorder(p sweep.Point, net *network, in *inputs) *recorder {
	c := map[string]*curve{}
	for _, name := range p.Record.Curves {
		c[name] = new(curve)
	}
	r := &recorder{
		net: net, in: in, curves: c, loss: c["loss"], changes: c["pattern_changes"], flips: c["pattern_flips"], maxMove: c["max_move"],
		meanMove: c["mean_move"], gradient: c["gradient_norm"], pl: c["pl"], lambdaMin: c["lambda_min"], drift: c["kernel_drift"], accuracy: c["accuracy"],
	}
	if r.drift != nil || r.lambdaMin != nil {
		r.tangent = newTangent(net, in, r.drift != nil)
	}
	return r
}

// begin takes what a recorder keeps of step 0, where the network stands, without recording it.
func (r *recorder) begin() {
	if r.tangent != nil {
		r.tangent.look(0)
	}
}

// needs is what a network has to keep for the curves of a point.
func needs(p sweep.Point) keeps {
	return keeps{
		changes: p.Records("pattern_changes"), moves: p.Records("max_move") || p.Records("mean_move"), lengths: p.Records("mean_move"),
		gradients: p.Records("gradient_norm") || p.Records("pl"),
	}
}

// record takes step k, where the network stands. The gradient's length is owed.
func (r *recorder) record(k int64, loss float64) {
	net, pairs := r.net, float64(r.net.n)*float64(r.net.m)
	r.steps = append(r.steps, k)
	r.loss.put(loss)
	if r.changes != nil {
		r.changes.put(float64(kernel.Differences(net.bits, net.first)) / pairs)
	}
	if r.flips != nil {
		flips := 0
		for _, f := range net.flips {
			flips += f
		}
		r.flips.put(float64(flips) / pairs)
	}
	r.recordMoves()
	r.recordTangent(k)
	if r.accuracy != nil {
		r.accuracy.put(r.share())
	}
	r.gradient.put(math.NaN())
	r.pl.put(math.NaN())
	r.owed = r.gradient != nil || r.pl != nil
}

func (r *recorder) recordMoves() {
	if r.maxMove == nil && r.meanMove == nil {
		return
	}
	net := r.net
	net.pool.each(0, net.blocks(), net.moving)
	longest := 0.0
	for _, v := range net.longest {
		longest = max(longest, v)
	}
	r.maxMove.put(math.Sqrt(longest))
	r.meanMove.put(total(net.moves) / float64(net.m))
}

func (r *recorder) recordTangent(k int64) {
	if r.tangent == nil {
		return
	}
	r.tangent.look(k)
	if r.lambdaMin != nil {
		r.lambdaMin.put(r.tangent.lambdaMin())
	}
	if r.drift != nil {
		r.drift.put(r.tangent.drift())
	}
}

// share is that of the samples whose output has the label's sign.
func (r *recorder) share() float64 {
	if !r.in.signs {
		return math.NaN()
	}
	right := 0
	for i, y := range r.in.y {
		if y*(r.net.scale*r.net.sum[i]) > 0 {
			right++
		}
	}
	return float64(right) / float64(r.in.n)
}

// settle takes the gradient's length of the last recorded step, which the network's last squares hold.
func (r *recorder) settle(loss float64) {
	square := r.net.gradientSquare()
	r.gradient.amend(math.Sqrt(square))
	if loss > 0 {
		r.pl.amend(square / (2 * loss))
	}
	r.owed = false
}

// values are the curves.
func (r *recorder) values() map[string][]float64 {
	values := map[string][]float64{}
	for name, c := range r.curves {
		values[name] = *c
	}
	return values
}

// last is the last recorded step; -1 before the first.
func (r *recorder) last() int64 {
	if len(r.steps) == 0 {
		return -1
	}
	return r.steps[len(r.steps)-1]
}
