package queue

import (
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// Live says whether an agent holds a key under a fence.
func (q *Queue) Live(id string, key sweep.Key, fence uint64) bool {
	w := q.works[key]
	return w != nil && w.phase == leased && w.fence == fence && w.agent.id == id
}

// Elsewhere says whether another agent holds a key, or an outcome of it is on its way to the disk.
func (q *Queue) Elsewhere(id string, key sweep.Key) bool {
	w := q.works[key]
	return w != nil && (w.phase == leased && w.agent.id != id || w.phase == settling && w.rests == sweep.Done)
}

// Knows says whether a failure of a key has been counted.
func (q *Queue) Knows(key sweep.Key, failure uint64) bool {
	return failure != 0 && slices.ContainsFunc(q.order, func(l *line) bool {
		w := q.workOf(l, key)
		return w != nil && slices.Contains(w.counted, failure) || slices.Contains(l.marks[key].Counted, failure)
	})
}
