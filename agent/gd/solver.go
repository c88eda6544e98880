package gd

import (
	"context"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A solver runs one point's training from step 0 to where the rules end it.
type solver struct {
	net      *network
	rules    *rules
	recorder *recorder
	at       *sweep.Steps
	progress func(done, budget int64) // may be nil
	due      func() bool              // may be nil
	save     func(k int64)            // called where due says so

	from    int64 // the step to begin at: 0, or where a snapshot was taken
	resumed bool  // from a snapshot
	again   bool  // the training runs again, up to the last step before a divergence

	stopped string
	taken   int64 // steps
	pause   int64 // steps between two looks at the clock
	told    time.Time
}

// run goes through the training, once the network has started. ctx is looked at between steps.
func (s *solver) run(ctx context.Context) error {
	if s.again {
		s.stopped = stoppedDiverged
		return s.recordLastBefore(ctx)
	}
	for k := s.from; ; k++ {
		loss := s.net.loss()
		if !s.resumed || k > s.from { // else the step was looked at before the snapshot
			s.stopped = s.rules.look(loss)
			if s.stopped == stoppedDiverged {
				return s.recordLastBefore(ctx)
			}
			if s.stopped != "" || s.at.Has(k) {
				s.recorder.record(k, loss)
			}
			if s.stopped != "" {
				s.settle(loss)
				return nil
			}
		}
		if err := s.between(ctx, k); err != nil {
			return err
		}
		s.tell(k)
		s.step(loss)
	}
}

// between, before the next step from step k, saves a snapshot if one is due, and says whether to go on. ctx is asked first: who ends
// it may want a snapshot of where the training stopped.
func (s *solver) between(ctx context.Context, k int64) error {
	err := ctx.Err()
	if s.due != nil && s.work(k) > 0 && s.due() {
		s.save(k)
	}
	return err
}

// step takes one step, and the gradient's length at the step that it leaves if the recorder waits for it.
func (s *solver) step(loss float64) {
	owed := s.recorder.owed
	s.net.step(owed)
	s.taken++
	if owed {
		s.recorder.settle(loss)
	}
}

// settle takes what the recorder still waits for at the last step.
func (s *solver) settle(loss float64) {
	if s.recorder.owed {
		s.net.takeSquares()
		s.recorder.settle(loss)
	}
}

// recordLastBefore records the last step before a divergence. Unless it was due anyway, the network has left it behind, and the
// training is run again up to it: the same bits, and no step before has to keep what it overwrites.
func (s *solver) recordLastBefore(ctx context.Context) error {
	last := s.rules.losses.last()
	if last < 0 || s.recorder.last() == last {
		return nil
	}
	from := s.from
	if !s.again {
		s.again, from = true, 0
		s.net.start()
	}
	for k := from; k < last; k++ {
		if err := s.between(ctx, k); err != nil {
			return err
		}
		s.net.step(false)
	}
	loss := s.rules.losses.at(last)
	s.recorder.record(last, loss)
	s.settle(loss)
	return nil
}

// tell reports progress about ten times a second.
func (s *solver) tell(k int64) {
	if s.progress == nil || k%s.pause != 0 {
		return
	}
	if now := time.Now(); now.Sub(s.told) >= 100*time.Millisecond {
		s.told = now
		s.progress(k, s.rules.budget)
	}
}

// pauseOf is how many steps of so many operations take about a millisecond at most.
func pauseOf(flops float64) int64 { return 1 + int64(3e6/flops) }
