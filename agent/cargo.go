package agent

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A shipment is a checkpoint on its way to the coordinator.
type shipment struct {
	lease *lease
	head  sweep.Checkpoint
	file  *os.File // without a name
	began time.Time
	away  bool // being sent
}

// A cargo holds the shipments, at most one of each lease beside the one that is being sent: a newer one takes an older one's place.
// The agent's lock guards it.
type cargo struct {
	waiting []*shipment
}

// load adds a shipment.
func (c *cargo) load(s *shipment) {
	c.unload(s.lease)
	c.waiting = append(c.waiting, s)
	s.lease.course.cargo++
}

// unload drops what waits of a lease, unless it is being sent.
func (c *cargo) unload(l *lease) {
	c.waiting = slices.DeleteFunc(c.waiting, func(s *shipment) bool {
		drop := s.lease == l && !s.away
		if drop {
			_ = s.file.Close()
			l.course.cargo--
		}
		return drop
	})
}

// next is what is to be sent now; nil: nothing waits.
func (c *cargo) next() *shipment {
	if len(c.waiting) == 0 {
		return nil
	}
	c.waiting[0].away = true
	return c.waiting[0]
}

// done drops a shipment that is delivered, or will never be.
func (c *cargo) done(s *shipment) {
	c.waiting = slices.DeleteFunc(c.waiting, func(x *shipment) bool { return x == s })
	_ = s.file.Close()
	s.lease.course.cargo--
}

// deliver sends one checkpoint after the other. They go over connections of their own: results do not wait behind them.
func (a *Agent) deliver(ctx context.Context) {
	var wait backoff
	for {
		a.mu.Lock()
		s := a.cargo.next()
		a.mu.Unlock()
		if s == nil {
			select {
			case <-ctx.Done():
				return
			case <-a.ship:
			}
			continue
		}
		err := a.putCheckpoint(ctx, s)
		if !errors.Is(err, errAway) {
			a.delivered(s, err)
			wait = backoff{}
			continue
		}
		a.mu.Lock()
		s.away = false // a newer one may take its place
		a.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait.next()):
		}
	}
}

// delivered ends a shipment. A lease that waited for it is handed back.
func (a *Agent) delivered(s *shipment, err error) {
	l, now := s.lease, time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cargo.done(s)
	l.course.ended(now, now.Sub(s.began), err != nil)
	switch {
	case err != nil:
		a.log.Warn("a checkpoint was not taken; the last one counts", "sweep", l.task.Sweep, "index", l.task.Index, "step", s.head.Step, "error", err)
	case l.returning:
		a.log.Info("a point was preempted; it goes on elsewhere from its checkpoint", "sweep", l.task.Sweep, "index", l.task.Index, "step", s.head.Step)
	}
	if l.returning && l.course.cargo == 0 {
		l.returning = false
		a.outbox.handbacks = append(a.outbox.handbacks, l.task.Fence)
		poke(a.send)
	}
	poke(a.changed)
}

// clear drops what could not be delivered, when nothing runs any more.
func (a *Agent) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.cargo.waiting {
		a.log.Warn("a checkpoint could not be delivered; the last one counts", "sweep", s.lease.task.Sweep, "index", s.lease.task.Index, "step", s.head.Step)
		_ = s.file.Close()
	}
	a.cargo.waiting = nil
}
