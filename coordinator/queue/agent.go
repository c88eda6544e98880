package queue

import (
	"math"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// An agent, from its first session until it leaves or is lost.
type agent struct {
	id        string
	capacity  sweep.Capacity
	trainers  map[string]int
	connected bool
	dirty     bool
	last      time.Time // heard
	held      workList
	next      *work // reserved: nothing else is granted before it

	load   time.Duration // of what it holds: each point's time, at most lookahead, times its threads
	used   int64         // bytes that what it holds may need
	locked bool          // it holds a suspect, which runs alone

	newer, older *agent // in Queue.heard
}

func (a *agent) memory() int64 {
	if a.capacity.Memory == 0 {
		return math.MaxInt64 // not said
	}
	return a.capacity.Memory
}

func (a *agent) take(w *work) {
	a.held.push(w)
	a.load += w.load
	a.used += w.memory
	a.locked = a.locked || w.suspect
}

func (a *agent) release(w *work) {
	a.held.remove(w)
	a.load -= w.load
	a.used -= w.memory
	if w.suspect {
		a.lock()
	}
}

// lock finds out whether the agent holds a suspect.
func (a *agent) lock() {
	a.locked = false
	for w := a.held.first; w != nil; w = w.next {
		a.locked = a.locked || w.suspect
	}
}

// An agentList is a doubly linked list through the agents themselves.
type agentList struct{ oldest, newest *agent }

func (l *agentList) push(a *agent) {
	a.older, a.newer = l.newest, nil
	if l.newest != nil {
		l.newest.newer = a
	} else {
		l.oldest = a
	}
	l.newest = a
}

func (l *agentList) remove(a *agent) {
	if a.older != nil {
		a.older.newer = a.newer
	} else {
		l.oldest = a.newer
	}
	if a.newer != nil {
		a.newer.older = a.older
	} else {
		l.newest = a.older
	}
	a.older, a.newer = nil, nil
}

// A Claim is a task that a new session's agent says to hold, with what the caller found out about it.
type Claim struct {
	sweep.Claim
	Key    sweep.Key
	Stored bool            // it has an outcome
	In     map[string]Item // the point in each sweep that contains it
}

// Reattached renews a lease under a new fence.
type Reattached struct{ Old, New uint64 }

// Connect starts an agent's session. What the agent claims to hold stays its own where nobody else got it meanwhile; leases
// that it does not claim never reached it, and come back.
func (q *Queue) Connect(h sweep.Hello, claims []Claim, now time.Time) []Reattached {
	a := q.agents[h.Agent]
	if a == nil {
		a = &agent{id: h.Agent}
		q.agents[a.id] = a
		q.ring = append(q.ring, a)
		q.heard.push(a)
	}
	a.trainers, a.connected, a.last = h.Trainers, true, now
	q.heard.remove(a)
	q.heard.push(a)
	back := q.takeBack(a.id, now)
	var kept []Reattached
	claimed := map[sweep.Key]bool{}
	for _, c := range claims {
		if q.attach(a, c, back[c.Key], now) {
			claimed[c.Key] = true
			kept = append(kept, Reattached{Old: c.Fence, New: q.works[c.Key].fence})
		}
	}
	for w := a.held.first; w != nil; {
		next := w.next
		if !claimed[w.Key] || planted.Bug == planted.HandedOutTwice {
			w.giveBack()
		}
		w = next
	}
	q.touch(a)
	return kept
}

// attach makes a claim a lease, if it may be one. A point that the agent was thought to have lost may go on while that is taken back.
func (q *Queue) attach(a *agent, c Claim, back bool, now time.Time) bool {
	if c.Stored || planted.Bug == planted.ReattachForgotten {
		return false
	}
	w := q.works[c.Key]
	if w == nil {
		if w = q.adopt(c); w == nil {
			return false
		}
	}
	switch {
	case w.phase == leased && w.agent != a, w.phase == settling && !(back && w.rests == sweep.Pending):
		return false
	}
	w.leave()
	w.attempts = max(w.attempts, c.Attempt)
	w.threads, w.memory = c.Threads, c.Memory
	w.note(now, "attached again to agent %s", a.id)
	q.give(a, w)
	return true
}

// adopt makes a work of a claim that the cursors have not reached, for the first line that wants it.
func (q *Queue) adopt(c Claim) *work {
	for _, l := range q.order {
		item, ok := c.In[l.ID]
		if _, rests := l.rest[c.Key]; !ok || rests || l.stop {
			continue
		}
		w := l.work(item)
		if t, ok := l.marks[c.Key]; ok {
			w.recall(t)
			delete(l.marks, c.Key)
		}
		l.live++
		q.works[c.Key] = w
		l.back.push(w)
		return w
	}
	return nil
}

// Capacity tells what an agent offers from now on.
func (q *Queue) Capacity(id string, c sweep.Capacity) {
	a := q.agents[id]
	if a == nil {
		return
	}
	grown := c.Memory > a.capacity.Memory || a.capacity.Cores == 0
	a.capacity = c
	q.touch(a)
	if grown {
		q.readmit(a)
	}
}

// Heard tells that an agent lives.
func (q *Queue) Heard(id string, now time.Time) {
	if a := q.agents[id]; a != nil {
		a.last = now
		q.heard.remove(a)
		q.heard.push(a)
	}
}

// Disconnect tells that an agent's session has ended. It keeps its leases until it was silent for too long.
func (q *Queue) Disconnect(id string) {
	a := q.agents[id]
	if a == nil {
		return
	}
	a.connected = false
	if w := a.next; w != nil {
		w.leave()
		w.wait()
	}
}

// Leave tells that an agent has left for good, and in order: what it held comes back and counts as no loss.
func (q *Queue) Leave(id string) {
	a := q.agents[id]
	if a == nil {
		return
	}
	q.Disconnect(id)
	for w := a.held.first; w != nil; w = a.held.first {
		w.giveBack()
	}
	q.forget(a)
}

func (q *Queue) forget(a *agent) {
	q.heard.remove(a)
	delete(q.agents, a.id)
	q.ring = slices.DeleteFunc(q.ring, func(x *agent) bool { return x == a })
}

// touch remembers that an agent may have room.
func (q *Queue) touch(a *agent) {
	if !a.dirty {
		a.dirty = true
		q.dirty = append(q.dirty, a)
	}
}
