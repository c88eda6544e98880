package history

import (
	"bytes"
	"fmt"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// received is told of a message from the coordinator, before the agent is.
func (w *world) received(s *session, m *proto.ToAgent) {
	if m.Welcome != nil {
		w.welcomed(s, m.Welcome)
	}
	for _, a := range m.Assignments {
		w.assigned(s, a.Fence, a.Point, false)
	}
	for _, f := range m.Cancels {
		w.noted("%s is told to stop %x", s, f)
		delete(s.held, f)
	}
	for _, a := range m.Acks {
		w.acknowledged(s, a)
	}
	if n, most := len(s.held), max(s.window, 1); n > most+len(s.claims) {
		w.violates("%s holds %d points and asked for %d", s, n, most)
	}
}

func (w *world) welcomed(s *session, m *proto.Welcome) {
	kept := map[uint64]bool{}
	for _, r := range m.Reattached {
		kept[r.OldFence] = true
		if c := s.claims[r.OldFence]; c != nil {
			w.assigned(s, r.Fence, c.Point, true)
		} else {
			w.fence(s, r.Fence, fmt.Sprintf("what was %x", r.OldFence))
		}
	}
	w.noted("%s is welcomed; %d of %d unfinished points go on", s, len(m.Reattached), len(s.claims))
	alone := s.first && len(s.life.visitors) == 1
	for f, c := range s.claims {
		key := sweep.KeyOf(c.Point)
		if !kept[f] && alone && w.kept[key] == nil && !s.life.delivered[key] && !s.doubt {
			w.violates("%s comes back with %s, which nobody else has, and is told to stop", s, w.point(c.Point))
		}
	}
}

// fence looks at a fence that an agent is told.
func (w *world) fence(s *session, f uint64, what string) {
	l := s.life
	if before := w.fences[f]; before != "" {
		w.violates("fence %x is given for %s, and was given for %s", f, what, before)
	}
	w.fences[f] = what
	if f <= s.last {
		w.violates("%s is given fence %x after %x", s, f, s.last)
	}
	s.last = f
	if l.least == 0 || f < l.least {
		l.least = f
	}
	l.most = max(l.most, f)
	for _, other := range w.lives {
		switch {
		case other.most == 0:
		case other.number < l.number && f <= other.most, other.number > l.number && f >= other.least:
			w.violates("coordinator %d gives fence %x, and coordinator %d gave %x to %x", l.number, f, other.number, other.least, other.most)
		}
	}
}

func (w *world) assigned(s *session, f uint64, point []byte, again bool) {
	key := sweep.KeyOf(point)
	w.noted("%s is to run %x %s again=%v", s, f, w.point(point), again)
	w.fence(s, f, w.point(point))
	o := s.life.owners[key]
	if f < o.fence { // it was long on its way, and is over by now
		s.held[f] = key
		return
	}
	if o.session != nil && o.session != s && !o.session.over && !o.session.doubt && o.session.process != s.process {
		if _, holds := o.session.held[o.fence]; holds {
			w.violates("%s is given to %s while %s has it", w.point(point), s, o.session)
		}
	}
	for fence, other := range s.held {
		if other == key {
			w.violates("%s is given %s twice: %x and %x", s, w.point(point), fence, f)
		}
	}
	s.life.owners[key] = owner{s, f}
	s.held[f] = key
}

// acknowledged checks that what an agent may forget is safe.
func (w *world) acknowledged(s *session, a *proto.Ack) {
	x, ok := s.results[a.Fence]
	if !ok {
		w.violates("%s gets an acknowledgement of %x, which it has not sent", s, a.Fence)
		return
	}
	w.noted("%s: %x %s is acknowledged", s, a.Fence, w.point(x.point))
	delete(s.process.unsafe, x.id())
	if a.Refused != "" {
		w.violates("%s: the result of %s is refused: %s", s, w.point(x.point), a.Refused)
		return
	}
	if x.error == "" {
		w.acked[x.key] = true
		if kept := w.kept[x.key]; !bytes.Equal(kept, x.outcome) {
			w.violates("%s is acknowledged and not on disk", w.point(x.point))
		}
		return
	}
	if x.live && !s.doubt && w.kept[x.key] == nil && !w.troubled(x.key) {
		w.violates("the failure of %s is acknowledged and not on disk", w.point(x.point))
	}
}

// troubled says whether the disk knows of a failure of a point.
func (w *world) troubled(key sweep.Key) bool {
	l := w.now()
	if l == nil {
		return true
	}
	records, err := l.store.openStore.Sweeps()
	if err != nil {
		return true
	}
	for _, r := range records {
		list, err := l.store.openStore.Troubles(r.ID)
		if err != nil {
			return true
		}
		for _, t := range list {
			if t.Key == key && t.Attempts > 0 {
				return true
			}
		}
	}
	return false
}
