// Package toy has a trainer whose points train nothing: they take some time and yield numbers that depend on i and j alone. Tests of
// a whole cluster run it in place of a real one, and know without the cluster what must come out.
package toy

import (
	"context"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// Trainer makes a trainer whose points take `ms` milliseconds, whatever the threads.
func Trainer() *sweep.Trainer {
	zero := func(sweep.Point) sweep.Value { return sweep.IntValue(0) }
	return &sweep.Trainer{
		Name: "toy", Version: 1,
		Params: []sweep.Param{
			{Name: "i", Type: sweep.IntType}, {Name: "j", Type: sweep.IntType, Default: zero}, {Name: "ms", Type: sweep.IntType, Default: zero},
		},
		Curves:     []sweep.Curve{{Name: "loss"}},
		Scalars:    []sweep.Scalar{{Name: "sum", Kind: sweep.Float}},
		Events:     []string{"fit"},
		CostParams: []string{"ms"},
		Cost: func(p sweep.Point, _ sweep.Spectrum) sweep.Cost {
			return sweep.Cost{Flops: 1e9 * float64(1+p.Int("ms")), Steps: 1, Memory: 1 << 20}
		},
		Run: func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			if err := Wait(ctx, time.Duration(job.Point.Int("ms"))*time.Millisecond); err != nil {
				return sweep.Outcome{}, err
			}
			return Outcome(job.Point.Int("i"), job.Point.Int("j")), nil
		},
	}
}

// Wait takes its time, or ends with ctx.
func Wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Outcome is what the point (i, j) yields.
func Outcome(i, j int64) sweep.Outcome {
	x, y := float64(i), float64(j)
	return sweep.Outcome{
		Scalars: map[string]sweep.Value{"sum": sweep.FloatValue(x/7 + y/3), "event_fit": {Kind: sweep.Bool, Int: 1}},
		Curves:  sweep.Curves{Step: []int64{0, 1}, Values: map[string][]float64{"loss": {x, y / (1 + x)}}},
	}
}

// Point is the point of some values, as a spec with the default record has it.
func Point(t *sweep.Trainer, values map[string]int64) (sweep.Point, []sweep.Mistake) {
	given := make(map[string]sweep.Value, len(values))
	for name, v := range values {
		given[name] = sweep.IntValue(v)
	}
	return t.Complete(given, sweep.DefaultRecord())
}
