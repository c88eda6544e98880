package coordinator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// agentService is what agents call.
type agentService struct {
	proto.UnimplementedAgentsServer
	c       *Coordinator
	serving context.Context // ends when the server does
}

type workStream = grpc.BidiStreamingServer[proto.FromAgent, proto.ToAgent]

// helloTime is how long an agent may take to introduce itself.
const helloTime = 20 * time.Second

// Work is a session: this goroutine sends, another one receives. That one ends soon after this one has returned, because gRPC then ends
// the stream; Serve waits for it.
func (a *agentService) Work(stream workStream) error {
	ctx := stream.Context()
	met := make(chan *session, 1)
	var received error
	ended := make(chan struct{})
	a.c.handlers.Go(func() {
		defer close(ended)
		defer a.c.recovered("receiving from an agent", &received)
		received = a.receive(ctx, stream, met)
	})
	timer := time.NewTimer(helloTime)
	defer timer.Stop()
	select {
	case s := <-met:
		return a.send(stream, s, ended, &received)
	case <-ended:
		return received
	case <-timer.C:
		return status.Error(codes.DeadlineExceeded, "no hello came")
	case <-a.serving.Done():
		return ErrStopped
	}
}

// send empties the outbox until the session ends.
func (a *agentService) send(stream workStream, s *session, ended <-chan struct{}, received *error) error {
	for {
		select {
		case <-s.out.ready:
			if err := sendLetters(stream, s); err != nil {
				return err
			}
		case <-ended:
			return *received
		case <-s.gone:
			return s.why
		case <-a.serving.Done():
			return ErrStopped
		}
	}
}

// sendLetters sends all that the outbox holds, in as few messages as the bounds of a message allow.
func sendLetters(stream workStream, s *session) error {
	l := s.out.take()
	m := &proto.ToAgent{Cancels: l.cancels, Buried: l.buried}
	items, bytes := len(l.cancels)+len(l.buried), 0
	if l.welcome != nil {
		m.Welcome = toWelcome(l.welcome)
	}
	flush := func(force bool) error {
		if !force && items < proto.MaxBatch && bytes < proto.BatchBytes {
			return nil
		}
		err := stream.Send(m)
		m, items, bytes = &proto.ToAgent{}, 0, 0
		return err
	}
	for _, g := range l.grants {
		m.Assignments = append(m.Assignments, proto.ToAssignment(g.Task))
		items++
		bytes += len(g.Task.Point)
		if err := flush(false); err != nil {
			return err
		}
	}
	freed := 0
	for _, x := range l.acks {
		m.Acks = append(m.Acks, &proto.Ack{Fence: x.fence, Refused: x.refused})
		items++
		bytes += len(x.refused)
		freed += x.size
		if err := flush(false); err != nil {
			return err
		}
	}
	if items > 0 || m.Welcome != nil {
		if err := flush(true); err != nil {
			return err
		}
	}
	if freed > 0 {
		s.flow.leave(freed)
	}
	return nil
}

func toWelcome(w *welcome) *proto.Welcome {
	m := &proto.Welcome{BeatSeconds: w.beat.Seconds(), LeaseSeconds: w.lease.Seconds(), Notes: w.notes}
	for _, k := range w.kept {
		m.Reattached = append(m.Reattached, &proto.Reattached{OldFence: k.Old, Fence: k.New})
	}
	return m
}

// receive takes messages until the stream ends. Once the agent has introduced itself, met gets its session.
func (a *agentService) receive(ctx context.Context, stream workStream, met chan<- *session) error {
	m, err := stream.Recv()
	if err != nil {
		return err
	}
	hello, err := proto.FromHello(m.Hello)
	if err != nil {
		return err
	}
	if err := a.c.useless(hello); err != nil {
		a.c.notices.warn("an agent was refused", "agent", hello.Agent, "host", hello.Host, "version", hello.Version, "why", err)
		return err
	}
	claims, err := a.claims(ctx, hello.Agent, hello.Held)
	if err != nil {
		return err
	}
	deaths, err := a.deaths(ctx, hello)
	if err != nil {
		return err
	}
	s := newSession(hello.Agent)
	capacity, err := capacityOf(m)
	if err != nil {
		return err
	}
	if err := a.c.post(ctx, func() { a.c.connect(s, hello, capacity, claims, deaths) }); err != nil {
		return err
	}
	met <- s
	left := false
	defer func() { // ctx may have ended
		_ = a.c.post(context.WithoutCancel(ctx), func() { a.c.disconnect(s, left) })
	}()
	for {
		if err := a.take(ctx, s, m); err != nil {
			return err
		}
		m, err = stream.Recv()
		if errors.Is(err, io.EOF) {
			left = true
			return nil
		}
		if err != nil {
			return err
		}
		if m.Hello != nil {
			return fmt.Errorf("%w: a second hello", proto.ErrMalformed)
		}
	}
}

func capacityOf(m *proto.FromAgent) (*sweep.Capacity, error) {
	if m.Capacity == nil {
		return nil, nil
	}
	c, err := proto.FromCapacity(m.Capacity)
	return &c, err
}

// take hands a message's content to the loop.
func (a *agentService) take(ctx context.Context, s *session, m *proto.FromAgent) error {
	capacity, err := capacityOf(m)
	if err != nil {
		return err
	}
	handbacks := m.Handbacks
	if err := a.c.post(ctx, func() { a.c.heard(s, capacity, handbacks) }); err != nil {
		return err
	}
	list := make([]arrival, 0, len(m.Results))
	for _, r := range m.Results {
		x := a.examine(r)
		beat := func() { _ = a.c.post(ctx, func() { a.c.heard(s, nil, nil) }) }
		if !s.flow.try(size(x.Delivery)) { // what is here must go first: it may be what fills the flow
			if err := a.hand(ctx, s, list); err != nil {
				return err
			}
			list = nil
			if err := s.flow.enter(ctx, size(x.Delivery), a.c.config.Lease/4, beat); err != nil {
				return err
			}
		}
		list = append(list, x)
	}
	return a.hand(ctx, s, list)
}

func (a *agentService) hand(ctx context.Context, s *session, list []arrival) error {
	if len(list) == 0 {
		return nil
	}
	return a.c.post(ctx, func() { a.c.arrive(s, list) })
}

// examine checks all that can be checked of a result.
func (a *agentService) examine(r *proto.Result) arrival {
	d, err := proto.FromResult(r)
	if err != nil {
		return arrival{Delivery: sweep.Delivery{Fence: r.GetFence()}, refused: err.Error()}
	}
	x := arrival{Delivery: d, key: sweep.KeyOf(d.Point)}
	if x.point, x.outcome, err = proto.CheckDelivery(a.c.config.Trainers, d); err != nil {
		x.refused = err.Error()
	}
	x.digest = sweep.PointDigest(x.key, d.Outcome)
	return x
}

// claims finds out what the queue must know of what an agent says to hold.
func (a *agentService) claims(ctx context.Context, agent string, held []sweep.Claim) ([]queue.Claim, error) {
	if len(held) == 0 {
		return nil, nil
	}
	var campaigns []*campaign
	if err := a.c.ask(ctx, func() { campaigns = append(campaigns, a.c.campaigns...) }); err != nil {
		return nil, err
	}
	claims := make([]queue.Claim, 0, len(held))
	for _, h := range held {
		p, err := sweep.DecodePoint(a.c.config.Trainers, h.Point)
		if err != nil {
			a.c.notices.warn("an agent holds a point that is none", "agent", agent, "error", err)
			continue
		}
		x := queue.Claim{Claim: h, Key: sweep.KeyOf(h.Point), In: map[string]queue.Item{}}
		x.Stored = a.c.config.Store.Has(x.Key)
		for _, k := range campaigns {
			if index, ok := k.contains(p); ok && !x.Stored {
				x.In[k.id] = queue.Item{Index: index, Key: x.Key, Point: h.Point, Cost: sweep.Cost{Memory: h.Memory}}
			}
		}
		claims = append(claims, x)
	}
	return claims, nil
}

// GetFile sends a data file.
func (a *agentService) GetFile(m *proto.GetFileRequest, stream grpc.ServerStreamingServer[proto.Chunk]) error {
	r, err := a.c.config.Store.OpenFile(hex.EncodeToString(m.Hash))
	if err != nil {
		return err
	}
	return errors.Join(sendChunks(r, stream), r.Close())
}

func sendChunks(r io.Reader, stream grpc.ServerStreamingServer[proto.Chunk]) error {
	buffer := make([]byte, proto.ChunkBytes)
	for {
		n, err := io.ReadFull(r, buffer)
		if n > 0 {
			if err := stream.Send(&proto.Chunk{Data: buffer[:n]}); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return err
		}
	}
}
