package queue

import (
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// Counts are a sweep's points in the queue, by what becomes of them. What is done and what is only pending is not the queue's to
// know.
type Counts struct {
	Running, Failed, Quarantined, Cancelled uint64

	Idle bool // nothing runs, waits or will come
}

// Counts counts in O(1).
func (q *Queue) Counts(id string) Counts {
	l := q.sweeps[id]
	if l == nil {
		return Counts{Idle: true}
	}
	return Counts{
		Running: uint64(l.busy), Failed: l.rests[sweep.Failed], Quarantined: l.rests[sweep.Quarantined],
		Cancelled: l.rests[sweep.Cancelled], Idle: l.stop || l.ended && l.live == 0,
	}
}

// A View is what the queue knows of a point of a sweep that has no outcome.
type View struct {
	State   sweep.State
	Error   string
	Refused bool // Failed, but only for want of an agent with the memory
	History []string
}

// Look says how a point of a sweep stands. A point that the queue does not know is pending, unless it is stored.
func (q *Queue) Look(id string, key sweep.Key) View {
	l := q.sweeps[id]
	if l == nil {
		return View{}
	}
	if w := l.rest[key]; w != nil {
		return View{State: w.rests, Error: w.error, Refused: w.refused, History: w.history}
	}
	if l.stop {
		return View{State: sweep.Cancelled}
	}
	if w := q.find(l, key); w != nil {
		v := View{Error: w.error, History: w.history}
		if l.preempted(key) {
			v.State = sweep.Preempted
		}
		if owner := q.works[key]; owner.phase == leased || owner.phase == settling {
			v.State = sweep.Running
		}
		return v
	}
	t := l.marks[key]
	v := View{Error: t.Error, History: t.History}
	if l.preempted(key) {
		v.State = sweep.Preempted
	}
	return v
}

// Resting lists the points of a sweep that are at rest, by key and state; refused ones are left out, because they are only waiting for
// another agent.
func (q *Queue) Resting(id string) map[sweep.Key]sweep.State {
	l := q.sweeps[id]
	if l == nil {
		return nil
	}
	rest := make(map[sweep.Key]sweep.State, len(l.rest))
	for key, w := range l.rest {
		if !w.refused {
			rest[key] = w.rests
		}
	}
	return rest
}

// An AgentView is an agent as the queue sees it.
type AgentView struct {
	Agent     string
	Capacity  sweep.Capacity
	Holding   int
	Connected bool
	Last      time.Time // heard
}

// Agents lists them in the order of their coming.
func (q *Queue) Agents() []AgentView {
	views := make([]AgentView, len(q.ring))
	for i, a := range q.ring {
		views[i] = AgentView{Agent: a.id, Capacity: a.capacity, Holding: a.held.n, Connected: a.connected, Last: a.last}
	}
	return views
}

// Holder is the agent that runs a key now, and under which fence; "" if none does.
func (q *Queue) Holder(key sweep.Key) (agent string, fence uint64) {
	if w := q.works[key]; w != nil && w.phase == leased {
		return w.agent.id, w.fence
	}
	return "", 0
}

// Held is the key of a task that an agent holds.
func (q *Queue) Held(id string, fence uint64) (sweep.Key, bool) {
	a := q.agents[id]
	if a == nil {
		return sweep.Key{}, false
	}
	for w := a.held.first; w != nil; w = w.next {
		if w.fence == fence {
			return w.Key, true
		}
	}
	return sweep.Key{}, false
}
