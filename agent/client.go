package agent

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

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// A Dialer opens a connection to the coordinator, lazily or not. The agent closes it.
type Dialer func(ctx context.Context) (*grpc.ClientConn, error)

// welcomeTime is how long a coordinator may take to answer a Hello.
const welcomeTime = 30 * time.Second

// A link is one session's stream.
type link struct {
	agent  *Agent
	stream grpc.BidiStreamingClient[proto.FromAgent, proto.ToAgent]
	told   sweep.Capacity // what the coordinator last heard
}

// session dials and works until the connection breaks. It says whether the coordinator ever answered.
func (a *Agent) session(ctx context.Context) (welcomed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	conn, err := a.config.Dial(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	stream, err := proto.NewAgentsClient(conn).Work(ctx)
	if err != nil {
		return false, refusal(err)
	}
	l := &link{agent: a, stream: stream}
	beat, err := l.introduce(cancel)
	if err != nil {
		return false, refusal(err)
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		if err := l.sendAll(ctx, beat); err != nil && !errors.Is(err, io.EOF) { // after an EOF, the reason comes from Recv
			cancel()
		}
	}()
	err = l.receiveAll()
	cancel()
	<-sent
	return true, refusal(err)
}

// introduce says hello and waits for the welcome. It gives back how often to beat.
func (l *link) introduce(cancel context.CancelFunc) (beat time.Duration, err error) {
	a := l.agent
	claims := a.claims()
	hello := sweep.Hello{
		Agent: a.name, Host: a.host, Version: a.config.Version, InstructionSet: instructionSet(), Trainers: map[string]int{}, Held: claims, Deaths: a.deaths(),
	}
	for _, t := range a.config.Trainers {
		hello.Trainers[t.Name] = t.Version
	}
	a.mu.Lock()
	l.told = sweep.Capacity{Cores: a.config.Cores, Memory: a.config.Memory, Window: a.window(time.Now())}
	a.mu.Unlock()
	err = l.stream.Send(&proto.FromAgent{Hello: proto.ToHello(hello), Capacity: proto.ToCapacity(l.told)})
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	late := time.AfterFunc(welcomeTime, cancel)
	defer late.Stop()
	m, err := l.stream.Recv()
	if err != nil {
		return 0, err
	}
	w := m.GetWelcome()
	if w == nil || !(w.BeatSeconds > 0) || w.BeatSeconds > 24*3600 {
		return 0, fmt.Errorf("%w: no welcome", proto.ErrMalformed)
	}
	reattached := make(map[uint64]uint64, len(w.Reattached))
	for _, r := range w.Reattached {
		reattached[r.GetOldFence()] = r.GetFence()
	}
	a.welcome(claims, reattached)
	a.log.Info("a session with the coordinator", "held", len(claims), "reattached", len(reattached))
	for _, note := range w.Notes {
		a.log.Warn("the coordinator says: " + note)
	}
	l.receive(m)
	return time.Duration(w.BeatSeconds * float64(time.Second)), nil
}

// receiveAll takes messages until the stream ends.
func (l *link) receiveAll() error {
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		l.receive(m)
	}
}

// receive acts on one message. What is malformed in it is logged and passed over: its lease will expire.
func (l *link) receive(m *proto.ToAgent) {
	a := l.agent
	if len(m.Assignments) > 0 {
		tasks := make([]sweep.Task, 0, len(m.Assignments))
		for _, w := range m.Assignments {
			t, err := proto.FromAssignment(w)
			if err != nil {
				a.log.Error("the coordinator sent nonsense", "error", err)
				continue
			}
			tasks = append(tasks, t)
		}
		a.assign(tasks)
	}
	if len(m.Acks) > 0 {
		fences := make([]uint64, len(m.Acks))
		for i, ack := range m.Acks {
			fences[i] = ack.GetFence()
			if ack.GetRefused() != "" {
				a.log.Warn("the coordinator refused a result; it is dropped", "fence", ack.GetFence(), "reason", ack.GetRefused())
			}
		}
		a.acknowledged(fences)
	}
	if len(m.Cancels) > 0 {
		a.cancel(m.Cancels)
	}
	if len(m.Buried) > 0 {
		a.buried(m.Buried)
	}
	if m.Drain {
		a.drain()
	}
}

// sendAll sends what there is to send, and a beat in time, until the stream breaks or the agent says goodbye.
func (l *link) sendAll(ctx context.Context, beat time.Duration) error {
	ticker := time.NewTicker(max(beat/2, time.Millisecond)) // twice as often as asked: a late one does no harm
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.agent.goodbye:
			return l.stream.CloseSend()
		case <-ticker.C:
			if err := l.stream.Send(&proto.FromAgent{Progress: l.progress()}); err != nil {
				return err
			}
		case <-l.agent.send:
			if err := l.sendReady(); err != nil {
				return err
			}
		}
	}
}

// sendReady sends messages until nothing is left to send.
func (l *link) sendReady() error {
	for {
		m, more := l.next()
		if m == nil {
			return nil
		}
		if err := l.stream.Send(m); err != nil {
			return err
		}
		if !more {
			return nil
		}
	}
}

// next is the next message; nil: there is nothing to say.
func (l *link) next() (m *proto.FromAgent, more bool) {
	a := l.agent
	a.mu.Lock()
	parcels := a.outbox.take(proto.MaxBatch/2, proto.BatchBytes/2)
	handbacks := a.outbox.takeHandbacks(proto.MaxBatch / 2)
	more = len(a.outbox.unsent) > 0 || len(a.outbox.handbacks) > 0
	window := a.window(time.Now())
	fences := make([]uint64, len(parcels))
	for i, p := range parcels {
		fences[i] = p.fence
	}
	a.mu.Unlock()

	m = &proto.FromAgent{Handbacks: handbacks}
	for i, p := range parcels {
		d, err := decodeDelivery(p.record.Payload)
		if err != nil {
			a.log.Error("a result was damaged in memory; it is dropped", "error", err)
			continue
		}
		if planted.Bug == planted.SpoolEmptied {
			a.forget([]*spool.Record{&p.record})
		}
		d.Fence = fences[i]
		m.Results = append(m.Results, proto.ToResult(d))
	}
	if differs(window, l.told.Window) {
		l.told.Window = window
		m.Capacity = proto.ToCapacity(l.told)
	}
	if len(m.Results) == 0 && len(m.Handbacks) == 0 && m.Capacity == nil && !more {
		return nil, false
	}
	return m, more
}

// differs says whether a window is so different from what the coordinator knows that it should hear of it.
func differs(now, told int) bool {
	return (now == 0) != (told == 0) || 4*now < 3*told || 3*now > 4*told
}

// progress is what the running points' trainers said since the last beat.
func (l *link) progress() []*proto.Progress {
	a := l.agent
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []*proto.Progress
	for r := range a.desk.running {
		if done := r.done.Load(); done != r.told && len(all) < proto.MaxBatch {
			r.told = done
			all = append(all, &proto.Progress{Fence: r.task.Fence, Done: done, Budget: r.budget.Load()})
		}
	}
	return all
}

// sendable says why a delivery would not be taken, if so.
func sendable(d sweep.Delivery) error {
	_, err := proto.FromResult(proto.ToResult(d))
	return err
}

// refusal tells a refusal from an accident.
func refusal(err error) error {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition, codes.Unimplemented:
		return fmt.Errorf("%w: %s", ErrRefused, status.Convert(err).Message())
	}
	return err
}

// fetch writes a data file of the coordinator's to w. While the coordinator is away it fails with errAway.
func (a *Agent) fetch(ctx context.Context, hash string, w io.Writer) error {
	sum, err := hex.DecodeString(hash)
	if err != nil {
		return fmt.Errorf("data file %q: %w", hash, err)
	}
	conn, err := a.config.Dial(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := proto.NewAgentsClient(conn).GetFile(ctx, &proto.GetFileRequest{Hash: sum})
	for err == nil {
		var chunk *proto.Chunk
		if chunk, err = stream.Recv(); err == nil {
			_, err = w.Write(chunk.GetData())
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case status.Code(err) == codes.Unavailable:
		return fmt.Errorf("%w: %w", errAway, err)
	}
	return fmt.Errorf("data file %s: %w", hash, err)
}
