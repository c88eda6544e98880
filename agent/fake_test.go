package agent

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// fakeTrainer takes `ms` milliseconds and gives back its parameters.
func fakeTrainer() *sweep.Trainer {
	zero := func(sweep.Point) sweep.Value { return sweep.IntValue(0) }
	return &sweep.Trainer{
		Name: "fake", Version: 1,
		Params: []sweep.Param{{Name: "i", Type: sweep.IntType}, {Name: "ms", Type: sweep.IntType, Default: zero}},
		Curves: []sweep.Curve{{Name: "loss"}},
		Run: func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			if err := pause(ctx, time.Duration(job.Point.Int("ms"))*time.Millisecond); err != nil {
				return sweep.Outcome{}, err
			}
			return sweep.Outcome{Scalars: map[string]sweep.Value{"i": job.Point.Get("i")}}, nil
		},
	}
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// point is the i-th point of the fake trainer, which takes ms milliseconds.
func point(t testing.TB, trainer *sweep.Trainer, i, ms int64) []byte {
	t.Helper()
	p, mistakes := trainer.Complete(map[string]sweep.Value{"i": sweep.IntValue(i), "ms": sweep.IntValue(ms)}, sweep.DefaultRecord())
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return p.Encode(nil)
}

// A fakeCoordinator hands out tasks and acknowledges results as a real one does, and keeps a book of what came.
type fakeCoordinator struct {
	proto.UnimplementedAgentsServer

	mu        sync.Mutex
	listener  *bufconn.Listener
	server    *grpc.Server // nil: away
	serving   sync.WaitGroup
	changed   chan struct{}
	fence     uint64
	todo      []sweep.Task
	leased    map[uint64]sweep.Task
	came      map[sweep.Key][]sweep.Delivery
	unacked   []uint64
	expected  map[uint64]bool // fences of results that an agent said to have
	stale     int             // results under fences that nobody has
	goodbyes  int             // sessions that the agent closed
	handed    []uint64        // handed back
	hellos    []sweep.Hello
	progress  []*proto.Progress
	largest   int  // items in one message
	holding   bool // results are not acknowledged
	draining  bool
	forgets   bool // nothing is re-attached
	cancels   []uint64
	capacity  sweep.Capacity
	files     map[string][]byte
	downloads int
	refuse    error
	keeper    keeper // of checkpoints
}

func newFakeCoordinator() *fakeCoordinator {
	c := &fakeCoordinator{leased: map[uint64]sweep.Task{}, came: map[sweep.Key][]sweep.Delivery{}, changed: make(chan struct{}, 1), fence: 1 << 32, files: map[string][]byte{}, expected: map[uint64]bool{}}
	c.up()
	return c
}

func (c *fakeCoordinator) up() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listener = bufconn.Listen(1 << 20)
	c.server = grpc.NewServer(grpc.MaxRecvMsgSize(proto.MaxMessage))
	proto.RegisterAgentsServer(c.server, c)
	server, listener := c.server, c.listener
	c.serving.Go(func() { server.Serve(listener) })
}

// down cuts all connections and refuses new ones.
func (c *fakeCoordinator) down() {
	c.mu.Lock()
	server := c.server
	c.server = nil
	c.mu.Unlock()
	if server != nil {
		server.Stop()
	}
	c.serving.Wait()
}

func (c *fakeCoordinator) dial(context.Context) (*grpc.ClientConn, error) {
	return grpc.NewClient("passthrough:///coordinator", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			c.mu.Lock()
			listener, away := c.listener, c.server == nil
			c.mu.Unlock()
			if away {
				return nil, errors.New("nobody listens")
			}
			return listener.DialContext(ctx)
		}))
}

// add queues tasks; their fences are set.
func (c *fakeCoordinator) add(tasks ...sweep.Task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range tasks {
		t.Threads, t.Attempt = max(1, t.Threads), max(1, t.Attempt)
		c.todo = append(c.todo, t)
	}
	poke(c.changed)
}

func (c *fakeCoordinator) set(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
	poke(c.changed)
}

// ask reads what the coordinator knows.
func ask[T any](c *fakeCoordinator, what func() T) T {
	c.mu.Lock()
	defer c.mu.Unlock()
	return what()
}

func (c *fakeCoordinator) Work(stream grpc.BidiStreamingServer[proto.FromAgent, proto.ToAgent]) error {
	m, err := stream.Recv()
	if err != nil {
		return err
	}
	if c.refuse != nil {
		return c.refuse
	}
	hello, err := proto.FromHello(m.GetHello())
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	if err := stream.Send(&proto.ToAgent{Welcome: c.welcome(hello, m)}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { // ends with the stream
		for {
			m, err := stream.Recv()
			if err != nil {
				ended <- err
				return
			}
			c.receive(m)
			poke(c.changed)
		}
	}()
	for {
		if m := c.next(); m != nil {
			if err := stream.Send(m); err != nil {
				return err
			}
			continue
		}
		select {
		case err := <-ended:
			if errors.Is(err, io.EOF) {
				c.set(func() { c.goodbyes++ })
				return nil
			}
			return err
		case <-c.changed:
		}
	}
}

func (c *fakeCoordinator) welcome(hello sweep.Hello, m *proto.FromAgent) *proto.Welcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hellos = append(c.hellos, hello)
	w := &proto.Welcome{BeatSeconds: 10, LeaseSeconds: 30}
	leased := map[uint64]sweep.Task{}
	for _, h := range hello.Held {
		t, ok := c.leased[h.Fence]
		if !ok || h.Finished || c.forgets {
			continue
		}
		c.fence++
		t.Fence = c.fence
		leased[t.Fence] = t
		delete(c.leased, h.Fence)
		w.Reattached = append(w.Reattached, &proto.Reattached{OldFence: h.Fence, Fence: t.Fence})
	}
	for _, h := range hello.Held {
		if h.Finished {
			delete(c.leased, h.Fence)
			c.expected[h.Fence] = true
		}
	}
	for _, t := range c.leased {
		c.todo = append(c.todo, t)
	}
	c.leased = leased
	c.unacked = nil // acknowledgements belong to a session
	c.capacity, _ = proto.FromCapacity(m.GetCapacity())
	return w
}

func (c *fakeCoordinator) receive(m *proto.FromAgent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.largest = max(c.largest, len(m.Results)+len(m.Handbacks))
	if m.Capacity != nil {
		c.capacity, _ = proto.FromCapacity(m.Capacity)
	}
	c.progress = append(c.progress, m.Progress...)
	for _, f := range m.Handbacks {
		if t, ok := c.leased[f]; ok {
			delete(c.leased, f)
			c.handed = append(c.handed, f)
			c.todo = append(c.todo, t)
		}
	}
	for _, r := range m.Results {
		d, err := proto.FromResult(r)
		if err != nil {
			panic(err)
		}
		k := sweep.KeyOf(d.Point)
		c.came[k] = append(c.came[k], d)
		c.unacked = append(c.unacked, d.Fence)
		if _, ok := c.leased[d.Fence]; !ok && !c.expected[d.Fence] {
			c.stale++
		}
		delete(c.leased, d.Fence)
	}
}

func (c *fakeCoordinator) next() *proto.ToAgent {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := &proto.ToAgent{Cancels: c.cancels, Drain: c.draining}
	c.cancels, c.draining = nil, false
	if !c.holding {
		for _, f := range c.unacked {
			m.Acks = append(m.Acks, &proto.Ack{Fence: f})
		}
		c.unacked = nil
	}
	for len(c.todo) > 0 && len(c.leased) < c.capacity.Window && len(m.Assignments) < proto.MaxBatch {
		t := c.todo[0]
		c.todo = c.todo[1:]
		c.fence++
		t.Fence = c.fence
		c.leased[t.Fence] = t
		m.Assignments = append(m.Assignments, proto.ToAssignment(t))
	}
	if len(m.Cancels)+len(m.Acks)+len(m.Assignments) == 0 && !m.Drain {
		return nil
	}
	return m
}

func (c *fakeCoordinator) GetFile(r *proto.GetFileRequest, stream grpc.ServerStreamingServer[proto.Chunk]) error {
	c.mu.Lock()
	content, ok := c.files[string(r.Hash)]
	c.downloads++
	c.mu.Unlock()
	if !ok {
		return status.Error(codes.NotFound, "no such file")
	}
	for len(content) > 0 {
		n := min(len(content), 1000)
		if err := stream.Send(&proto.Chunk{Data: content[:n]}); err != nil {
			return err
		}
		content = content[n:]
	}
	return nil
}

// arrived is how many different points came.
func (c *fakeCoordinator) arrived() int { return ask(c, func() int { return len(c.came) }) }

// handedBack is how many leases were handed back.
func (c *fakeCoordinator) handedBack() int { return ask(c, func() int { return len(c.handed) }) }

// doubles are the points that did not come exactly once.
func (c *fakeCoordinator) doubles() int {
	return ask(c, func() int {
		n := 0
		for _, ds := range c.came {
			if len(ds) != 1 {
				n++
			}
		}
		return n
	})
}

// A running is an agent at work in a test.
type running struct {
	*Agent
	stop context.CancelFunc
	done chan error
}

// start runs an agent until the test ends or it stops by itself.
func start(t testing.TB, c *fakeCoordinator, trainer *sweep.Trainer, more func(*Config)) *running {
	t.Helper()
	config := Config{
		Dial: c.dial, Trainers: []*sweep.Trainer{trainer}, Spool: t.TempDir(), Cores: 2, Memory: 1 << 30, Name: "test",
		Log: slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if more != nil {
		more(&config)
	}
	a, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &running{Agent: a, stop: stop, done: make(chan error, 1)}
	go func() { r.done <- a.Run(ctx) }()
	return r
}

// end asks the agent to leave and waits for it.
func (r *running) end(t testing.TB) {
	t.Helper()
	r.stop()
	began := time.Now()
	if err := <-r.done; err != nil {
		t.Errorf("Run: %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("leaving took %v", took)
	}
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(string(b))
	return len(b), nil
}
