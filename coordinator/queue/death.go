package queue

import (
	"slices"
	"strings"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Death is an agent that ended although nobody had asked it to, as its successor tells it.
type Death struct {
	Agent  string
	Alone  bool    // it ran one point and held no other
	Points []Claim // what it ran, as far as is known
	Log    []string
}

// Died acts on a death: what the agent held is lost now, and not only when its lease ends; where this queue has never heard of it, because
// the coordinator ended with it, what it ran is lost all the same. It may be told more often than once.
func (q *Queue) Died(d Death, now time.Time) {
	if a := q.agents[d.Agent]; a != nil {
		if a.connected {
			return // it is no death
		}
		q.bury(a, d, now)
	}
	for _, c := range d.Points {
		if w := q.victim(c, d, now); w != nil {
			q.lastWords(w, d, now)
		}
	}
}

// bury gives up the leases of a dead agent. If it has said what it ran, the rest of what it held only waited, and is not to blame.
func (q *Queue) bury(a *agent, d Death, now time.Time) {
	q.Disconnect(a.id)
	alone := a.held.n == 1
	for w := a.held.first; w != nil; w = a.held.first {
		ran := func(c Claim) bool { return c.Key == w.Key }
		if len(d.Points) > 0 && !slices.ContainsFunc(d.Points, ran) {
			w.giveBack()
			continue
		}
		w.leave()
		q.lose(w, a.id, alone, now)
	}
	q.forget(a)
}

// victim is the work of a point that a dead agent ran, with its loss counted; nil: nobody wants it, or it has an outcome.
func (q *Queue) victim(c Claim, d Death, now time.Time) *work {
	w := q.works[c.Key]
	switch {
	case c.Stored:
		return nil
	case w == nil:
		return q.foretold(c, d, now)
	case lostWith(w.lost, d.Agent):
		return w // counted already
	case w.phase == settling && w.rests != sweep.Pending:
		return nil // it has just ended
	case w.phase == leased: // elsewhere, by now: that goes on
		q.charge(w, d.Agent, d.Alone, now)
		w.error = ""
		w.agent.lock()
		return w
	}
	w.leave()
	q.lose(w, d.Agent, d.Alone, now)
	return w
}

// foretold is victim for a point that no cursor has reached: what it will have to wait for is marked until then. At rest, it is known if
// that is because of this agent.
func (q *Queue) foretold(c Claim, d Death, now time.Time) *work {
	for _, l := range q.order {
		item, ok := c.In[l.ID]
		if w := l.rest[c.Key]; w != nil && lostWith(w.lost, d.Agent) {
			return w
		} else if !ok || w != nil || l.stop {
			continue
		}
		w := l.work(item)
		w.recall(l.marks[c.Key])
		delete(l.marks, c.Key)
		if !lostWith(w.lost, d.Agent) && q.charge(w, d.Agent, d.Alone, now) == sweep.Quarantined {
			l.putToRest(w, sweep.Quarantined)
		} else {
			w.phase = parked // until its mark is made
		}
		return w
	}
	return nil
}

// lostWith says whether an agent is among those that something was lost with.
func lostWith(lost []sweep.Loss, agent string) bool {
	return slices.ContainsFunc(lost, func(x sweep.Loss) bool { return x.Agent == agent })
}

// lastWords puts the end of a dead agent's log into a work's history, and has that stored.
func (q *Queue) lastWords(w *work, d Death, now time.Time) {
	for _, line := range d.Log {
		text := "agent " + d.Agent + ": " + line
		if !slices.ContainsFunc(w.history, func(h string) bool { return strings.HasSuffix(h, text) }) {
			w.note(now, "%s", text)
		}
	}
	switch ends := w.rests; {
	case w.phase == parked:
		w.line.marks[w.Key] = w.trouble(sweep.Pending)
		q.complain(w, sweep.Pending)
	case w.phase == waiting || w.phase == reserved:
		w.leave()
		q.settle(w, sweep.Pending)
	case w.phase == leased || w.refused:
		q.complain(w, sweep.Pending)
	default:
		q.complain(w, ends)
	}
}
