package queue

import "github.com/widthlaw/widthlaw/sweep"

// A saved is what the queue knows of a point's checkpoint.
type saved struct {
	point []byte
	step  int64
}

// Saved tells that a checkpoint of a point is kept, of a later step than any before. Whoever runs the point next goes on from there, and
// a loss is not counted against a point that gets on.
func (q *Queue) Saved(key sweep.Key, point []byte, step int64) {
	q.saved[key] = saved{point: point, step: step}
	for _, l := range q.order {
		if _, ok := l.keep(key, point); ok || q.find(l, key) != nil {
			l.saved[key] = true
		}
	}
}

// Unsaved tells that the checkpoint of a key is gone.
func (q *Queue) Unsaved(key sweep.Key) {
	delete(q.saved, key)
	for _, l := range q.order {
		delete(l.saved, key)
	}
}

// Preempted counts the points of a sweep that have a checkpoint and wait.
func (q *Queue) Preempted(id string) (n uint64) {
	l := q.sweeps[id]
	if l == nil {
		return 0
	}
	for key := range l.saved {
		if l.preempted(key) {
			n++
		}
	}
	return n
}

// preempted says whether a point of the line that is not done has a checkpoint and waits. The cursor need not have reached it.
func (l *line) preempted(key sweep.Key) bool {
	if _, rests := l.rest[key]; rests || l.stop || !l.saved[key] {
		return false
	}
	w := l.q.works[key]
	return w == nil || w.phase != leased && w.phase != settling
}
