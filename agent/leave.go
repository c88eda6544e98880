package agent

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// An agent that is asked to leave is gone inside 20 s: these add up to less.
const (
	stopTime  = 10 * time.Second // for running points to stop
	flushTime = 6 * time.Second  // for the coordinator to acknowledge what is on its way, and what stopTime leaves over
	byeTime   = 2 * time.Second  // for it to end the session
)

// ErrStuck means a trainer that does not stop when it is told to.
var ErrStuck = errors.New("a trainer does not stop")

// untilLeaving returns when the agent has to go: ctx ended, it is drained and done, it was idle for long enough, or the session
// loop has given up.
func (a *Agent) untilLeaving(ctx context.Context, disconnected <-chan struct{}) {
	for !a.done(time.Now()) {
		select {
		case <-ctx.Done():
			return
		case <-disconnected:
			return
		case <-a.changed:
		}
	}
}

func (a *Agent) done(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.desk.empty() {
		return false
	}
	idle := a.config.IdleExit > 0 && now.Sub(a.busy) >= a.config.IdleExit
	if idle {
		a.log.Info("nothing to do: leaving", "idle", a.config.IdleExit)
	}
	return idle || a.draining
}

// leave hands the waiting leases back, stops what runs with a checkpoint, delivers what is finished, and ends the session.
func (a *Agent) leave(workers *sync.WaitGroup, interrupt context.CancelCauseFunc, disconnected <-chan struct{}) error {
	began := time.Now()
	a.mu.Lock()
	a.closed = true
	a.saveAll(began)
	a.outbox.handbacks = append(a.outbox.handbacks, a.desk.handBack(0)...)
	a.ready.Broadcast()
	a.mu.Unlock()
	poke(a.send)
	interrupt(errLeaving)
	a.strike()

	var stuck error
	if !a.await(stopTime, nil, func() bool { return len(a.desk.running) == 0 }) {
		stuck = fmt.Errorf("%w within %v: its point was given back and runs again elsewhere or next time; end the process", ErrStuck, stopTime)
		a.abandon()
	} else {
		workers.Wait()
	}
	left := stopTime + flushTime - time.Since(began)
	if !a.await(left, disconnected, func() bool { return a.outbox.empty() && len(a.cargo.waiting) == 0 }) && a.undelivered() > 0 {
		a.log.Warn("not all results could be delivered; the next agent with this spool will", "results", a.undelivered())
	}
	close(a.goodbye)
	bye := time.NewTimer(byeTime)
	defer bye.Stop()
	select {
	case <-disconnected:
	case <-bye.C:
	}
	return stuck
}

// await waits until something holds, which is asked under the lock.
func (a *Agent) await(limit time.Duration, stop <-chan struct{}, holds func() bool) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		a.mu.Lock()
		ok := holds()
		a.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-a.changed:
		case <-timer.C:
			return false
		case <-stop:
			return false
		}
	}
}

// abandon hands back what still runs.
func (a *Agent) abandon() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for l := range a.desk.running {
		if a.desk.held[l.task.Fence] == l {
			a.desk.forget(l)
			a.outbox.handbacks = append(a.outbox.handbacks, l.task.Fence)
		}
	}
	poke(a.send)
}

func (a *Agent) undelivered() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.outbox.kept)
}
