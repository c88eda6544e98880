package agent

import (
	"container/list"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

const (
	// patience is how long the longest waiting point keeps free cores idle for the rest of its threads. Then it starts on what
	// is free: threads change no outcome.
	patience = time.Second
	// ahead is how much work, in time, an agent wants to hold.
	ahead = 500 * time.Millisecond
	// maxWindow bounds how many points that may be: at 25,000 a second it covers 0.3 s between a result and the next point.
	maxWindow = 8192
)

// A desk decides which of the points that an agent holds runs next: the longest waiting one. Nothing overtakes it for want of
// cores, so a large point never starves; for want of memory others may, as long as they leave it the memory that it waits for.
// A desk has no clock, lock, channel or I/O.
type desk struct {
	cores  int
	memory int64 // bytes

	freeCores  int               // Invariant: cores - the running leases' threads, >= 0
	freeMemory int64             // Invariant: memory - the running leases' memory, >= 0
	held       map[uint64]*lease // by fence
	waiting    *list.List        // of *lease, in order of arrival
	running    map[*lease]struct{}

	blocked  *lease // waits for memory while others overtake it
	overtook int64  // memory of the running leases that overtook blocked

	// How many points were finished lately: each counts e^-1 after `ahead`. At a steady rate this is rate * ahead.
	recent float64
	asOf   time.Time
}

func newDesk(cores int, memory int64) *desk {
	return &desk{
		cores: cores, memory: memory, freeCores: cores, freeMemory: memory,
		held: map[uint64]*lease{}, waiting: list.New(), running: map[*lease]struct{}{},
	}
}

// add takes a task in, unless it is held already. The task needs no more memory than the desk has.
func (d *desk) add(t sweep.Task) bool {
	if d.held[t.Fence] != nil {
		return false
	}
	l := &lease{task: t}
	l.place = d.waiting.PushBack(l)
	d.held[t.Fence] = l
	return true
}

// next starts the lease that is to run now; nil: none can.
func (d *desk) next(now time.Time) *lease {
	front := d.waiting.Front()
	if front == nil || d.freeCores == 0 {
		return nil
	}
	l := front.Value.(*lease)
	if l.task.Memory > d.freeMemory {
		return d.overtake(l, now)
	}
	threads := min(l.task.Threads, d.cores)
	if threads > d.freeCores {
		if l.first.IsZero() {
			l.first = now
		}
		if now.Sub(l.first) < patience {
			return nil
		}
		threads = d.freeCores
	}
	d.start(l, threads, now)
	return l
}

// overtake starts the first lease that fits beside the running ones now and beside blocked later.
func (d *desk) overtake(blocked *lease, now time.Time) *lease {
	if d.blocked != blocked {
		d.blocked, d.overtook = blocked, 0
	}
	room := min(d.freeMemory, d.memory-blocked.task.Memory-d.overtook)
	for e := blocked.place.Next(); e != nil; e = e.Next() {
		l := e.Value.(*lease)
		if l.task.Memory <= room && l.task.Threads <= d.freeCores {
			l.passed = blocked
			d.overtook += l.task.Memory
			d.start(l, l.task.Threads, now)
			return l
		}
	}
	return nil
}

func (d *desk) start(l *lease, threads int, now time.Time) {
	d.waiting.Remove(l.place)
	l.place = nil
	l.threads, l.started = threads, now
	d.freeCores -= threads
	d.freeMemory -= l.task.Memory
	d.running[l] = struct{}{}
}

// finish takes back what a running lease used.
func (d *desk) finish(l *lease, now time.Time) {
	delete(d.running, l)
	d.forget(l)
	d.freeCores += l.threads
	d.freeMemory += l.task.Memory
	if l.passed != nil && l.passed == d.blocked {
		d.overtook -= l.task.Memory
	}
	d.recent = d.decayed(now) + 1
	d.asOf = now
}

func (d *desk) forget(l *lease) {
	if d.held[l.task.Fence] == l {
		delete(d.held, l.task.Fence)
	}
}

// drop gives a lease up. A waiting one is gone; a running one, which is returned, keeps its cores until it has finished.
func (d *desk) drop(fence uint64) (running *lease) {
	l := d.held[fence]
	if l == nil {
		return nil
	}
	d.forget(l)
	if l.place == nil {
		return l
	}
	d.waiting.Remove(l.place)
	return nil
}

// rename gives a lease its new fence.
func (d *desk) rename(old, fence uint64) bool {
	l := d.held[old]
	if l == nil {
		return false
	}
	delete(d.held, old)
	l.task.Fence = fence
	d.held[fence] = l
	return true
}

// handBack drops the waiting leases beyond the first `keep` of all that are held, the newest first, and returns their fences.
func (d *desk) handBack(keep int) []uint64 {
	var fences []uint64
	for len(d.held) > keep && d.waiting.Len() > 0 {
		l := d.waiting.Remove(d.waiting.Back()).(*lease)
		d.forget(l)
		fences = append(fences, l.task.Fence)
	}
	return fences
}

// empty says whether there is neither waiting nor running work.
func (d *desk) empty() bool { return d.waiting.Len() == 0 && len(d.running) == 0 }

func (d *desk) decayed(now time.Time) float64 {
	return d.recent * math.Exp(-float64(now.Sub(d.asOf))/float64(ahead))
}

// window is how many points the agent wants to hold: `ahead` of work at the present rate, and at least one waiting for each core.
// A rate that only the window limits widens it from round trip to round trip; points that take long shrink it.
func (d *desk) window(now time.Time) int {
	return max(2*d.cores, min(int(d.decayed(now)), maxWindow))
}
