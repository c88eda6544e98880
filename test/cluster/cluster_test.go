// Package cluster tests the whole cluster in one process: the real coordinator, real agents, real gRPC with TLS and tokens over
// in-memory connections, and the real store in a folder. Time is fake where nothing is measured, so that a lease that expires
// or an hour's outage passes in milliseconds.
package cluster

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/widthlaw/widthlaw/agent"
	"github.com/widthlaw/widthlaw/coordinator"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A site is where a coordinator lives and dies: its state directory and its address.
type site struct {
	t        testing.TB
	state    string
	trainers []*sweep.Trainer
	log      *slog.Logger

	mu       sync.Mutex
	listener *bufconn.Listener // nil: nobody is at home
	agents   proto.Access
	clients  proto.Access
	conns    map[net.Conn]string // open connections, by who dialled

	store   *results.Store
	stop    context.CancelFunc
	running sync.WaitGroup
}

func newSite(t testing.TB, trainer *sweep.Trainer) *site {
	s := &site{t: t, state: t.TempDir(), trainers: []*sweep.Trainer{trainer}, conns: map[net.Conn]string{}, log: slog.New(slog.DiscardHandler)}
	s.up()
	return s
}

// up starts a coordinator on what the state directory holds.
func (s *site) up() {
	s.t.Helper()
	store, err := results.Open(s.state, results.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	c, err := coordinator.New(coordinator.Config{Store: store, Trainers: s.trainers, State: s.state, Log: s.log})
	if err != nil {
		s.t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	s.mu.Lock()
	s.store, s.listener, s.agents, s.clients = store, listener, c.AgentAccess(listener), c.ClientAccess(listener)
	s.mu.Unlock()
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	for _, run := range []func() error{
		func() error { return c.Run(ctx) },
		func() error { return c.Serve(ctx, listener, false) },
	} {
		s.running.Go(func() {
			if err := run(); err != nil {
				s.t.Errorf("coordinator: %v", err)
			}
		})
	}
}

// down ends the coordinator. What it has not stored is gone, its leases with it.
func (s *site) down() {
	s.t.Helper()
	s.mu.Lock()
	s.listener = nil
	s.mu.Unlock()
	s.stop()
	s.running.Wait()
	if err := s.store.Close(); err != nil {
		s.t.Error(err)
	}
}

// dial connects one who may be cut off later, by name.
func (s *site) dial(name string, access func() proto.Access) (*grpc.ClientConn, error) {
	s.mu.Lock()
	a := access()
	s.mu.Unlock()
	return a.Dial(grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		s.mu.Lock()
		listener := s.listener
		s.mu.Unlock()
		if listener == nil {
			return nil, errors.New("nobody is at home")
		}
		conn, err := listener.DialContext(ctx)
		if err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.conns[conn] = name
		s.mu.Unlock()
		return conn, nil
	}))
}

func (s *site) cut(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn, of := range s.conns {
		if of == name {
			conn.Close()
			delete(s.conns, conn)
		}
	}
}

// client calls the coordinator as a client.
func client[R any](s *site, call func(context.Context, proto.ClientsClient) (R, error)) R {
	s.t.Helper()
	conn, err := s.dial("client", func() proto.Access { return s.clients })
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	reply, err := call(context.Background(), proto.NewClientsClient(conn))
	if err != nil {
		s.t.Fatal(err)
	}
	return reply
}

func (s *site) submit(spec string) {
	s.t.Helper()
	client(s, func(ctx context.Context, c proto.ClientsClient) (*proto.SubmitReply, error) {
		return c.Submit(ctx, &proto.SubmitRequest{Spec: []byte(spec), Filename: "toy.yaml"})
	})
}

func (s *site) status() *proto.Status {
	s.t.Helper()
	reply := client(s, func(ctx context.Context, c proto.ClientsClient) (*proto.SweepsReply, error) {
		return c.Sweeps(ctx, &proto.SweepsRequest{})
	})
	if len(reply.Sweeps) != 1 {
		s.t.Fatalf("%d sweeps", len(reply.Sweeps))
	}
	return reply.Sweeps[0]
}

// wait returns when nothing is left to do.
func (s *site) wait() *proto.Status {
	s.t.Helper()
	return client(s, func(ctx context.Context, c proto.ClientsClient) (last *proto.Status, err error) {
		ctx, cancel := context.WithTimeout(ctx, 24*time.Hour)
		defer cancel()
		w, err := c.Watch(ctx, &proto.WatchRequest{IntervalSeconds: 1})
		for err == nil {
			var st *proto.Status
			if st, err = w.Recv(); err == nil {
				last = st
			}
			if err == nil && st.Resting {
				return st, nil
			}
		}
		return last, err
	})
}

// digest is that of the only sweep, which must be whole.
func (s *site) digest() [32]byte {
	s.t.Helper()
	reply := client(s, func(ctx context.Context, c proto.ClientsClient) (*proto.DigestReply, error) {
		return c.Digest(ctx, &proto.SweepRef{})
	})
	if reply.Missing != 0 || len(reply.Digest) != 32 {
		s.t.Fatalf("digest %x: %d of %d points are missing", reply.Digest, reply.Missing, reply.Points)
	}
	return [32]byte(reply.Digest)
}

// A worker is an agent at work.
type worker struct {
	site *site
	name string
	dead bool // of site.mu
	stop context.CancelFunc
	done chan error
}

// start starts an agent that shares its spool with the others of that folder.
func (s *site) start(name, spool string, cores int) *worker {
	s.t.Helper()
	w := &worker{site: s, name: name, done: make(chan error, 1)}
	a, err := agent.New(agent.Config{
		Dial: func(context.Context) (*grpc.ClientConn, error) {
			s.mu.Lock()
			dead := w.dead
			s.mu.Unlock()
			if dead {
				return nil, errors.New("cut off")
			}
			return s.dial(name, func() proto.Access { return s.agents })
		},
		Trainers: s.trainers, Spool: spool, Cores: cores, Memory: 1 << 30, Name: name, Log: s.log,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	go func() { w.done <- a.Run(ctx) }()
	return w
}

// leave asks the agent to go and waits for it.
func (w *worker) leave() {
	w.site.t.Helper()
	w.stop()
	if err := <-w.done; err != nil {
		w.site.t.Errorf("%s: %v", w.name, err)
	}
}

// isolate cuts the agent off for good.
func (w *worker) isolate() {
	w.site.mu.Lock()
	w.dead = true
	w.site.mu.Unlock()
	w.site.cut(w.name)
}

// heal undoes isolate.
func (w *worker) heal() {
	w.site.mu.Lock()
	defer w.site.mu.Unlock()
	w.dead = false
}

// kill takes the agent away without a goodbye: nobody hears of it any more.
func (w *worker) kill() {
	w.site.t.Helper()
	w.isolate()
	w.leave()
}
