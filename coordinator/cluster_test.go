package coordinator

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// toy is a trainer of two integers. What it would yield is x times seed.
func toy() *sweep.Trainer {
	zero := sweep.IntValue(0)
	return &sweep.Trainer{
		Name: "toy", Version: 1, Summary: "multiplies",
		Params: []sweep.Param{
			{Name: "x", Type: sweep.IntType, Min: zero, Doc: "a factor"},
			{Name: "seed", Type: sweep.IntType, Min: zero, Default: func(sweep.Point) sweep.Value { return zero }, Is: "0", Doc: "another"},
		},
		Curves:     []sweep.Curve{{Name: "loss", Doc: "nothing"}},
		Scalars:    []sweep.Scalar{{Name: "product", Kind: sweep.Int, Doc: "x times seed"}, {Name: "event_fit", Kind: sweep.Bool, Doc: "it is even"}},
		Events:     []string{"fit"},
		CostParams: []string{"x"},
		Spectrum:   func(sweep.Point) (sweep.Spectrum, error) { return sweep.Spectrum{}, nil },
		Cost: func(p sweep.Point, _ sweep.Spectrum) sweep.Cost {
			return sweep.Cost{Flops: 1e6 * float64(1+p.Int("x")), Steps: 1, Memory: 1 << 20}
		},
	}
}

func outcomeOf(p sweep.Point) sweep.Outcome {
	if p.Get("m").Defined() {
		return seekingOutcome(p)
	}
	product := p.Int("x") * p.Int("seed")
	return sweep.Outcome{
		Scalars: map[string]sweep.Value{"product": sweep.IntValue(product), "event_fit": sweep.BoolValue(product%2 == 0)},
		Curves:  sweep.Curves{Step: []int64{0, 1}, Values: map[string][]float64{"loss": {1, 0.5}}},
	}
}

// spec is a toy sweep of x values times seeds.
func spec(name string, xs, seeds int, more ...string) string {
	return fmt.Sprintf("name: %s\ntrainer: toy\ngrid:\n  x: 0..%d\n  seed: 0..%d\nsuccess: fit\n%s", name, xs-1, seeds-1, strings.Join(more, "\n"))
}

// A cluster is a coordinator over a real store, served over a connection in memory.
type cluster struct {
	t        *testing.T
	dir      string
	store    *results.Store
	trainers []*sweep.Trainer
	wrap     func(Store) Store
	lease    time.Duration
	log      *lines

	c        *Coordinator
	listener *bufconn.Listener
	stop     context.CancelFunc
	running  sync.WaitGroup
	client   proto.ClientsClient
	conn     *grpc.ClientConn
	agents   []*scripted
}

// lines is a log in memory.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// inCluster runs a test in fake time with a coordinator that is up.
func inCluster(t *testing.T, fn func(t *testing.T, c *cluster)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, dir: dir, trainers: []*sweep.Trainer{toy()}, log: &lines{}}
		c.up()
		defer c.down()
		fn(t, c)
	})
}

func (c *cluster) up() {
	c.t.Helper()
	store, err := results.Open(c.dir, results.Options{})
	if err != nil {
		c.t.Fatal(err)
	}
	c.store = store
	var s Store = store
	if c.wrap != nil {
		s = c.wrap(store)
	}
	k, err := New(Config{
		Store: s, Trainers: c.trainers, State: c.dir, Lease: c.lease,
		Log: slog.New(slog.NewTextHandler(c.log, nil)),
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.c, c.listener = k, bufconn.Listen(1<<20)
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.running.Go(func() {
		if err := k.Run(ctx); err != nil {
			c.t.Error(err)
		}
	})
	c.running.Go(func() {
		if err := k.Serve(ctx, c.listener, true); err != nil {
			c.t.Error(err)
		}
	})
	c.conn = c.dial(k.ClientAccess(c.listener))
	c.client = proto.NewClientsClient(c.conn)
}

func (c *cluster) down() {
	for _, a := range c.agents {
		a.stop()
		a.conn.Close()
	}
	c.agents = nil
	c.conn.Close()
	c.stop()
	c.running.Wait()
	if err := c.store.Close(); err != nil {
		c.t.Error(err)
	}
	if report, err := results.Check(c.dir, nil); err != nil {
		c.t.Errorf("the store does not check: %v %+v", err, report)
	}
}

func (c *cluster) dial(a proto.Access) *grpc.ClientConn {
	c.t.Helper()
	l := c.listener
	conn, err := a.Dial(grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		c.t.Fatal(err)
	}
	return conn
}

func (c *cluster) submit(text string) sweep.Status {
	c.t.Helper()
	reply, err := c.client.Submit(context.Background(), &proto.SubmitRequest{Spec: []byte(text), Filename: "test.yaml"})
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := proto.FromStatus(reply.Status)
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *cluster) status(name string) sweep.Status {
	c.t.Helper()
	reply, err := c.client.Sweeps(context.Background(), &proto.SweepsRequest{Sweep: name})
	if err != nil {
		c.t.Fatal(err)
	}
	s, err := proto.FromStatus(reply.Sweeps[0])
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

func (c *cluster) control(name string, action proto.ControlRequest_Action, indices ...uint64) *proto.ControlReply {
	c.t.Helper()
	reply, err := c.client.Control(context.Background(), &proto.ControlRequest{Sweep: name, Action: action, Indices: indices})
	if err != nil {
		c.t.Fatal(err)
	}
	return reply
}

// expect fails unless the status has these counts: done, failed, running, pending.
func (c *cluster) expect(name string, done, failed, running, pending uint64) {
	c.t.Helper()
	s := c.status(name)
	if s.Done != done || s.Failed != failed || s.Running != running || s.Pending != pending {
		c.t.Errorf("%s: done %d failed %d running %d pending %d; want %d %d %d %d", name, s.Done, s.Failed, s.Running, s.Pending,
			done, failed, running, pending)
	}
	if sum := s.Done + s.Failed + s.Running + s.Pending + s.Preempted + s.Quarantined + s.Cancelled; sum != s.Points {
		c.t.Errorf("%s: the states add up to %d of %d points", name, sum, s.Points)
	}
}

// A scripted agent speaks the protocol, and does what the test says.
type scripted struct {
	c      *cluster
	name   string
	conn   *grpc.ClientConn
	stream grpc.BidiStreamingClient[proto.FromAgent, proto.ToAgent]
	stop   context.CancelFunc

	welcome *proto.Welcome
	tasks   []sweep.Task // assigned, in order
	acks    map[uint64]string
	cancels []uint64
	buried  []string
	err     error // of the stream
	done    chan struct{}
	mu      sync.Mutex
}

// agent starts a session, and waits for what comes at once.
func (c *cluster) agent(name string, window int, held ...sweep.Claim) *scripted {
	c.t.Helper()
	a := c.mute(name, window, held...)
	a.listen()
	synctest.Wait()
	return a
}

// mute starts a session, and reads nothing.
func (c *cluster) mute(name string, window int, held ...sweep.Claim) *scripted {
	c.t.Helper()
	return c.meet(window, sweep.Hello{Agent: name, Host: "host-" + name, Trainers: map[string]int{"toy": 1}, Held: held})
}

func (c *cluster) meet(window int, hello sweep.Hello) *scripted {
	c.t.Helper()
	a := &scripted{c: c, name: hello.Agent, acks: map[uint64]string{}, done: make(chan struct{})}
	a.conn = c.dial(c.c.AgentAccess(c.listener))
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	stream, err := proto.NewAgentsClient(a.conn).Work(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	a.stream = stream
	c.agents = append(c.agents, a)
	a.send(&proto.FromAgent{
		Hello:    proto.ToHello(hello),
		Capacity: proto.ToCapacity(sweep.Capacity{Cores: 2, Memory: 1 << 30, Window: window}),
	})
	return a
}

func (a *scripted) listen() {
	go func() {
		defer close(a.done)
		for {
			m, err := a.stream.Recv()
			a.mu.Lock()
			if err != nil {
				a.err = err
				a.mu.Unlock()
				return
			}
			if m.Welcome != nil {
				a.welcome = m.Welcome
			}
			for _, w := range m.Assignments {
				task, err := proto.FromAssignment(w)
				if err != nil {
					a.c.t.Error(err)
				}
				a.tasks = append(a.tasks, task)
			}
			for _, x := range m.Acks {
				a.acks[x.Fence] = x.Refused
			}
			a.cancels = append(a.cancels, m.Cancels...)
			a.buried = append(a.buried, m.Buried...)
			a.mu.Unlock()
		}
	}()
}

func (a *scripted) send(m *proto.FromAgent) {
	a.c.t.Helper()
	if err := a.stream.Send(m); err != nil {
		a.c.t.Fatalf("agent %s: %v", a.name, err)
	}
}

// next takes the oldest task that the agent has not looked at.
func (a *scripted) next() sweep.Task {
	a.c.t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.tasks) == 0 {
		a.c.t.Fatalf("agent %s has no task", a.name)
	}
	t := a.tasks[0]
	a.tasks = a.tasks[1:]
	return t
}

func (a *scripted) waiting() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.tasks)
}

func (a *scripted) acked(fence uint64) (refused string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	refused, ok = a.acks[fence]
	return refused, ok
}

func (c *cluster) result(t sweep.Task) *proto.Result {
	c.t.Helper()
	p, err := sweep.DecodePoint(c.trainers, t.Point)
	if err != nil {
		c.t.Fatal(err)
	}
	return proto.ToResult(sweep.Delivery{
		Fence: t.Fence, Point: t.Point, Outcome: outcomeOf(p).Encode(nil),
		Provenance: sweep.Provenance{Host: "h", Agent: "a", Attempts: t.Attempt, Threads: t.Threads, Seconds: 0.001},
	})
}

// deliver sends results of tasks, and waits until all has come to rest.
func (a *scripted) deliver(tasks ...sweep.Task) {
	a.c.t.Helper()
	m := &proto.FromAgent{}
	for _, t := range tasks {
		m.Results = append(m.Results, a.c.result(t))
	}
	a.send(m)
	a.c.settle()
}

// settle waits for the loop, the committer and the streams.
func (c *cluster) settle() {
	for range 3 {
		synctest.Wait()
		time.Sleep(time.Millisecond)
	}
}

// work does all that comes, until nothing does.
func (a *scripted) work() (n int) {
	a.c.t.Helper()
	for a.waiting() > 0 {
		var tasks []sweep.Task
		for a.waiting() > 0 {
			tasks = append(tasks, a.next())
		}
		n += len(tasks)
		a.deliver(tasks...)
	}
	return n
}

func (a *scripted) beat() {
	a.send(&proto.FromAgent{})
	synctest.Wait()
}

// leave ends the session in order.
func (a *scripted) leave() {
	if err := a.stream.CloseSend(); err != nil {
		a.c.t.Error(err)
	}
	<-a.done
	a.conn.Close()
	a.c.settle()
}

// cut breaks the connection.
func (a *scripted) cut() {
	a.stop()
	<-a.done
	a.conn.Close()
	a.c.settle()
}

func (t *cluster) claim(x sweep.Task, finished bool) sweep.Claim {
	return sweep.Claim{Fence: x.Fence, Point: x.Point, Threads: x.Threads, Memory: x.Memory, Attempt: x.Attempt, Finished: finished}
}
