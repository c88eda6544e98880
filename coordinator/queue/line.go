package queue

import (
	"maps"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Sweep is what the queue knows of a sweep.
type Sweep struct {
	ID, Name        string
	Trainer         string
	Version         int // of the trainer
	Priority        int // higher first
	Retries         int // errors of the trainer that are forgiven, a point
	QuarantineAfter int
	Threads         int   // 0: chosen by the cost
	Memory          int64 // bytes; 0: by the cost
	Limit           time.Duration
	Paused          bool

	// Troubles are what a restart must not forget. Those that do not run again must have an item of the same key.
	Troubles []Trouble
	Items    map[sweep.Key]Item
}

// A line is a sweep in the queue: its points that wait, in the order in which they are taken.
type line struct {
	Sweep
	q     *Queue
	large workHeap // more memory than some agent had; taken first, by those that have it
	back  workList // came back
	fed   workList // from the cursor
	alone workList // suspects: behind the others, and alone on an agent
	ended bool     // the cursor has nothing more

	marks map[sweep.Key]Trouble // of points that run again, before the cursor reaches them
	rest  map[sweep.Key]*work
	saved map[sweep.Key]bool                                        // points of the sweep that have a checkpoint
	keep  func(key sweep.Key, point []byte) (index uint64, ok bool) // of Add
	rests [7]uint64                                                 // by state, of rest
	busy  int                                                       // leased or settling
	live  int                                                       // works that are not at rest, parked ones too
	spf   float64                                                   // seconds a flop, on one thread
	stop  bool
}

// speedGuess is for a sweep of which nothing is known: seconds a flop on one thread.
const speedGuess = 1e-9

// Add takes a sweep in, or takes its new revision in place of the old one. Points come by Feed. keep
// says which points are in it and at which index; what is not, of a former revision, is cancelled.
func (q *Queue) Add(s Sweep, keep func(key sweep.Key, point []byte) (index uint64, ok bool)) {
	l := &line{Sweep: s, q: q, marks: map[sweep.Key]Trouble{}, rest: map[sweep.Key]*work{}, saved: map[sweep.Key]bool{}, keep: keep, spf: speedGuess}
	l.Troubles, l.Items = nil, nil
	for _, t := range s.Troubles {
		item, ok := s.Items[t.Key]
		switch {
		case t.State == sweep.Pending:
			l.marks[t.Key] = t
		case ok:
			w := l.work(item)
			w.recall(t)
			l.putToRest(w, t.State)
		default:
			continue
		}
		for _, x := range t.Lost {
			q.list(x.Agent, t.Key)
		}
	}
	for key, c := range q.saved {
		if _, ok := keep(key, c.point); ok {
			l.saved[key] = true
		}
	}
	at := slices.IndexFunc(q.order, func(x *line) bool { return x.Priority < s.Priority })
	if at < 0 {
		at = len(q.order)
	}
	q.order = slices.Insert(q.order, at, l)
	if old := q.sweeps[s.ID]; old != nil {
		q.moveOver(old, l, keep)
		q.order = slices.DeleteFunc(q.order, func(x *line) bool { return x == old })
	}
	q.sweeps[s.ID] = l
	q.fresh = true
}

// moveOver gives the works of a former revision that are running or in trouble to the new one, and drops the others: its
// cursor brings those again.
func (q *Queue) moveOver(old, l *line, keep func(sweep.Key, []byte) (uint64, bool)) {
	l.spf = old.spf
	maps.Copy(l.marks, old.marks)
	for _, w := range old.all() {
		index, ok := keep(w.Key, w.Point)
		switch {
		case !ok:
			q.drop(w)
		case w.phase == leased || w.phase == settling:
			w.line, w.Index = l, index
			old.busy--
			l.busy++
			old.live--
			l.live++
		case w.phase == parked:
			w.line, w.Index = l, index
			old.live--
			l.live++
		case w.phase == resting && !w.refused:
			w.leave()
			moved := w.Index != index
			w.line, w.Index = l, index
			l.putToRest(w, w.rests)
			if moved { // a restart finds it by its index
				q.complain(w, w.rests)
			}
		default:
			if w.marked() {
				l.marks[w.Key] = w.trouble(sweep.Pending)
			}
			q.drop(w)
		}
	}
}

// all lists the works of a line, whatever their phase. It walks the whole queue: for controls, not for the events of a run.
func (l *line) all() []*work {
	var all []*work
	for _, w := range l.q.works {
		if w.line == l {
			all = append(all, w)
		}
		for _, p := range w.waiters {
			if p.line == l {
				all = append(all, p)
			}
		}
	}
	for _, w := range l.rest {
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b *work) int { return slices.Compare(a.Key[:], b.Key[:]) })
	return all
}

func (l *line) work(item Item) *work {
	w := &work{Item: item, line: l, memory: item.Cost.Memory}
	if l.q.saved[item.Key].step > 0 {
		l.saved[item.Key] = true
	}
	if l.Memory > 0 {
		w.memory = l.Memory
	}
	return w
}

// Feed gives a sweep the next points of its cursor; ended says that these are the last. The caller has left out the points that
// are stored.
func (q *Queue) Feed(id string, items []Item, ended bool) {
	l := q.sweeps[id]
	if l == nil || l.stop {
		return
	}
	l.ended = l.ended || ended
	q.fresh = true
	for _, item := range items {
		if _, ok := l.rest[item.Key]; ok {
			continue
		}
		w := l.work(item)
		if t, ok := l.marks[item.Key]; ok {
			w.recall(t)
			delete(l.marks, item.Key)
		}
		other := q.works[item.Key]
		if other == nil {
			l.live++
			q.works[item.Key] = w
			if !w.pend() {
				l.feed(w)
			}
			continue
		}
		if other.line == l || slices.ContainsFunc(other.waiters, func(p *work) bool { return p.line == l }) {
			continue // attached before the cursor reached it
		}
		l.live++
		w.phase = parked
		other.waiters = append(other.waiters, w)
		if other.phase == waiting && (other.line.Paused || other.line.Priority < l.Priority) {
			q.yield(other)
		}
	}
}

func (l *line) feed(w *work) {
	if w.suspect {
		l.alone.push(w)
		return
	}
	if l.q.saved[w.Key].step > 0 { // begun before
		l.back.push(w)
		return
	}
	l.fed.push(w)
}

// Wants says how many points the sweeps' cursors should bring now: so many that of each trainer, from the sweep whose turn it is on,
// ahead of them wait.
func (q *Queue) Wants(ahead int) map[string]int {
	wants := map[string]int{}
	waiting := map[string]int{} // by trainer
	for _, l := range q.order {
		if l.stop || l.Paused {
			continue
		}
		waiting[l.Trainer] += l.fed.n + l.back.n
		if n := ahead - waiting[l.Trainer]; n > 0 && !l.ended {
			wants[l.ID] = n
			waiting[l.Trainer] = ahead
		}
	}
	return wants
}

// next takes out the work that the agent should have next, or nil.
func (l *line) next(a *agent) *work {
	if len(l.large) > 0 && l.large[0].memory <= a.memory() {
		w := l.large[0]
		l.large.remove(w)
		return w
	}
	for _, list := range [...]*workList{&l.back, &l.fed, &l.alone} {
		for w := list.first; w != nil; w = list.first {
			list.remove(w)
			if w.memory <= a.memory() {
				return w
			}
			l.large.push(w)
		}
	}
	return nil
}

func (l *line) putToRest(w *work, s sweep.State) {
	w.phase, w.rests = resting, s
	l.rest[w.Key] = w
	l.rests[s]++
}

func (l *line) unrest(w *work) {
	delete(l.rest, w.Key)
	l.rests[w.rests]--
	if w.refused {
		w.refused, w.error = false, ""
	}
}

// waits says whether a work waits, or may come, that could be granted.
func (l *line) waits() bool { return !l.ended || l.back.n+l.fed.n+l.alone.n > 0 }
