package queue

// Reopen says that a sweep of which Feed has said that nothing more comes may be given more yet: its search has learned something, and
// has not said what follows from it.
func (q *Queue) Reopen(id string) {
	if l := q.sweeps[id]; l != nil {
		l.ended = false
	}
}
