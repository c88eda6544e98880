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
	values  map[string][]float64

	gradients bool // whether a curve needs the gradient's length
	owed      bool // whether the last recorded step's is still to come, from the next pass
}

func newRecorder(p sweep.Point, net *network, in *inputs) *recorder {
	r := &recorder{net: net, in: in, values: map[string][]float64{}}
	for _, name := range p.Record.Curves {
		r.values[name] = nil
	}
	r.gradients = r.records("gradient_norm") || r.records("pl")
	if drift := r.records("kernel_drift"); drift || r.records("lambda_min") {
		r.tangent = newTangent(net, in, drift)
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
		changes: p.Records("pattern_changes"), moves: p.Records("max_move") || p.Records("mean_move"),
		gradients: p.Records("gradient_norm") || p.Records("pl"),
	}
}

func (r *recorder) records(curve string) bool {
	_, ok := r.values[curve]
	return ok
}

// record takes step k, where the network stands. The gradient's length is owed.
func (r *recorder) record(k int64, loss float64) {
	net, pairs := r.net, float64(r.net.n)*float64(r.net.m)
	r.steps = append(r.steps, k)
	r.put("loss", loss)
	if r.records("pattern_changes") {
		r.put("pattern_changes", float64(kernel.Differences(net.bits, net.first))/pairs)
	}
	flips := 0
	for _, f := range net.flips {
		flips += f
	}
	r.put("pattern_flips", float64(flips)/pairs)
	if r.records("max_move") || r.records("mean_move") {
		r.recordMoves()
	}
	r.recordTangent(k)
	r.put("accuracy", r.accuracy())
	r.put("gradient_norm", math.NaN())
	r.put("pl", math.NaN())
	r.owed = r.gradients
}

// put appends a curve's value if the curve is recorded; what is not finite is undefined.
func (r *recorder) put(curve string, value float64) {
	if values, ok := r.values[curve]; ok {
		if math.IsInf(value, 0) {
			value = math.NaN()
		}
		r.values[curve] = append(values, value)
	}
}

func (r *recorder) recordMoves() {
	net := r.net
	net.pool.each(0, net.blocks(), net.moving)
	longest := 0.0
	for _, v := range net.longest {
		longest = max(longest, v)
	}
	r.put("max_move", longest)
	r.put("mean_move", total(net.moves)/float64(net.m))
}

func (r *recorder) recordTangent(k int64) {
	if r.tangent == nil {
		return
	}
	r.tangent.look(k)
	if r.records("lambda_min") {
		r.put("lambda_min", r.tangent.lambdaMin())
	}
	if r.records("kernel_drift") {
		r.put("kernel_drift", r.tangent.drift())
	}
}

// accuracy is the share of samples whose output has the label's sign.
func (r *recorder) accuracy() float64 {
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
	r.amend("gradient_norm", math.Sqrt(square))
	if loss > 0 {
		r.amend("pl", square/(2*loss))
	}
	r.owed = false
}

func (r *recorder) amend(curve string, value float64) {
	if values := r.values[curve]; len(values) > 0 && !math.IsInf(value, 0) {
		values[len(values)-1] = value
	}
}

// last is the last recorded step; -1 before the first.
func (r *recorder) last() int64 {
	if len(r.steps) == 0 {
		return -1
	}
	return r.steps[len(r.steps)-1]
}
