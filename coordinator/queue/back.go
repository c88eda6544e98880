package queue

import (
	"maps"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// An agent that was lost and comes back has lived all the time: the network was cut, or it stood still. No point can have killed it, so
// that its loss is taken back from all points that it had held, even from one that was quarantined for it.

// blame makes a work a suspect.
func (q *Queue) blame(w *work, x sweep.Loss) {
	w.suspect = true
	if x.Counted {
		w.losses++
	}
	if len(w.lost) == lostAgents {
		q.unlist(w.Key, w.lost[:1])
		w.lost = w.lost[1:]
	}
	w.lost = append(w.lost, x)
	q.list(x.Agent, w.Key)
}

// list remembers what an agent held when it was lost.
func (q *Queue) list(agent string, key sweep.Key) {
	if q.lost[agent] == nil {
		q.lost[agent] = map[sweep.Key]bool{}
	}
	q.lost[agent][key] = true
}

// unlist is the inverse of list, for some losses of a key.
func (q *Queue) unlist(key sweep.Key, lost []sweep.Loss) {
	for _, x := range lost {
		delete(q.lost[x.Agent], key)
		if len(q.lost[x.Agent]) == 0 {
			delete(q.lost, x.Agent)
		}
	}
}

// discard forgets losses of a key with what remembered them, unless something else does: another sweep has the key too, or its own
// sweep has noted them for later.
func (q *Queue) discard(key sweep.Key, lost []sweep.Loss) {
	for _, x := range lost {
		if !q.remembers(key, x.Agent) {
			q.unlist(key, []sweep.Loss{x})
		}
	}
}

func (q *Queue) remembers(key sweep.Key, agent string) bool {
	return slices.ContainsFunc(q.order, func(l *line) bool {
		w := q.workOf(l, key)
		return w != nil && lostWith(w.lost, agent) || lostWith(l.marks[key].Lost, agent)
	})
}

// takeBack takes the loss of an agent back, and says from which keys.
func (q *Queue) takeBack(agent string, now time.Time) (keys map[sweep.Key]bool) {
	if planted.Bug == planted.BackForgotten {
		return nil
	}
	keys = q.lost[agent]
	delete(q.lost, agent)
	for _, key := range slices.SortedFunc(maps.Keys(keys), func(a, b sweep.Key) int { return slices.Compare(a[:], b[:]) }) {
		for _, l := range q.order {
			q.acquit(l, key, agent, now)
		}
	}
	return keys
}

// acquit takes the loss of an agent back from a key of a line, wherever that is.
func (q *Queue) acquit(l *line, key sweep.Key, agent string, now time.Time) {
	w := q.workOf(l, key)
	t, marked := l.marks[key]
	switch {
	case w != nil:
		if w.forgive(agent, now) {
			q.reconsider(w)
		}
	case marked:
		w = &work{Item: Item{Index: t.Index, Key: key}, line: l}
		w.recall(t)
		if w.forgive(agent, now) {
			l.marks[key] = w.trouble(sweep.Pending)
			q.complain(w, sweep.Pending)
		}
	}
}

// forgive forgets that a work was held by an agent when that was lost.
func (w *work) forgive(agent string, now time.Time) bool {
	n := len(w.lost)
	w.lost = slices.DeleteFunc(w.lost, func(x sweep.Loss) bool {
		if x.Agent == agent && x.Counted {
			w.losses--
		}
		return x.Agent == agent
	})
	if len(w.lost) == n {
		return false
	}
	if len(w.lost) == 0 && w.losses == 0 {
		w.suspect = false
		if w.phase == leased {
			w.agent.lock()
			w.line.q.touch(w.agent)
		}
	}
	w.note(now, "agent %s is back, it had not been lost: counted are %d of %d", agent, w.losses, w.line.QuarantineAfter)
	return true
}

// reconsider acts on what has become of a work's losses, and has it stored.
func (q *Queue) reconsider(w *work) {
	ends := w.rests
	if ends == sweep.Quarantined && w.losses < w.line.QuarantineAfter {
		ends = sweep.Pending
	}
	if w.refused {
		ends = sweep.Pending // as it is stored
	}
	switch {
	case w.phase == settling && w.rests == sweep.Done:
	case w.phase == waiting || w.phase == reserved:
		w.leave()
		q.settle(w, sweep.Pending)
	case w.phase == leased || w.phase == parked:
		q.complain(w, sweep.Pending)
	case ends == w.rests || w.refused:
		q.complain(w, ends)
	case w.phase == settling:
		w.rests, w.error = ends, ""
		q.complain(w, ends)
	default:
		q.release(w)
	}
}

// release takes a work out of its quarantine.
func (q *Queue) release(w *work) {
	w.leave()
	w.error = ""
	other := q.works[w.Key]
	switch {
	case w.line.stop:
		w.line.marks[w.Key] = w.trouble(sweep.Pending)
	case other != nil:
		w.line.live++
		w.phase = parked
		other.waiters = append(other.waiters, w)
	default:
		w.line.live++
		q.works[w.Key] = w
		q.settle(w, sweep.Pending)
		return
	}
	q.complain(w, sweep.Pending)
}
