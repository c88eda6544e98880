package queue

import (
	"fmt"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// NextExpiry is when the next agent is lost if nothing is heard of it; zero where there is none.
func (q *Queue) NextExpiry() time.Time {
	if a := q.heard.oldest; a != nil {
		return a.last.Add(q.lease)
	}
	return time.Time{}
}

// Forgive counts every agent as heard now: who decides slept, and could not hear them.
func (q *Queue) Forgive(now time.Time) {
	for a := q.heard.oldest; a != nil; a = a.newer {
		a.last = now
	}
}

// Expire gives up the agents that were silent for too long, and gives their names. What they held is lost: it runs again, alone and
// behind the others, because it may be what killed the agent. It is counted against a point only if the point was all that the
// agent held, for otherwise longest-first would make every crash blame the longest point, and only if no newer checkpoint of it has come
// since the loss before: a point that gets on from loss to loss will end.
func (q *Queue) Expire(now time.Time) (lost []string) {
	for a := q.heard.oldest; a != nil && !now.Before(a.last.Add(q.lease)); a = q.heard.oldest {
		lost = append(lost, a.id)
		q.Disconnect(a.id)
		alone := a.held.n == 1
		for w := a.held.first; w != nil && planted.Bug != planted.LeaseImmortal; w = a.held.first {
			w.leave()
			q.lose(w, a.id, alone, now)
		}
		q.forget(a)
	}
	return lost
}

// lose acts on the loss of an agent that held a work, which is in no list.
func (q *Queue) lose(w *work, agent string, alone bool, now time.Time) {
	if planted.Bug == planted.LostForgotten {
		delete(q.works, w.Key)
		w.line.live--
		return
	}
	q.settle(w, q.charge(w, agent, alone, now))
}

// charge makes a work a suspect, counts the loss if it is to be counted, and says what follows: Pending or Quarantined.
func (q *Queue) charge(w *work, agent string, alone bool, now time.Time) sweep.State {
	saved := q.saved[w.Key].step
	gotOn := saved != 0 && saved != w.reached // checkpoints only get on
	w.reached = saved
	q.blame(w, sweep.Loss{Agent: agent, Counted: alone && !gotOn})
	switch {
	case !alone:
		w.note(now, "agent %s was lost; it held other points too", agent)
		return sweep.Pending
	case gotOn:
		w.note(now, "agent %s was lost while it ran this point alone; the point had got on to a checkpoint of step %d: not counted", agent, saved)
		return sweep.Pending
	}
	w.note(now, "agent %s was lost while it ran this point alone (%d of %d)", agent, w.losses, w.line.QuarantineAfter)
	if w.losses < w.line.QuarantineAfter {
		return sweep.Pending
	}
	w.quarantine()
	return sweep.Quarantined
}

// quarantine says why a work is to be put aside, and what its user can do.
func (w *work) quarantine() {
	w.error = fmt.Sprintf("%d agents were lost while they ran it alone, and quarantine_after is %d. Why, the history of widthlaw explain may say, or their logs; "+
		"with more memory, or once the fault is mended, run it again: widthlaw retry %s %d", w.losses, w.line.QuarantineAfter, w.line.Name, w.Index)
}

// Handback takes a lease back without a result; no retry is counted.
func (q *Queue) Handback(id string, key sweep.Key, fence uint64, now time.Time) {
	w := q.works[key]
	if w == nil || w.phase != leased || w.fence != fence || w.agent.id != id {
		return
	}
	if planted.Bug == planted.HandbackCounted {
		q.Failed(key, fence, 0, "handed back", now)
		return
	}
	if c := q.saved[key]; c.step > 0 {
		w.note(now, "preempted: agent %s gave it back; it goes on from a checkpoint of step %d", id, c.step)
	}
	w.giveBack()
}

// Delivered tells that an outcome of a key has come, from whomever, and is on its way to the disk. It gives back what the point was
// expected to cost, if the queue knows it.
func (q *Queue) Delivered(id string, key sweep.Key) (cost sweep.Cost, known bool) {
	w := q.works[key]
	if w == nil || w.phase == settling && w.rests == sweep.Done {
		return sweep.Cost{}, false
	}
	if w.phase == leased && w.agent.id != id {
		q.ready.Cancels = append(q.ready.Cancels, Cancel{Agent: w.agent.id, Fence: w.fence})
	}
	w.leave()
	w.phase, w.rests = settling, sweep.Done
	w.line.busy++
	return w.Cost, w.Cost.Flops > 0
}

// Done tells that an outcome of a key is stored. Nothing else is to be done for it, in any sweep.
func (q *Queue) Done(key sweep.Key) {
	if w := q.works[key]; w != nil {
		if w.phase == leased { // of another agent, which need not go on
			q.ready.Cancels = append(q.ready.Cancels, Cancel{Agent: w.agent.id, Fence: w.fence})
		}
		w.leave()
		delete(q.works, key)
		w.line.live--
		q.unlist(key, w.lost)
		for _, p := range w.waiters {
			p.line.live--
			q.unlist(key, p.lost)
		}
	}
	delete(q.saved, key)
	for _, l := range q.order {
		delete(l.saved, key)
		if len(l.marks) > 0 {
			q.unlist(key, l.marks[key].Lost)
			delete(l.marks, key)
		}
		if w := l.rest[key]; w != nil {
			w.leave()
			q.unlist(key, w.lost)
		}
	}
}

// Failed tells what a trainer returned. It counts only under the live fence, and once: a failure (0: not known which) that is stored
// but not acknowledged when a coordinator ends is delivered again to the next. live says whether it did, and then a Trouble follows.
func (q *Queue) Failed(key sweep.Key, fence, failure uint64, text string, now time.Time) (live bool) {
	w := q.works[key]
	if w == nil || w.phase != leased || w.fence != fence && planted.Bug != planted.FenceUnchecked {
		return false
	}
	if failure != 0 && slices.Contains(w.counted, failure) {
		w.giveBack()
		return false
	}
	agent := w.agent.id
	w.leave()
	q.Unsaved(key) // it is tried again from its beginning
	w.failures++
	if failure != 0 {
		w.counted = append(w.counted[max(0, len(w.counted)-historyLines+1):len(w.counted):len(w.counted)], failure)
	}
	w.error = text
	w.note(now, "failed on agent %s (%d of %d): %s", agent, w.failures, w.line.Retries+1, text)
	if w.failures > w.line.Retries {
		q.settle(w, sweep.Failed)
	} else {
		q.settle(w, sweep.Pending)
	}
	return true
}

// settle asks for a work's trouble to be stored; Settle then lets it rest or run again.
func (q *Queue) settle(w *work, s sweep.State) {
	w.phase, w.rests = settling, s
	w.line.busy++
	q.complain(w, s)
}

// complain asks for a work's trouble to be stored.
func (q *Queue) complain(w *work, s sweep.State) {
	q.saving[troubled{w.line.ID, w.Key}]++
	q.ready.Troubles = append(q.ready.Troubles, w.trouble(s))
}

// Settle tells that a trouble of a sweep's key is stored. It is called once for each Trouble, in their order.
func (q *Queue) Settle(id string, key sweep.Key) {
	t := troubled{id, key}
	if q.saving[t] > 1 {
		q.saving[t]-- // a newer one is on its way
		return
	}
	delete(q.saving, t)
	w := q.works[key]
	if w == nil || w.line.ID != id || w.phase != settling || w.rests == sweep.Done {
		return
	}
	w.leave()
	if w.rests == sweep.Pending {
		w.wait()
		if w.line.Paused && len(w.waiters) > 0 {
			q.yield(w)
		}
		return
	}
	delete(q.works, key)
	w.line.live--
	w.line.putToRest(w, w.rests)
	q.promote(w)
	if largest, _ := q.largestFor(w.line); w.refused && w.memory <= largest { // an agent with the memory has come meanwhile
		q.restart(w)
	}
}

// promote lets the first of a work's waiters run, now that the work itself has ended without an outcome.
func (q *Queue) promote(w *work) {
	waiters := w.waiters
	w.waiters = nil
	for i, p := range waiters {
		if !p.line.Paused || i == len(waiters)-1 {
			p.waiters = append(append(p.waiters, waiters[:i]...), waiters[i+1:]...)
			q.works[p.Key] = p
			p.wait()
			return
		}
	}
}

// yield lets a waiter go before a work that waits itself.
func (q *Queue) yield(w *work) {
	w.leave()
	waiters := append(w.waiters, w)
	w.waiters, w.phase = nil, parked
	q.promote(&work{waiters: waiters})
}

func (w *work) trouble(s sweep.State) Trouble {
	return Trouble{
		Sweep: w.line.ID, Key: w.Key, Index: w.Index, State: s, Attempts: w.failures, Losses: w.losses, Suspect: w.suspect,
		Error: w.error, History: append([]string(nil), w.history...), Counted: w.counted,
		Lost: slices.Clone(w.lost), Reached: w.reached,
	}
}

// recall is the inverse of trouble.
func (w *work) recall(t Trouble) {
	w.failures, w.losses, w.suspect, w.error, w.history, w.counted = t.Attempts, t.Losses, t.Suspect, t.Error, t.History, t.Counted
	w.lost, w.reached = slices.Clone(t.Lost), t.Reached
	w.attempts = t.Attempts + t.Losses
}

// marked says whether a restart must not forget something about the work.
func (w *work) marked() bool { return w.failures > 0 || w.suspect }
