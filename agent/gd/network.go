package gd

import (
	"iter"
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// A network is one training between two steps: what both forms share. A step is one pass over the blocks of neurons, in
// which each block goes backward from the residuals of the last step and forward to its part of the next outputs.
type network struct {
	kern *kernel.Set
	pool *pool
	form form

	n, d, m int
	seed    int64
	y       []float64
	scale   float64 // m^-1/2
	eta     float64

	bits  []uint64  // m x Words(n): the activation patterns
	first []uint64  // the same at step 0; nil unless pattern_changes is recorded
	sum   []float64 // n: sum over r of a_r relu(z_r)
	g     []float64 // n: residuals u - y

	round   int       // how many blocks go by between two times that partial sums are added up
	partial []float64 // round x n: each block's part of sum
	flips   []int     // of each block: patterns that the last pass changed
	squares []float64 // of each block: sum over its neurons of |sum_i h_ri x_i|^2
	moves   []float64 // of each block: sum of its neurons' moves, if lengths are asked for
	longest []float64 // of each block: the greatest move's square

	square  bool // whether the pass takes squares
	lengths bool // whether moveBlock takes every move's length
	still   bool // whether the pass leaves the network as it is

	starting, stepping, moving func(w *worker, block int) // bound once, so that a step allocates nothing
}

// A form is one of two ways to keep a trajectory, in one of two precisions. They agree but for rounding.
type form interface {
	// start sets the neurons of a span to step 0; started comes when all are.
	start(w *worker, s span)
	started()
	// residuals takes the residuals of the step where the network stands.
	residuals(g []float64)
	// squares sets w.sums to the squares of a span's gradients.
	squares(w *worker, s span)
	// step takes a span's step.
	step(w *worker, s span)
	// forward sets a span's patterns, and its part of the outputs. It counts the patterns that changed.
	forward(w *worker, s span, part []float64) (flips int)
	// moved sets out[r] to the square of the r-th neuron's distance from its start.
	moved(out []float64, s span)
	// kept is what a snapshot holds of the form.
	kept() []stored
}

// A span is a run of neurons.
type span struct {
	from, rows int
}

// parts are the span's, of so many neurons each.
func (s span) parts(rows int) iter.Seq[span] {
	return func(yield func(span) bool) {
		for from := s.from; from < s.from+s.rows; from += rows {
			if !yield(span{from, min(rows, s.from+s.rows-from)}) {
				return
			}
		}
	}
}

// keeps says what a network keeps for the curves that are recorded.
type keeps struct {
	changes, moves, lengths, gradients bool
}

// A layout is a network's shape: what its memory depends on.
type layout struct {
	n, d, m int
	gram    bool
	single  bool // float32
}

// shape is the layout of a point on a data set. The form depends on the point alone: Gram's 2 n^2 m operations a step against
// primal's 4 n d m.
func shape(p sweep.Point, n, d int) layout {
	return layout{n: n, d: d, m: int(p.Int("m")), gram: n < 2*d, single: p.Get("precision").Text == "float32"}
}

func (l layout) blocks() int { return (l.m + kernel.Block - 1) / kernel.Block }

// flops is a step's operations by the form's formula.
func (l layout) flops() float64 {
	n, d, m := float64(l.n), float64(l.d), float64(l.m)
	if l.gram {
		return 2 * n * n * m
	}
	return 4 * n * d * m
}

func (l layout) form() string {
	if l.gram {
		return "gram"
	}
	return "primal"
}

// leastRound is how many blocks' partial sums are kept at least before they are added up: few enough that they stay small beside a
// large W, many enough that threads seldom wait for each other.
const leastRound = 64

func newNetwork(l layout, kern *kernel.Set, p *pool, in *inputs, seed int64, eta float64, keep keeps) *network {
	m, words, blocks := l.m, kernel.Words(l.n), l.blocks()
	net := &network{
		kern: kern, pool: p, n: l.n, d: l.d, m: m, seed: seed, eta: eta, y: in.y, scale: 1 / math.Sqrt(float64(m)),
		bits: make([]uint64, m*words), sum: make([]float64, l.n), g: make([]float64, l.n),
		flips: make([]int, blocks), squares: make([]float64, blocks), moves: make([]float64, blocks), longest: make([]float64, blocks),
	}
	net.round = min(blocks, max(leastRound, 4*len(p.workers)))
	net.partial = make([]float64, net.round*l.n)
	net.lengths = keep.lengths
	if keep.changes {
		net.first = make([]uint64, len(net.bits))
	}
	if l.single {
		net.form = newForm[float32](net, in, l.gram, keep)
	} else {
		net.form = newForm[float64](net, in, l.gram, keep)
	}
	net.starting, net.stepping, net.moving = net.startBlock, net.stepBlock, net.moveBlock
	return net
}

func newForm[F kernel.Number](net *network, in *inputs, gram bool, keep keeps) form {
	if gram {
		return newGramForm[F](net, in, keep)
	}
	return newPrimalForm[F](net, in, keep)
}

func (net *network) blocks() int { return len(net.flips) }

func (net *network) span(block int) span {
	from := block * kernel.Block
	return span{from, min(kernel.Block, net.m-from)}
}

// start makes the network of step 0 from its seed, and its residuals.
func (net *network) start() {
	clear(net.bits)
	net.pass(net.starting)
	copy(net.first, net.bits)
	clear(net.flips)
	net.form.started()
}

// step goes to the next step; with square it takes the gradient's length at the step that it leaves.
func (net *network) step(square bool) {
	net.square, net.still = square, false
	net.pass(net.stepping)
}

// takeSquares takes the gradient's length at the step where the network stands.
func (net *network) takeSquares() {
	net.square, net.still = true, true
	net.pool.each(0, net.blocks(), net.stepping)
}

// pass goes over all blocks and adds up their parts of the outputs, in block order.
func (net *network) pass(phase func(w *worker, block int)) {
	clear(net.sum)
	for from := 0; from < net.blocks(); from += net.round {
		to := min(from+net.round, net.blocks())
		net.pool.each(from, to, phase)
		for b := from; b < to; b++ {
			kernel.Add(net.sum, net.part(b))
		}
	}
	for i, s := range net.sum {
		net.g[i] = float64(net.scale*s) - net.y[i]
	}
	net.form.residuals(net.g)
}

// part is where a block's part of the outputs goes.
func (net *network) part(block int) []float64 {
	return net.partial[block%net.round*net.n:][:net.n]
}

func (net *network) startBlock(w *worker, block int) {
	s := net.span(block)
	net.form.start(w, s)
	net.flips[block] = net.form.forward(w, s, net.part(block))
}

func (net *network) stepBlock(w *worker, block int) {
	s := net.span(block)
	if net.square {
		net.form.squares(w, s)
		net.squares[block] = total(w.sums[:s.rows])
	}
	if !net.still {
		net.form.step(w, s)
		net.flips[block] = net.form.forward(w, s, net.part(block))
	}
}

func (net *network) patterns(s span) []uint64 {
	words := kernel.Words(net.n)
	return net.bits[s.from*words:][:s.rows*words]
}

func (net *network) moveBlock(w *worker, block int) {
	s := net.span(block)
	squares := w.sums[:s.rows]
	net.form.moved(squares, s)
	total, longest := 0.0, 0.0
	for _, v := range squares {
		longest = max(longest, v) // from 0: rounding can make Gram's a little negative
	}
	if net.lengths {
		for _, v := range squares {
			total += math.Sqrt(max(v, 0))
		}
	}
	net.moves[block], net.longest[block] = total, longest
}

// loss is L of the residuals.
func (net *network) loss() float64 { return 0.5 * kernel.SumSquares(net.g) }

// gradientSquare is |dL/dW|^2 of the last squares taken: the sum over r of (m^-1/2 a_r)^2 |sum_i h_ri x_i|^2, a = +-1.
func (net *network) gradientSquare() float64 { return total(net.squares) / float64(net.m) }

// total adds in order.
func total(blocks []float64) float64 {
	sum := 0.0
	for _, v := range blocks {
		sum += v
	}
	return sum
}
