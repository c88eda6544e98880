package history

import (
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
