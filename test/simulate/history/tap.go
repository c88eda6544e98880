package history

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// A session is one stream of an agent, as the agent sees it.
type session struct {
	process *process
	number  int
	life    *life
	first   bool                   // of this agent with this coordinator
	window  int                    // the largest that the agent has asked for
	claims  map[uint64]*proto.Held // unfinished, until the welcome
	held    map[uint64]sweep.Key   // leases that nobody has ended
	results map[uint64]sent        // sent in this session
	last    uint64                 // fence
	over    bool                   // closed, cut or killed
	doubt   bool                   // something was done to its connection: the coordinator may think it lost
}

// A trigger is something that happens at the so-manieth message from now.
type trigger struct {
	countdown int
	receiving bool
	after     bool // the message itself gets through
	process   *process
	act       func(*process)
}

type tap struct {
	grpc.ClientStream
	s *session
}

// intercept sees every stream that an agent opens.
func (p *process) intercept(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := streamer(ctx, desc, cc, method, opts...)
	if err != nil || method != proto.Agents_Work_FullMethodName {
		return stream, err
	}
	w := p.w
	w.mu.Lock()
	defer w.mu.Unlock()
	w.endSession(p.session)
	p.sessions++
	s := &session{
		process: p, number: p.sessions, life: p.life, claims: map[uint64]*proto.Held{}, held: map[uint64]sweep.Key{}, results: map[uint64]sent{},
	}
	s.over = p.dead || p.life.over
	s.first = !p.life.visitors[p]
	p.session = s
	p.life.visitors[p] = true
	return tap{stream, s}, nil
}

func (w *world) endSession(s *session) {
	if s != nil {
		s.over = true
	}
}

func (t tap) SendMsg(m any) error {
	w, p := t.s.process.w, t.s.process
	after := w.trip(p, false)
	w.mu.Lock()
	if p.dead {
		w.mu.Unlock()
		return errDead
	}
	w.sending(t.s, m.(*proto.FromAgent))
	w.mu.Unlock()
	err := t.ClientStream.SendMsg(m)
	after()
	return err
}

func (t tap) RecvMsg(m any) error {
	w, p := t.s.process.w, t.s.process
	err := t.ClientStream.RecvMsg(m)
	if err != nil {
		w.mu.Lock()
		w.endSession(t.s)
		w.mu.Unlock()
		return err
	}
	after := w.trip(p, true)
	w.mu.Lock()
	if p.dead {
		w.mu.Unlock()
		return errDead
	}
	w.received(t.s, m.(*proto.ToAgent))
	w.mu.Unlock()
	after()
	return nil
}

func (t tap) CloseSend() error {
	w := t.s.process.w
	w.mu.Lock()
	w.noted("%s: says goodbye", t.s)
	w.endSession(t.s)
	w.mu.Unlock()
	return t.ClientStream.CloseSend()
}

// trip counts a message; what it returns is to be called when the message is through.
func (w *world) trip(p *process, receiving bool) (after func()) {
	w.mu.Lock()
	t := w.next
	due := false
	if t.countdown > 0 && t.receiving == receiving && t.process == p {
		w.next.countdown--
		due = w.next.countdown == 0
	}
	w.mu.Unlock()
	switch {
	case !due:
		return func() {}
	case t.after:
		return func() { t.act(p) }
	}
	t.act(p)
	return func() {}
}

func (s *session) String() string { return fmt.Sprintf("%s session %d", s.process.name, s.number) }

// sending is told of a message to the coordinator, before it goes out.
func (w *world) sending(s *session, m *proto.FromAgent) {
	p := s.process
	if h := m.Hello; h != nil {
		for _, c := range h.Held {
			if !c.Finished {
				s.claims[c.Fence] = c
			}
			w.noted("%s to coordinator %d: claims %x %s finished=%v", s, s.life.number, c.Fence, w.point(c.Point), c.Finished)
		}
	}
	if c := m.Capacity; c != nil {
		s.window = max(s.window, int(c.Window))
	}
	for _, f := range m.Handbacks {
		w.noted("%s hands back %x", s, f)
		delete(s.held, f)
	}
	for _, r := range m.Results {
		key := sweep.KeyOf(r.Point)
		_, held := s.held[r.Fence]
		x := sent{key: key, point: r.Point, outcome: r.Outcome, error: r.Error, live: held && !s.doubt}
		w.noted("%s sends %x %s error=%q", s, r.Fence, w.point(r.Point), r.Error)
		if _, twice := s.results[r.Fence]; twice {
			w.violates("%s sends the result of %s twice in one session", s, w.point(r.Point))
		}
		s.results[r.Fence] = x
		p.unsafe[x.id()] = x
		s.life.delivered[key] = true
		delete(s.held, r.Fence)
		delete(s.claims, r.Fence)
	}
	if n := len(p.unsafe); n > 4096 {
		w.violates("%s has %d results that nobody has acknowledged", p.name, n)
	}
}

func (s sent) id() string { return string(s.key[:]) + s.error }

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
	if late := f < o.fence; late { // it was long on its way, and is over by now
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

// point names a point by its i and j.
func (w *world) point(encoded []byte) string {
	p, err := sweep.DecodePoint([]*sweep.Trainer{w.toy}, encoded)
	if err != nil {
		return "a point that is none"
	}
	return fmt.Sprintf("(%d, %d)", p.Int("i"), p.Int("j"))
}

// cutWires cuts what connects an agent.
func (w *world) cutWires(p *process) {
	for x := range w.wires {
		if x.owner == p {
			x.cut()
			delete(w.wires, x)
		}
	}
	if p.session != nil {
		p.session.doubt = true
	}
}

// stallWires holds what travels to or from agents.
func (w *world) stallWires(of func(*process) bool, up, down bool, until time.Time) {
	for x := range w.wires {
		if !of(x.owner) {
			continue
		}
		if up {
			x.up.stall(until)
		}
		if down {
			x.down.stall(until)
		}
	}
}
