// Package gd is gradient descent on two-layer networks: the trainer two-layer. A point's data set is made from counted random
// streams, its infinite-width Gram matrix gives lambda0 and the step size, and the training goes step by step in the form,
// primal or Gram, that costs less. Every bit of an outcome depends on the point alone.
// Start with TwoLayer, then solver.go, network.go and the package kernel.
package gd

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// TwoLayer is full-batch gradient descent on a network with one hidden layer. The value keeps the data sets that were used last;
// points may run at once.
func TwoLayer() *sweep.Trainer {
	t := &twoLayer{library: newLibrary(libraryBytes)}
	return &sweep.Trainer{
		Name: "two-layer", Version: 1, Summary: "full-batch gradient descent on a network with one hidden layer",
		Params: params(), Curves: curves(), Scalars: scalars(), Events: events(), Judges: judges(), Check: check,
		SpectrumParams: spectrumParams(), Spectrum: t.spectrum,
		CostParams: costParams(), Cost: cost,
		DataShape: dataShape, Run: t.run,
	}
}

type twoLayer struct {
	library *library
}

// inputs is the data set of a point, from the library if it is there.
func (t *twoLayer) inputs(ctx context.Context, p sweep.Point, kern *kernel.Set, threads int, file func(context.Context, string) (string, error)) (*inputs, error) {
	return t.library.get(ctx, p, func(known *spectrum) (*inputs, error) {
		ds, err := makeDataset(ctx, p, file)
		if err != nil {
			return nil, err
		}
		if known != nil {
			return inputsOf(ds, *known), nil
		}
		return newInputs(ctx, ds, kern, threads)
	})
}

// spectrum is what the planner guesses costs from.
func (t *twoLayer) spectrum(p sweep.Point) (sweep.Spectrum, error) {
	kern, err := kernel.Choose("")
	if err != nil {
		return sweep.Spectrum{}, err
	}
	in, err := t.inputs(context.Background(), p, kern, 1, func(context.Context, string) (string, error) {
		return "", errors.New("a data file is not read to plan")
	})
	if err != nil {
		return sweep.Spectrum{}, err
	}
	return in.spectrum.relative(), nil
}

// relative is what relative parameters refer to.
func (s spectrum) relative() sweep.Spectrum {
	return sweep.Spectrum{Lambda0: s.Lambda0, LambdaMax: s.LambdaMax}
}

// run trains one point.
func (t *twoLayer) run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	begin := time.Now()
	kern, err := kernel.Choose(job.Kernel)
	if err != nil {
		return sweep.Outcome{}, err
	}
	in, err := t.inputs(ctx, job.Point, kern, job.Threads, job.File)
	if err != nil {
		return sweep.Outcome{}, err
	}
	var o sweep.Outcome
	err = withPool(poolSize(job.Threads, job.Point), func(p *pool) error {
		o, err = train(ctx, job, kern, p, in)
		return err
	})
	if err != nil {
		return sweep.Outcome{}, err
	}
	end := time.Now()
	o.Provenance = sweep.Provenance{
		Kernel: kern.Name, Threads: job.Threads, Started: begin, Finished: end, Seconds: end.Sub(begin).Seconds(),
	}
	return o, nil
}

// poolSize is how many threads have something to do: a block of neurons each at least.
func poolSize(threads int, p sweep.Point) int {
	blocks := (p.Int("m") + kernel.Block - 1) / kernel.Block
	return int(max(1, min(int64(threads), blocks)))
}

// train runs a point's training and draws up its outcome.
func train(ctx context.Context, job sweep.Job, kern *kernel.Set, p *pool, in *inputs) (sweep.Outcome, error) {
	s, c, err := newSolver(job.Point, kern, p, in)
	if err != nil {
		return sweep.Outcome{}, err
	}
	s.progress, s.due = job.Progress, job.Due
	s.save = func(k int64) {
		job.Save(s.work(k), func(w io.Writer) error { return s.write(w, job.Point.Key(), k) })
	}
	s.net.start()
	if job.Resume != nil {
		if err := s.resume(job.Resume, job.Point.Key()); err != nil {
			return sweep.Outcome{}, err
		}
	}
	if err := s.run(ctx); err != nil {
		return sweep.Outcome{}, err
	}
	return s.outcome(c, in), nil
}

// newSolver sets up a point's training; the network has yet to start.
func newSolver(p sweep.Point, kern *kernel.Set, pool *pool, in *inputs) (*solver, course, error) {
	c, err := newCourse(p, in.spectrum.relative())
	if err != nil {
		return nil, c, err
	}
	l := shape(p, in.n, in.d)
	net := newNetwork(l, kern, pool, in, p.Int("seed"), c.eta, needs(p))
	return &solver{
		net: net, rules: newRules(p, 0.5*kernel.SumSquares(in.y), c.steps), recorder: newRecorder(p, net, in),
		at: p.Record.At.Steps(c.steps), pause: pauseOf(l.flops()),
	}, c, nil
}
