package queue

import (
	"container/heap"
	"fmt"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A phase is where a work is.
type phase uint8

const (
	waiting  phase = iota // in one of its line's lists, or in its heap
	reserved              // chosen for an agent that must first get room for it
	leased                // an agent holds it
	settling              // its end, or its trouble, is on its way to the disk
	parked                // another line's work has the same key
	resting               // failed, quarantined, cancelled or refused: in its line's rest
)

// A work is a point on its way from a cursor to an outcome.
type work struct {
	Item
	line    *line
	phase   phase
	waiters []*work // of other lines, parked

	memory   int64
	attempts int // leases so far
	failures int
	losses   int
	suspect  bool
	error    string
	history  []string
	lost     []sweep.Loss // why it is a suspect, the latest ones
	reached  int64        // the step of the checkpoint that there was at the last loss
	counted  []uint64     // which failures are in failures, the latest ones
	rests    sweep.State  // resting, or settling towards it; Pending: settling towards waiting
	refused  bool         // resting, or settling towards it, because no agent has the memory; stored as pending

	// Of a leased or reserved work.
	agent   *agent
	fence   uint64
	threads int
	load    time.Duration // see agent.load

	list       *workList
	prev, next *work // in list, or in the agent's held
	heapAt     int   // place in line.large, if list is nil
}

const (
	historyLines = 32
	lostAgents   = 32 // that a work knows by name: those before them are not taken back
)

// note adds a line to the work's history.
func (w *work) note(now time.Time, format string, a ...any) {
	if len(w.history) >= historyLines {
		w.history = append(w.history[:1], w.history[2:]...)
	}
	w.history = append(w.history, now.UTC().Format(time.RFC3339)+" "+fmt.Sprintf(format, a...))
}

// A workList is a doubly linked list through the works themselves.
type workList struct {
	first, last *work
	n           int
}

func (l *workList) push(w *work) {
	w.list, w.prev, w.next = l, l.last, nil
	if l.last != nil {
		l.last.next = w
	} else {
		l.first = w
	}
	l.last = w
	l.n++
}

func (l *workList) remove(w *work) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		l.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		l.last = w.prev
	}
	w.list, w.prev, w.next = nil, nil, nil
	l.n--
}

// A workHeap has the work that needs least memory on top.
type workHeap []*work

func (h workHeap) Len() int           { return len(h) }
func (h workHeap) Less(i, j int) bool { return h[i].memory < h[j].memory }
func (h workHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].heapAt, h[j].heapAt = i, j
}

// Push is called by container/heap.
func (h *workHeap) Push(x any) {
	w := x.(*work)
	w.heapAt = len(*h)
	*h = append(*h, w)
}

// Pop is called by container/heap.
func (h *workHeap) Pop() any {
	old := *h
	w := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	w.heapAt = -1
	return w
}

func (h *workHeap) push(w *work) { heap.Push(h, w) }

func (h *workHeap) remove(w *work) { heap.Remove(h, w.heapAt) }

// wait puts a work where its line will find it again, once all that is known of it is stored.
func (w *work) wait() {
	if w.pend() {
		return
	}
	w.phase = waiting
	w.line.q.fresh = true
	if w.suspect {
		w.line.alone.push(w)
	} else {
		w.line.back.push(w)
	}
}

// pend has a work that is in no list wait for its troubles to be stored, if some are on their way.
func (w *work) pend() bool {
	if w.line.q.saving[troubled{w.line.ID, w.Key}] == 0 {
		return false
	}
	w.phase, w.rests = settling, sweep.Pending
	w.line.busy++
	return true
}

// giveBack ends a lease that came to nothing through no fault: it counts as no attempt.
func (w *work) giveBack() {
	w.leave()
	w.attempts--
	w.wait()
}

// leave takes a work out of wherever it waits, is reserved, is held or rests. Its phase is the caller's to set.
func (w *work) leave() {
	switch w.phase {
	case waiting:
		if w.list != nil {
			w.list.remove(w)
		} else {
			w.line.large.remove(w)
		}
	case reserved:
		w.agent.next = nil
		w.line.q.touch(w.agent)
		w.agent = nil
	case leased:
		w.agent.release(w)
		w.line.q.touch(w.agent)
		w.line.busy--
		w.agent, w.fence = nil, 0
	case settling:
		w.line.busy--
	case resting:
		w.line.unrest(w)
	case parked:
	}
}
