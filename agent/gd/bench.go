package gd

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// A Bench is the speed of one point's steps on this machine.
type Bench struct {
	StepSeconds float64 // of the best batch
	GFlops      float64 // 10^9 operations a second by the form's formula: primal 4 n d m a step, gram 2 n^2 m
	PeakGFlops  float64 // of the FMA units, in the point's precision and with the same threads: best of five, in turn with batches
	Ratio       float64 // GFlops / PeakGFlops; above 1 where what patterns leave out, which the formula counts, is most of the work
	Kernel      string
	Form        string // primal or gram
}

// StepBench measures the trainer's own loop (forward, loss, stop rules, patterns, update) on a point, with the loss recorded at the
// ends only. Where the point ends after a few steps it starts again, and the start is not counted; its budget of steps is not
// looked at.
func StepBench(ctx context.Context, job sweep.Job) (Bench, error) {
	kern, err := kernel.Choose(job.Kernel)
	if err != nil {
		return Bench{}, err
	}
	ds, err := makeDataset(ctx, job.Point, job.File)
	if err != nil {
		return Bench{}, err
	}
	in, err := newInputs(ctx, ds, kern, job.Threads)
	if err != nil {
		return Bench{}, err
	}
	p, l := job.Point, shape(job.Point, in.n, in.d)
	p.Record = sweep.Record{Curves: []string{"loss"}}
	b := Bench{Kernel: kern.Name, StepSeconds: math.Inf(1)}
	err = withPool(poolSize(job.Threads, p), func(pool *pool) error {
		s, _, err := newSolver(p, kern, pool, in)
		if err != nil {
			return err
		}
		steps, peak, batches := int64(1), gauge(l.single, job.Threads), batches
		for i := 0; i < 2+5*batches; i++ { // the first warm up and find how many steps make a batch
			seconds, err := s.batch(ctx, p, steps)
			switch {
			case err != nil:
				return err
			case i < 2 && seconds > batchSeconds:
				batches = 1
			case i < 2:
				steps = max(steps, int64(batchSeconds/seconds*float64(steps)))
			default:
				b.StepSeconds = min(b.StepSeconds, seconds/float64(steps))
			}
			if i >= 2 && (i-1)%batches == 0 {
				b.PeakGFlops = max(b.PeakGFlops, peak())
			}
		}
		return nil
	})
	if err != nil {
		return Bench{}, err
	}
	b.Form, b.GFlops = l.form(), l.flops()/b.StepSeconds/1e9
	b.Ratio = b.GFlops / b.PeakGFlops
	return b, nil
}

// A batch is short, so that some find the machine free even if others use it; after some of them the peak is measured. A step that is longer is
// a batch by itself, and fewer are taken.
const (
	batchSeconds = 0.02
	batches      = 4
)

// gauge measures the FMA units in a precision.
func gauge(single bool, threads int) func() float64 {
	if single {
		return kernel.Gauge[float32](threads)
	}
	return kernel.Gauge[float64](threads)
}

// batch is the time of so many steps, from as many starts as they need.
func (s *solver) batch(ctx context.Context, p sweep.Point, steps int64) (seconds float64, err error) {
	for s.taken = 0; s.taken < steps; {
		before, left := s.taken, steps-s.taken
		s.rules = newRules(p, s.rules.zero, left)
		s.recorder = newRecorder(p, s.net, s.recorder.in)
		s.at = sweep.Schedule{Kind: sweep.Every, Count: left}.Steps(left)
		s.again = false
		s.net.start()
		begin := time.Now()
		if err := s.run(ctx); err != nil {
			return 0, err
		}
		seconds += time.Since(begin).Seconds()
		if s.taken == before {
			return 0, fmt.Errorf("the point ends at step 0 (%s): there is no step to measure; lower loss_below", s.stopped)
		}
	}
	return seconds, nil
}
