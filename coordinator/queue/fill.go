package queue

import (
	"fmt"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// lookahead is how much work, in time, an agent holds beyond what it runs: enough for the way there and back, too little to make
// others wait for it at the end of a sweep.
const lookahead = time.Second / 2

// leastTime is what the smallest point takes.
const leastTime = 20 * time.Microsecond

// Threads is how many threads a point gets of so many cores: one, but a point that is long and whose steps are large gets one
// for each 2 Mflop of a step.
func Threads(c sweep.Cost, cores int) int {
	const long, share = 1e11, 2e6
	if c.Flops < long || c.Steps <= 0 {
		return 1
	}
	return int(min(max(c.Flops/float64(c.Steps)/share, 1), float64(max(cores, 1))))
}

// Fill grants to every agent that has room what it should have next.
func (q *Queue) Fill(now time.Time) {
	dirty := q.dirty
	q.dirty = nil
	for _, a := range dirty {
		a.dirty = false
	}
	if q.fresh {
		q.fresh = false
		q.turn++
		for i := range q.ring {
			q.fill(q.ring[(i+q.turn)%len(q.ring)])
		}
	} else {
		for _, a := range dirty {
			q.fill(a)
		}
	}
	q.refuse(now)
}

func (q *Queue) fill(a *agent) {
	if !a.connected {
		return
	}
	for (a.held.n < a.capacity.Window || planted.Bug == planted.WindowIgnored) && !a.locked {
		w := a.next
		if w == nil {
			if w = q.next(a); w == nil {
				return
			}
			w.threads = w.line.threads(w.Cost, a.capacity.Cores)
			w.load = w.line.load(w)
			w.phase, w.agent, a.next = reserved, a, w
		}
		if !a.room(w) {
			return
		}
		a.next = nil
		w.attempts++
		q.give(a, w)
		if planted.Bug == planted.CheckpointForgotten {
			q.Unsaved(w.Key)
		}
		q.ready.Grants = append(q.ready.Grants, Grant{Agent: a.id, Task: sweep.Task{
			Fence: w.fence, Point: w.Point, Threads: w.threads, Memory: w.memory, Limit: w.line.Limit,
			Attempt: w.attempts, Sweep: w.line.Name, Index: w.Index, Checkpoint: q.saved[w.Key].step,
		}})
	}
}

// next is the work that an agent should have next: of the first line that has one; if none has, one that another agent would have
// had as soon as it had room.
func (q *Queue) next(a *agent) *work {
	for _, l := range q.order {
		if l.Paused || l.stop || a.trainers[l.Trainer] != l.Version {
			continue
		}
		if w := l.next(a); w != nil {
			return w
		}
	}
	for _, other := range q.ring {
		w := other.next
		if w == nil || other == a || w.memory > a.memory() || a.trainers[w.line.Trainer] != w.line.Version {
			continue
		}
		threads, load := w.threads, w.load
		w.threads = w.line.threads(w.Cost, a.capacity.Cores)
		w.load = w.line.load(w)
		if a.room(w) {
			other.next = nil
			q.touch(other)
			return w
		}
		w.threads, w.load = threads, load
	}
	return nil
}

// room says whether an agent can take a work now. A long point counts lookahead on each of its threads, so that as many run as
// there are cores and nothing is queued behind them; short ones fill the lookahead of the cores that are left.
func (a *agent) room(w *work) bool {
	if a.held.n == 0 {
		return true
	}
	return !w.suspect && a.load+w.load <= lookahead*time.Duration(a.capacity.Cores) && a.used+w.memory <= a.memory() && a.used+w.memory >= 0
}

func (l *line) threads(c sweep.Cost, cores int) int {
	if l.Threads > 0 {
		return min(l.Threads, max(cores, 1))
	}
	return Threads(c, cores)
}

func (l *line) load(w *work) time.Duration {
	s := w.Cost.Flops * l.spf / float64(w.threads)
	t := lookahead
	if s < lookahead.Seconds() {
		t = max(leastTime, time.Duration(s*1e9))
	}
	return t * time.Duration(w.threads)
}

// give makes a lease of a work that is in no list.
func (q *Queue) give(a *agent, w *work) {
	q.fence++
	w.phase, w.agent, w.fence = leased, a, q.fence
	w.load = w.line.load(w)
	w.line.busy++
	a.take(w)
}

// SetSpeed tells what a flop of a sweep's points takes on one thread.
func (q *Queue) SetSpeed(id string, secondsPerFlop float64) {
	if l := q.sweeps[id]; l != nil && secondsPerFlop > 0 && !math.IsInf(secondsPerFlop, 0) {
		l.spf = secondsPerFlop
	}
}

// refuse puts to rest what needs more memory than any agent has, once nothing else of its sweep is left. What is stored is the reason,
// and that the point is pending: a restart may find agents with more.
func (q *Queue) refuse(now time.Time) {
	for _, l := range q.order {
		if len(l.large) == 0 || l.waits() || l.busy > 0 || l.Paused {
			continue
		}
		largest, any := q.largestFor(l)
		if !any || l.large[0].memory <= largest {
			continue
		}
		for len(l.large) > 0 {
			w := l.large[0]
			l.large.remove(w)
			w.error = fmt.Sprintf("needs %s of memory, and the agent that has most has %s: start an agent with more, or make the point smaller",
				bytes(w.memory), bytes(largest))
			w.note(now, "%s", w.error)
			w.refused = true
			w.phase, w.rests = settling, sweep.Failed
			l.busy++
			q.complain(w, sweep.Pending)
		}
	}
}

func (q *Queue) largestFor(l *line) (largest int64, any bool) {
	for _, a := range q.ring {
		if a.connected && a.capacity.Cores > 0 && a.trainers[l.Trainer] == l.Version {
			largest, any = max(largest, a.memory()), true
		}
	}
	return largest, any
}

// readmit lets what was refused wait again, if the agent has the memory for it.
func (q *Queue) readmit(a *agent) {
	for _, l := range q.order {
		if l.rests[sweep.Failed] == 0 || a.trainers[l.Trainer] != l.Version {
			continue
		}
		for _, w := range l.rest {
			if w.refused && w.memory <= a.memory() {
				q.restart(w)
			}
		}
	}
}

func bytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d bytes", n)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
