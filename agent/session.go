package agent

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/sweep"
)

// How long an agent waits before it dials again: doubling from the first to the last, each shortened by up to a half at random
// so that a thousand agents do not come back in one moment.
const (
	firstWait = 200 * time.Millisecond
	lastWait  = 30 * time.Second
)

// ErrRefused means that the coordinator does not want this agent, and that dialling again will not help.
var ErrRefused = errors.New("the coordinator refuses this agent")

// A backoff is how long to wait after failures in a row.
type backoff struct{ full time.Duration }

func (b *backoff) next() time.Duration {
	b.full = min(max(firstWait, 2*b.full), lastWait)
	return b.full - rand.N(b.full/2)
}

// connect holds one session after the other until the agent leaves or is refused.
func (a *Agent) connect(ctx context.Context) error {
	var wait backoff
	for {
		welcomed, err := a.session(ctx)
		a.mu.Lock()
		a.online = false
		a.mu.Unlock()
		if errors.Is(err, ErrRefused) {
			return err
		}
		if welcomed {
			wait = backoff{}
		}
		next := wait.next()
		select {
		case <-a.goodbye:
			return nil
		case <-ctx.Done():
			return nil
		default:
			a.log.Warn("no session with the coordinator; computing goes on", "error", err, "again_in", next.Round(time.Millisecond))
		}
		select {
		case <-a.goodbye:
			return nil
		case <-ctx.Done():
			return nil
		case <-time.After(next):
		}
	}
}

// claimBytes bounds what an agent claims in a Hello, which has to fit into one message. Each claim counts as its point and
// claimSize: so there are fewer than the 2^16 that a Hello may have.
const (
	claimBytes = 4 << 20
	claimSize  = 64
)

// claims begins a session: everything that the agent holds, finished and unfinished. Finished points that do not fit are
// delivered all the same; waiting ones that do not fit are given up.
func (a *Agent) claims() []sweep.Claim {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.outbox.restart()
	var claims []sweep.Claim
	left := claimBytes
	for l := range a.desk.running {
		if a.desk.held[l.task.Fence] == l {
			claims = append(claims, l.claim())
			left -= claimSize + len(l.task.Point)
		}
	}
	for e := a.desk.waiting.Front(); e != nil; {
		l := e.Value.(*lease)
		e = e.Next()
		if left -= claimSize + len(l.task.Point); left < 0 {
			a.desk.drop(l.task.Fence)
			continue
		}
		claims = append(claims, l.claim())
	}
	for _, p := range a.outbox.kept {
		d, err := decodeDelivery(p.record.Payload)
		if left -= claimSize + len(d.Point); err != nil || left < 0 {
			break
		}
		claims = append(claims, sweep.Claim{
			Fence: p.fence, Point: d.Point, Threads: max(1, d.Provenance.Threads), Attempt: max(1, d.Provenance.Attempts), Finished: true,
		})
	}
	return claims
}

// welcome ends the introduction: what is re-attached goes on under its new fence, finished or not, the rest is stopped. An
// outcome counts under any fence; an error does not, and its lease would wait for it for ever.
func (a *Agent) welcome(claims []sweep.Claim, reattached map[uint64]uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range claims {
		fence, ok := reattached[c.Fence]
		switch {
		case ok && !a.desk.rename(c.Fence, fence):
			a.outbox.rename(c.Fence, fence) // or finished meanwhile
		case !ok && !c.Finished:
			a.stop(c.Fence)
		}
	}
	a.online = true
	a.ready.Broadcast()
	poke(a.changed)
	poke(a.send)
}

// stop gives a lease up, running or not. The lock is held.
func (a *Agent) stop(fence uint64) {
	if l := a.desk.drop(fence); l != nil {
		l.stop(errCancelled)
	}
}

// assign takes tasks in, or hands them straight back while the agent leaves.
func (a *Agent) assign(tasks []sweep.Task) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range tasks {
		switch {
		case a.closed:
			a.outbox.handbacks = append(a.outbox.handbacks, t.Fence)
			poke(a.send)
		case t.Memory > a.config.Memory:
			a.refuse(t)
		case a.desk.add(t):
			a.ready.Signal()
		}
	}
	a.busy = time.Now()
}

// refuse fails a task that can never run here. The lock is held.
func (a *Agent) refuse(t sweep.Task) {
	d := sweep.Delivery{
		Fence: t.Fence, Point: t.Point,
		Error: fmt.Sprintf("needs %d MiB of memory, and agent %s has %d MiB; start an agent with more", t.Memory>>20, a.name, a.config.Memory>>20),
	}
	a.outbox.add(&parcel{fence: t.Fence, record: spool.Record{Payload: encodeDelivery(d)}})
	poke(a.fresh)
}

func (a *Agent) cancel(fences []uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range fences {
		a.stop(f)
	}
	a.ready.Broadcast()
	poke(a.changed)
}

func (a *Agent) drain() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.draining = true
	a.log.Info("the coordinator drains this agent: it ends when all that it holds is done")
	poke(a.changed)
}

// acknowledged forgets deliveries, by their fences.
func (a *Agent) acknowledged(fences []uint64) {
	var records []*spool.Record
	a.mu.Lock()
	for _, f := range fences {
		if p := a.outbox.ack(f); p != nil {
			records = append(records, &p.record)
		}
	}
	if a.outbox.refused {
		a.ready.Broadcast()
	}
	a.mu.Unlock()
	poke(a.changed)
	a.forget(records)
}
