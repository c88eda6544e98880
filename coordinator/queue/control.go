package queue

import (
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// Pause stops or resumes the granting of a sweep's points. What runs goes on.
func (q *Queue) Pause(id string, paused bool) {
	l := q.sweeps[id]
	if l == nil || l.Paused == paused {
		return
	}
	l.Paused = paused
	q.fresh = true
	if !paused {
		return
	}
	for _, w := range l.all() {
		if w.phase == reserved {
			w.leave()
			w.wait()
		}
		if w.phase == waiting && len(w.waiters) > 0 {
			q.yield(w)
		}
	}
}

// Stop ends a sweep: what runs is cancelled unless another sweep wants it too. Add begins it again.
func (q *Queue) Stop(id string) {
	l := q.sweeps[id]
	if l == nil {
		return
	}
	l.stop = true
	for _, w := range l.all() {
		if w.phase != resting || w.refused {
			q.drop(w)
		}
	}
}

// Remove forgets a sweep.
func (q *Queue) Remove(id string) {
	l := q.sweeps[id]
	if l == nil {
		return
	}
	q.Stop(id)
	delete(q.sweeps, id)
	q.order = slices.DeleteFunc(q.order, func(x *line) bool { return x == l })
	for key, w := range l.rest {
		q.discard(key, w.lost)
	}
	for key, t := range l.marks {
		q.discard(key, t.Lost)
	}
}

// drop forgets a work, and what was lost with it.
func (q *Queue) drop(w *work) {
	lost := w.lost
	q.quit(w)
	q.discard(w.Key, lost)
}

// quit takes a work out of wherever it is. If another line waits for the same key, a lease goes on for that one.
func (q *Queue) quit(w *work) {
	switch w.phase {
	case parked:
		owner := q.works[w.Key]
		owner.waiters = slices.DeleteFunc(owner.waiters, func(p *work) bool { return p == w })
		w.line.live--
		return
	case resting:
		w.leave()
		return
	case leased, settling:
		if len(w.waiters) > 0 && (w.phase == leased || w.rests == sweep.Done) {
			q.inherit(w)
			return
		}
		if w.phase == leased {
			q.ready.Cancels = append(q.ready.Cancels, Cancel{Agent: w.agent.id, Fence: w.fence})
		}
	}
	w.leave()
	delete(q.works, w.Key)
	w.line.live--
	q.promote(w)
}

// inherit makes a busy work that of its first waiter.
func (q *Queue) inherit(w *work) {
	heir := w.waiters[0]
	w.waiters = w.waiters[1:]
	w.line.busy--
	w.line.live--
	w.line, w.Index = heir.line, heir.Index
	w.failures, w.losses, w.error, w.history, w.counted = heir.failures, heir.losses, heir.error, heir.history, heir.counted
	w.lost, w.suspect, w.reached = heir.lost, heir.suspect, heir.reached
	w.line.busy++
	if w.phase == leased {
		w.agent.lock()
	}
}

// CancelPoints puts points of a sweep to rest. Those that are at rest already stay as they are.
func (q *Queue) CancelPoints(id string, items []Item) (n int) {
	l := q.sweeps[id]
	if l == nil {
		return 0
	}
	for _, item := range items {
		if _, ok := l.rest[item.Key]; ok {
			continue
		}
		if w := q.find(l, item.Key); w != nil {
			if w.phase == settling {
				continue // it has just ended
			}
			q.drop(w)
		}
		t := l.marks[item.Key]
		delete(l.marks, item.Key)
		q.discard(item.Key, t.Lost)
		w := l.work(item)
		l.putToRest(w, sweep.Cancelled)
		q.complain(w, sweep.Cancelled)
		n++
	}
	return n
}

// find is the work of a line for a key that is not at rest, or nil.
func (q *Queue) find(l *line, key sweep.Key) *work {
	w := q.works[key]
	if w == nil || w.line == l {
		return w
	}
	for _, p := range w.waiters {
		if p.line == l {
			return p
		}
	}
	return nil
}

// workOf is the work of a line for a key, at rest or not, or nil.
func (q *Queue) workOf(l *line, key sweep.Key) *work {
	if w := l.rest[key]; w != nil {
		return w
	}
	return q.find(l, key)
}

// Retry lets points that failed or were quarantined run again, with all that counted against them forgotten; all of them, or those of the
// given keys, and then cancelled ones too. The keys that it gives back are to be cleared in the store.
func (q *Queue) Retry(id string, keys []sweep.Key) (freed []sweep.Key) {
	l := q.sweeps[id]
	if l == nil || l.stop {
		return nil
	}
	var works []*work
	for _, key := range keys {
		if w := l.rest[key]; w != nil {
			works = append(works, w)
		}
	}
	if keys == nil {
		for _, w := range l.rest {
			if w.rests != sweep.Cancelled {
				works = append(works, w)
			}
		}
		slices.SortFunc(works, func(a, b *work) int { return slices.Compare(a.Key[:], b.Key[:]) })
	}
	for _, w := range works {
		lost := w.lost
		w.failures, w.losses, w.suspect, w.error, w.attempts, w.lost, w.reached = 0, 0, false, "", 0, nil, 0
		q.discard(w.Key, lost)
		freed = append(freed, w.Key)
		if q.saving[troubled{id, w.Key}] > 0 {
			q.complain(w, sweep.Pending) // what is on its way to the disk would be found after a restart
		}
		q.restart(w)
	}
	return freed
}

// restart takes a work out of its rest.
func (q *Queue) restart(w *work) {
	w.leave()
	w.line.live++
	if other := q.works[w.Key]; other != nil {
		w.phase = parked
		other.waiters = append(other.waiters, w)
		return
	}
	q.works[w.Key] = w
	w.wait()
}
