package coordinator

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// maxTurn is how much mail the loop takes before it looks at what that led to.
const maxTurn = 256

// loop owns the coordinator's state until ctx ends. Each turn takes what has come, and then acts on it all at once: that is what
// makes many small events cheap.
func (c *Coordinator) loop(ctx context.Context) {
	c.turned = time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		batches := c.batches
		if c.storing || c.batch.empty() {
			batches = nil
		}
		select {
		case <-ctx.Done():
			return
		case fn := <-c.mail:
			fn()
		case b := <-c.landed:
			c.land(b)
		case batches <- c.batch:
			c.batch, c.storing = &batch{}, true
		case <-timer.C:
		}
		c.drain()
		now := time.Now()
		c.expire(now)
		c.turn(now)
		timer.Reset(c.wait(now))
	}
}

// drain takes more of the mail that is there already.
func (c *Coordinator) drain() {
	for range maxTurn {
		select {
		case fn := <-c.mail:
			fn()
		default:
			return
		}
	}
}

// wait is how long nothing but an event can happen.
func (c *Coordinator) wait(now time.Time) time.Duration {
	wait := c.config.Lease / 4
	if t := c.queue.NextExpiry(); !t.IsZero() {
		wait = min(wait, max(t.Sub(now), time.Millisecond))
	}
	return wait
}

// expire gives up agents that were silent for too long, unless it was this process that slept.
func (c *Coordinator) expire(now time.Time) {
	if now.Sub(c.turned) > c.config.Lease/2 {
		c.log.Warn("the coordinator was stopped for a while; no agent is given up for that", "for", now.Sub(c.turned))
		c.queue.Forgive(now)
	}
	c.turned = now
	for _, id := range c.queue.Expire(now) {
		c.log.Warn("an agent was lost: it was silent for too long", "agent", id, "host", c.agents[id].hello.Host)
		delete(c.agents, id)
		if s := c.sessions[id]; s != nil {
			s.end(errLost)
			delete(c.sessions, id)
		}
	}
}

// turn grants what can be granted, sends what is to be sent, and asks the feeders for more.
func (c *Coordinator) turn(now time.Time) {
	c.queue.Fill(now)
	r := c.queue.Ready()
	for _, x := range r.Cancels {
		if s := c.sessions[x.Agent]; s != nil {
			s.out.cancel(x.Fence)
		}
	}
	for len(r.Grants) > 0 {
		n := 1
		for n < len(r.Grants) && r.Grants[n].Agent == r.Grants[0].Agent {
			n++
		}
		if s := c.sessions[r.Grants[0].Agent]; s != nil {
			s.out.assign(r.Grants[:n])
		}
		r.Grants = r.Grants[n:]
	}
	for _, t := range r.Troubles {
		c.complain(t)
	}
	c.nourish()
	for _, k := range c.campaigns {
		k.settle(c)
	}
}

// complain takes a trouble to the disk and the log.
func (c *Coordinator) complain(t queue.Trouble) {
	c.batch.troubles = append(c.batch.troubles, results.Trouble{
		Sweep: t.Sweep, Key: t.Key, Index: t.Index, State: t.State, Attempts: t.Attempts, Losses: t.Losses, Suspect: t.Suspect,
		Error: t.Error, History: t.History, Counted: t.Counted, Lost: t.Lost, Reached: t.Reached,
	})
	if n := len(t.History); n > 0 {
		c.log.Warn("trouble with a point", "sweep", t.Sweep, "index", t.Index, "state", t.State.String(), "what", t.History[n-1])
	}
}

// An arrival is a delivery that was looked at.
type arrival struct {
	sweep.Delivery
	key     sweep.Key
	point   sweep.Point
	outcome sweep.Outcome
	digest  [32]byte
	refused string // why nothing of it can be kept
}

// arrive takes what an agent delivered.
func (c *Coordinator) arrive(s *session, list []arrival) {
	now := time.Now()
	for i := range list {
		a := &list[i]
		ack := ack{session: s, fence: a.Fence, size: size(a.Delivery)}
		switch {
		case a.refused != "":
			c.notices.warn("a result was refused", "agent", s.agent, "why", a.refused)
			if key, ok := c.queue.Held(s.agent, a.Fence); ok {
				c.queue.Failed(key, a.Fence, 0, "the agent sent a malformed result: "+a.refused, now)
			}
			ack.refused = a.refused
		case a.Outcome == nil:
			c.failed(a, now)
		default:
			late := !c.queue.Live(s.agent, a.key, a.Fence)
			cost, known := c.queue.Delivered(s.agent, a.key)
			c.batch.add(landing{a, cost, known, late})
		}
		if planted.Bug == planted.AckBeforeCommit {
			s.out.ack(ack)
			continue
		}
		c.batch.acks = append(c.batch.acks, ack)
	}
	c.tellLate()
}

// failed takes what a trainer returned.
func (c *Coordinator) failed(a *arrival, now time.Time) {
	n := failure(a.Provenance)
	known := c.queue.Knows(a.key, n)
	switch live := c.queue.Failed(a.key, a.Fence, n, a.Error, now); {
	case live:
		c.batch.spent = append(c.batch.spent, a.key)
	case !known:
		c.late(a.point)
	}
}

// failure tells the failures of a point apart, however often each is delivered; 0: it does not say.
func failure(p sweep.Provenance) uint64 {
	if p.Agent == "" || p.Started.IsZero() {
		return 0
	}
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\n%d", p.Agent, p.Started.UnixNano())
	return h.Sum64()
}

// land takes a batch that the committer has stored.
func (c *Coordinator) land(b *batch) {
	c.storing = false
	if b == nil { // ctx has ended
		return
	}
	now := time.Now()
	for i, verdict := range b.verdicts {
		c.done(&b.landings[i], verdict, now)
	}
	c.tellLate()
	for _, t := range b.troubles {
		c.queue.Settle(t.Sweep, t.Key)
		for _, k := range c.campaigns {
			k.givenUp(c.queue, t.Sweep, t.Key, t.State)
		}
	}
	for _, a := range b.acks {
		a.session.out.ack(a)
	}
	for _, fn := range b.after {
		fn()
	}
}

// done counts an outcome that is on disk.
func (c *Coordinator) done(l *landing, verdict results.Verdict, now time.Time) {
	c.queue.Done(l.key)
	if l.late {
		c.late(l.point)
	}
	if planted.Bug == planted.CountedTwice && verdict == results.Same {
		verdict = results.Added
	}
	switch verdict {
	case results.Added:
		c.stored++
		c.learn(l)
		for _, k := range c.campaigns {
			k.gain(c.queue, l, now)
			c.reconsider(k)
		}
		if c.counting != nil {
			c.counting.gain(c.queue, l, now)
		}
	case results.Conflict:
		c.log.Error("conflict: a point came out different from what is stored, on a faulty machine or by a bug; the first outcome stays",
			"key", l.key.String(), "host", l.Provenance.Host, "agent", l.Provenance.Agent)
		for _, k := range c.campaigns {
			k.conflict(l.point)
		}
	case results.Same:
	}
}

// finish, after the loop, stores what has arrived.
func (c *Coordinator) finish() {
	for c.storing || !c.batch.empty() {
		batches := c.batches
		if c.storing || c.batch.empty() {
			batches = nil
		}
		select {
		case batches <- c.batch:
			c.batch, c.storing = &batch{}, true
		case b := <-c.landed:
			c.storing = false
			if b == nil { // the store does not take it
				return
			}
		}
	}
}
