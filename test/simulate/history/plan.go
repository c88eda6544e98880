package history

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/toy"
)

// A plan is what a history is to be: a function of its seed alone.
type plan struct {
	seed    uint64
	verbose bool

	rows, columns int64 // points of the sweep: i < rows, j < columns
	more          int64 // rows that a second revision, or a second sweep, adds
	second        bool  // a second sweep with the same points and more, in place of a second revision
	submitMore    time.Duration
	retries       int
	poison        bool // some points kill their agents, and nothing else does
	cuts          bool // no agent ends: each that is lost comes back, and no point may stay in quarantine
	pause         bool // the sweep is paused for a while
	bolt          bool // over the real store

	fastest, slowest time.Duration // of points
	padding          int           // values in a curve
	latency          time.Duration // the longest
	hosts            int
	horizon          time.Duration // of faults
	faults           []fault
}

// A fault is to happen at a moment; what exactly is drawn from its own random numbers when it does.
type fault struct {
	at     time.Duration
	kind   int
	random *rand.Rand
}

func newPlan(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 1))
	p := plan{seed: seed, rows: 1 + r.Int64N(8), columns: 1 + r.Int64N(5), retries: r.IntN(4), hosts: 1 + r.IntN(4)}
	p.bolt = r.IntN(16) == 0
	p.poison = r.IntN(8) == 0
	p.pause = r.IntN(8) == 0
	if r.IntN(4) == 0 {
		p.more, p.second = 1+r.Int64N(3), r.IntN(2) == 0
		p.submitMore = seconds(r, 1, 60)
	}
	scale := []time.Duration{100 * time.Millisecond, 2 * time.Second, 15 * time.Second, 80 * time.Second}[min(r.IntN(7)/2, 3)]
	p.fastest, p.slowest = scale/4, 2*scale
	p.latency = []time.Duration{time.Microsecond, 10 * time.Millisecond, 700 * time.Millisecond}[r.IntN(3)]
	p.padding = []int{2, 2, 2, 3000}[r.IntN(4)]
	p.horizon = time.Duration(10+r.IntN(50)) * time.Second
	if scale > time.Second {
		p.horizon *= 3
	}
	for i := range 2 + r.IntN(10) {
		p.faults = append(p.faults, fault{
			at: time.Duration(r.Int64N(int64(p.horizon))), kind: r.IntN(100), random: rand.New(rand.NewPCG(seed, uint64(1000+i))),
		})
	}
	p.cuts = !p.poison && r.IntN(8) == 0
	return p
}

func seconds(r *rand.Rand, least, most float64) time.Duration {
	return time.Duration((least + (most-least)*r.Float64()) * float64(time.Second))
}

func (p plan) String() string {
	return fmt.Sprintf("seed %d: %d x %d points of %v to %v, %d rows more (as a second sweep: %v), retries %d, poison %v, only cuts %v, %d hosts, latency up to %v, "+
		"%d faults in %v, over the real store: %v", p.seed, p.rows, p.columns, p.fastest, p.slowest, p.more, p.second, p.retries, p.poison, p.cuts,
		p.hosts, p.latency, len(p.faults), p.horizon, p.bolt)
}

// A nature is what becomes of a point.
type nature struct {
	takes  time.Duration
	fails  int  // so often, before it succeeds
	broken bool // it always fails
	poison bool // it kills its agent
	large  bool // only the first host has the memory
}

func (p plan) nature(i, j int64) nature {
	r := rand.New(rand.NewPCG(p.seed, uint64(1<<32+i*1000+j)))
	n := nature{takes: p.fastest + time.Duration(r.Int64N(int64(p.slowest-p.fastest)))}
	switch kind := r.IntN(20); {
	case kind == 0:
		n.broken = true
	case kind < 3:
		n.fails = min(1+r.IntN(3), p.retries)
	case kind < 5 && p.poison:
		n.poison = true
	}
	n.large = r.IntN(10) == 0
	return n
}

// state is how the point must stand in the end.
func (n nature) state() sweep.State {
	switch {
	case n.poison:
		return sweep.Quarantined
	case n.broken:
		return sweep.Failed
	}
	return sweep.Done
}

// steps is how many steps a point takes. It can be interrupted between two of them.
const steps = 16

// advance is one step of a point: what comes out depends on every one of them.
func advance(x float64, i, j, step int64) float64 {
	return x*0.75 + float64(i+j*step+1)/7
}

// reach is what a point has come to after so many steps.
func reach(i, j, step int64) (x float64) {
	for k := range step {
		x = advance(x, i, j, k)
	}
	return x
}

// outcome is what the point must yield.
func (p plan) outcome(i, j int64) sweep.Outcome { return p.yield(i, j, reach(i, j, steps)) }

// yield is what a point yields that has come to x.
func (p plan) yield(i, j int64, x float64) sweep.Outcome {
	o := toy.Outcome(i, j)
	o.Scalars["sum"] = sweep.FloatValue(x)
	for k := int64(2); k < int64(p.padding); k++ {
		o.Curves.Step = append(o.Curves.Step, k)
		o.Curves.Values["loss"] = append(o.Curves.Values["loss"], float64(i)/float64(k+j))
	}
	return o
}

const quarantineAfter = 2 // in histories with poison

// quarantine is how many losses put a point aside.
func (p plan) quarantine() int {
	switch {
	case p.poison:
		return quarantineAfter
	case p.cuts:
		return 1
	}
	return 1000
}

// spec is the sweep's text: rows points in i.
func (p plan) spec(name string, rows int64) string {
	return fmt.Sprintf("name: %s\ntrainer: toy\ngrid: {i: 0..%d, j: 0..%d}\nsuccess: fit\nretries: %d\nquarantine_after: %d\n",
		name, rows-1, p.columns-1, p.retries, p.quarantine())
}

// sweeps are the sweeps that there must be in the end: name to rows.
func (p plan) sweeps() map[string]int64 {
	switch {
	case p.second:
		return map[string]int64{"first": p.rows, "second": p.rows + p.more}
	default:
		return map[string]int64{"first": p.rows + p.more}
	}
}
