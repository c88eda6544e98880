package coordinator

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

func TestSweepFromSubmissionToDigest(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		s := c.submit(spec("first", 5, 4))
		if s.Points != 20 || !s.Exact || s.Revision != 1 {
			t.Fatalf("submitted: %+v", s)
		}
		a := c.agent("a", 3)
		if a.waiting() != 3 {
			t.Fatalf("%d tasks for a window of 3", a.waiting())
		}
		one := a.next()
		a.deliver(one)
		if refused, ok := a.acked(one.Fence); !ok || refused != "" {
			t.Fatalf("not acknowledged: %v %q", ok, refused)
		}
		c.expect("first", 1, 0, 3, 16)
		a.deliver(one) // twice
		c.expect("first", 1, 0, 3, 16)
		if n := a.work(); n != 19 {
			t.Errorf("%d more points, want 19", n)
		}
		c.expect("last", 20, 0, 0, 0)
		a.leave()
		checkDigest(t, c, "first", 20)
		if s := c.status(""); !s.Resting || s.Successes != 16 || s.Conflicts != 0 {
			t.Errorf("at the end: %+v", s)
		}
	})
}

// checkDigest compares the coordinator's digest with one that is made of its rows.
func checkDigest(t *testing.T, c *cluster, name string, points uint64) {
	t.Helper()
	reply, err := c.client.Digest(context.Background(), &proto.SweepRef{Sweep: name})
	if err != nil {
		t.Fatal(err)
	}
	var d sweep.Digest
	for _, r := range c.rows(name) {
		if r.State == sweep.Done || r.State == sweep.Failed || r.State == sweep.Quarantined {
			d.Add(r.Digest)
		}
	}
	sum := d.Sum()
	if string(sum[:]) != string(reply.Digest) || reply.Points != points || reply.Missing != points-d.Count {
		t.Errorf("digest %x over %d, missing %d; rows say %x over %d of %d", reply.Digest, reply.Points, reply.Missing, sum, d.Count, points)
	}
}

func (c *cluster) rows(name string) (rows []sweep.Row) {
	c.t.Helper()
	stream, err := c.client.Rows(context.Background(), &proto.RowsRequest{Sweep: name, Outcomes: true})
	if err != nil {
		c.t.Fatal(err)
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			c.t.Fatal(err)
		}
		for _, w := range m.Rows {
			r, err := proto.FromRow(w)
			if err != nil {
				c.t.Fatal(err)
			}
			if n := len(rows); n > 0 && rows[n-1].Index >= r.Index {
				c.t.Fatalf("row %d after %d", r.Index, rows[n-1].Index)
			}
			rows = append(rows, r)
		}
	}
}

func TestSilentAgentLosesItsPoints(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 2, 1))
		a := c.agent("a", 1)
		lost := a.next()
		time.Sleep(29 * time.Second)
		b := c.agent("b", 5)
		if b.waiting() != 1 {
			t.Fatalf("b has %d tasks before a is lost, want 1", b.waiting())
		}
		time.Sleep(2 * time.Second) // a's 30 s are over
		c.settle()
		if n := b.work(); n != 2 {
			t.Fatalf("b did %d points, want both", n)
		}
		if a.mu.Lock(); status.Code(a.err) != codes.Unavailable {
			t.Errorf("a's stream: %v, want unavailable", a.err)
		}
		a.mu.Unlock()
		// Back from the dead, its result is a no-op, and acknowledged.
		a = c.agent("a", 0, c.claim(lost, true))
		a.deliver(lost)
		if refused, ok := a.acked(lost.Fence); !ok || refused != "" {
			t.Errorf("the late result: %v %q", ok, refused)
		}
		c.expect("s", 2, 0, 0, 0)
		a.leave()
		b.leave()
		if s := c.status("s"); s.Conflicts != 0 {
			t.Errorf("%d conflicts", s.Conflicts)
		}
	})
}

func TestBeatsKeepLeases(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1))
		a := c.agent("a", 1)
		for range 20 {
			time.Sleep(10 * time.Second)
			a.beat()
		}
		c.expect("s", 0, 0, 1, 0)
		a.work()
		c.expect("s", 1, 0, 0, 0)
		a.leave()
	})
}

func TestBrokenStreamKeepsLeases(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 3, 1))
		a := c.agent("a", 3)
		first, second := a.next(), a.next()
		a.cut()
		c.expect("s", 0, 0, 3, 0)
		time.Sleep(5 * time.Second)
		// It claims two; the third assignment is taken to have never reached it.
		a = c.agent("a", 2, c.claim(first, false), c.claim(second, true))
		if n := len(a.welcome.Reattached); n != 2 {
			t.Fatalf("%d leases re-attached, want 2", n)
		}
		fence := a.welcome.Reattached[0].Fence
		if fence <= second.Fence {
			t.Errorf("a re-attached lease has fence %d after %d", fence, second.Fence)
		}
		c.expect("s", 0, 0, 2, 1)
		a.deliver(second) // under the fence that it was computed under
		c.expect("s", 1, 0, 2, 0)
		first.Fence = fence
		a.deliver(first)
		a.work()
		c.expect("s", 3, 0, 0, 0)
		a.leave()
	})
}

func TestRestartOfTheCoordinator(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 4, 1, "retries: 0"))
		a := c.agent("a", 3)
		kept, failed, delivered := a.next(), a.next(), a.next()
		a.send(&proto.FromAgent{Results: []*proto.Result{proto.ToResult(sweep.Delivery{Fence: failed.Fence, Point: failed.Point, Error: "boom"})}})
		c.settle()
		a.deliver(delivered)
		c.expect("s", 1, 1, 2, 0)
		last := a.next()
		a.cut()
		c.down()
		c.up()
		c.expect("s", 1, 1, 0, 2)
		a = c.agent("a", 3, c.claim(kept, false), c.claim(last, false))
		if len(a.welcome.Reattached) != 2 || a.welcome.Reattached[0].Fence>>32 <= kept.Fence>>32 {
			t.Fatalf("re-attached: %v", a.welcome.Reattached)
		}
		c.expect("s", 1, 1, 2, 0)
		a.deliver(kept, last)
		c.expect("s", 3, 1, 0, 0)
		checkDigest(t, c, "s", 4)
		if n := c.control("s", proto.ControlRequest_ACTION_RETRY).Points; n != 1 {
			t.Errorf("retry freed %d points", n)
		}
		c.settle()
		if n := a.work(); n != 1 {
			t.Errorf("after the retry the agent did %d points", n)
		}
		c.expect("s", 4, 0, 0, 0)
		a.leave()
		if troubles, err := c.store.Troubles(c.status("s").ID); err != nil || len(troubles) != 0 {
			t.Errorf("troubles left: %v %v", troubles, err)
		}
	})
}

func TestAgentThatDoesNotRead(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 400, 10))
		c.mute("deaf", 4000)
		synctest.Wait()
		a := c.agent("a", 100)
		done := a.work()
		if s := c.status("s"); done == 0 || s.Done != uint64(done) || s.Running == 0 {
			t.Fatalf("%d points were done beside an agent that does not read: %+v", done, s)
		}
		for range 8 { // the deaf one is lost, and what it had comes back; one by one, because any of it may be to blame
			time.Sleep(5 * time.Second)
			a.beat()
		}
		a.work()
		c.expect("s", 4000, 0, 0, 0)
		a.leave()
	})
}

func TestMalformedResults(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1, "retries: 1"))
		a := c.agent("a", 1)
		for range 2 {
			task := a.next()
			bad := c.result(task)
			bad.Outcome = bad.Outcome[:len(bad.Outcome)-1]
			a.send(&proto.FromAgent{Results: []*proto.Result{bad}})
			c.settle()
			if refused, ok := a.acked(task.Fence); !ok || refused == "" {
				t.Fatalf("a cut outcome: %v %q", ok, refused)
			}
		}
		c.expect("s", 0, 1, 0, 0)
		for i, bad := range []*proto.Result{
			nil, {}, {Fence: 1, Point: []byte("x"), Outcome: []byte("y")}, {Fence: 2, Point: []byte("x"), Error: "e", Outcome: []byte("y")},
		} {
			a.send(&proto.FromAgent{Results: []*proto.Result{bad}})
			c.settle()
			if refused, ok := a.acked(bad.GetFence()); !ok || refused == "" {
				t.Errorf("%d: %v %q", i, ok, refused)
			}
		}
		a.leave()
	})
}

func TestWhoMayCallWhat(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		client, agent := c.c.ClientAccess(c.listener), c.c.AgentAccess(c.listener)
		none := client
		none.Token = "x"
		stranger := client
		stranger.Certificate = strings.Repeat("ab", 32)
		for _, x := range []struct {
			name   string
			access proto.Access
			list   codes.Code // of a client's call
			work   codes.Code // of an agent's
		}{
			{"client", client, codes.OK, codes.PermissionDenied},
			{"agent", agent, codes.PermissionDenied, codes.OK},
			{"nobody", none, codes.Unauthenticated, codes.Unauthenticated},
			{"another coordinator", stranger, codes.Unavailable, codes.Unavailable},
		} {
			conn := c.dial(x.access)
			_, err := proto.NewClientsClient(conn).Sweeps(context.Background(), &proto.SweepsRequest{Sweep: "*"})
			if status.Code(err) != x.list {
				t.Errorf("%s lists: %v, want %v", x.name, err, x.list)
			}
			ctx, cancel := context.WithCancel(context.Background())
			stream, err := proto.NewAgentsClient(conn).Work(ctx)
			if err == nil {
				if err = stream.Send(&proto.FromAgent{Hello: proto.ToHello(sweep.Hello{Agent: "z", Trainers: map[string]int{"toy": 1}})}); err == nil || errors.Is(err, io.EOF) {
					_, err = stream.Recv()
				}
			}
			if status.Code(err) != x.work {
				t.Errorf("%s works: %v, want %v", x.name, err, x.work)
			}
			cancel()
			conn.Close()
		}
		if !strings.Contains(c.log.String(), "wrong token") {
			t.Error("no log line says that a token was wrong")
		}
		c.settle()
	})
}

// A sick store fails as long as it is told to.
type sick struct {
	Store
	err func() error
}

func (s sick) Put(rows []results.Row) ([]results.Verdict, error) {
	if err := s.err(); err != nil {
		return nil, err
	}
	return s.Store.Put(rows)
}

func TestFullDisk(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		var full atomic.Bool
		full.Store(true)
		c.down()
		c.wrap = func(s Store) Store {
			return sick{s, func() error {
				if full.Load() {
					return results.ErrFull
				}
				return nil
			}}
		}
		c.up()
		c.submit(spec("s", 2, 1))
		a := c.agent("a", 2)
		one, two := a.next(), a.next()
		a.deliver(one, two)
		if _, ok := a.acked(one.Fence); ok {
			t.Fatal("acknowledged, and not stored")
		}
		if s := c.status("s"); !strings.Contains(s.Trouble, "full") || s.Done != 0 {
			t.Errorf("status %+v", s)
		}
		for range 5 { // the agent lives, and keeps its points
			time.Sleep(10 * time.Second)
			a.beat()
		}
		c.expect("s", 0, 0, 2, 0)
		full.Store(false)
		time.Sleep(15 * time.Second)
		a.beat()
		c.settle()
		if _, ok := a.acked(two.Fence); !ok {
			t.Error("not acknowledged after space was made")
		}
		if s := c.status("s"); s.Trouble != "" || s.Done != 2 || !s.Resting {
			t.Errorf("at the end %+v", s)
		}
		a.leave()
		full.Store(true)
	})
}

func TestConflict(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1))
		a := c.agent("a", 1)
		task := a.next()
		a.deliver(task)
		other := c.result(task)
		other.Outcome = sweep.Outcome{}.Encode(nil)
		a.send(&proto.FromAgent{Results: []*proto.Result{other}})
		c.settle()
		a.leave()
		if s := c.status("s"); s.Conflicts != 1 || s.Done != 1 {
			t.Errorf("%+v", s)
		}
		c.down()
		c.up()
		if s := c.status("s"); s.Conflicts != 1 {
			t.Errorf("after a restart: %+v", s)
		}
	})
}

func TestPoisonIsQuarantined(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 3, 1, "quarantine_after: 2"))
		poison := c.agent("a", 1).next()
		kill := func(name string) {
			a := c.agent(name, 1)
			for a.waiting() > 0 {
				if task := a.next(); string(task.Point) != string(poison.Point) {
					a.deliver(task)
					continue
				}
				a.cut()
				return
			}
			t.Fatalf("agent %s did not get the point", name)
		}
		time.Sleep(40 * time.Second)
		c.settle()
		kill("b")
		time.Sleep(40 * time.Second)
		c.settle()
		s := c.status("s")
		if s.Quarantined != 1 || s.Done != 2 || !s.Resting {
			t.Fatalf("%+v", s)
		}
		c.down()
		c.up()
		if s := c.status("s"); s.Quarantined != 1 || !s.Resting {
			t.Errorf("after a restart %+v", s)
		}
		reply, err := c.client.Explain(context.Background(), &proto.ExplainRequest{Sweep: "s", Point: "2"})
		if err != nil || len(reply.History) < 2 || reply.Row.State != uint32(sweep.Quarantined) {
			t.Errorf("explain: %v %v", reply, err)
		}
		checkDigest(t, c, "s", 3)
	})
}

// TestTooLargeForEveryAgent: why a point was refused can be read, after a restart too, and the point runs as soon as an agent has the
// memory for it.
func TestTooLargeForEveryAgent(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		told := func(state sweep.State) {
			t.Helper()
			reply, err := c.client.Explain(context.Background(), &proto.ExplainRequest{Sweep: "s", Point: "1"})
			if err != nil || reply.Row.State != uint32(state) || !strings.Contains(reply.Row.Error, "needs 2.0 GiB of memory") || len(reply.History) != 1 {
				t.Errorf("explain: %v %v", reply, err)
			}
		}
		c.submit(spec("s", 2, 1, "resources: {memory: 2GiB}"))
		a := c.agent("a", 2)
		c.settle()
		c.expect("s", 0, 2, 0, 0)
		told(sweep.Failed)
		a.cut()
		c.down()
		c.up()
		c.expect("s", 0, 0, 0, 2)
		told(sweep.Pending)
		a = c.agent("b", 2)
		a.send(&proto.FromAgent{Capacity: proto.ToCapacity(sweep.Capacity{Cores: 2, Memory: 4 << 30, Window: 2})})
		c.settle()
		a.work()
		c.expect("s", 2, 0, 0, 0)
		a.leave()
		c.down()
		c.up()
		c.expect("s", 2, 0, 0, 0)
	})
}

func TestExtendedSpecComputesOnlyTheNew(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 3, 2))
		a := c.agent("a", 2)
		a.work()
		plan, err := c.client.Plan(context.Background(), &proto.SubmitRequest{Spec: []byte(spec("s", 4, 3))})
		if err != nil || plan.Points != 12 || plan.Done != 6 || plan.Todo != 6 || !plan.Exact || !plan.CostLearned {
			t.Errorf("plan: %v %v", plan, err)
		}
		s := c.submit(spec("s", 4, 3))
		if s.Revision != 2 || s.Done != 6 || s.Points != 12 {
			t.Errorf("revised: %+v", s)
		}
		c.settle()
		if n := a.work(); n != 6 {
			t.Errorf("%d points were computed, want the 6 new ones", n)
		}
		// The same spec again does nothing, and another sweep with the same points neither.
		if s := c.submit(spec("s", 4, 3)); s.Revision != 2 || !s.Resting {
			t.Errorf("again: %+v", s)
		}
		if s := c.submit(spec("other", 2, 2)); s.Done != 4 || s.ID == c.status("s").ID {
			t.Errorf("other: %+v", s)
		}
		c.settle()
		c.expect("other", 4, 0, 0, 0)
		checkDigest(t, c, "s", 12)
		checkDigest(t, c, "other", 4)
		a.leave()
	})
}

func TestTwoSweepsShareAPoint(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("one", 2, 1))
		c.submit(spec("two", 3, 1))
		a := c.agent("a", 10)
		if n := a.work(); n != 3 {
			t.Errorf("%d points were computed, want 3", n)
		}
		c.expect("one", 2, 0, 0, 0)
		c.expect("two", 3, 0, 0, 0)
		c.control("two", proto.ControlRequest_ACTION_DELETE)
		c.expect("one", 2, 0, 0, 0)
		if n := c.store.Len(); n != 2 {
			t.Errorf("%d rows are left, want those of the other sweep", n)
		}
		a.leave()
		checkDigest(t, c, "one", 2)
	})
}

func TestPauseCancelResume(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 5, 1))
		c.control("s", proto.ControlRequest_ACTION_PAUSE)
		a := c.agent("a", 1)
		if a.waiting() != 0 {
			t.Fatal("a paused sweep was handed out")
		}
		c.control("s", proto.ControlRequest_ACTION_RESUME)
		c.settle()
		running := a.next()
		if n := c.control("s", proto.ControlRequest_ACTION_CANCEL, 0, 1).Points; n != 2 {
			t.Errorf("cancelled %d", n)
		}
		c.settle()
		if s := c.status("s"); s.Cancelled != 2 || s.Running != 1 || s.Pending != 2 {
			t.Errorf("%+v", s)
		}
		c.control("s", proto.ControlRequest_ACTION_CANCEL)
		c.settle()
		if s := c.status("s"); s.Cancelled != 5 || !s.Stopped || !s.Resting {
			t.Errorf("%+v", s)
		}
		a.mu.Lock()
		cancels := len(a.cancels)
		a.tasks = nil
		a.mu.Unlock()
		if cancels == 0 {
			t.Error("the agent was not told")
		}
		a.deliver(running) // all the same: it is kept
		if s := c.status("s"); s.Done != 1 || s.Cancelled != 4 {
			t.Errorf("%+v", s)
		}
		c.down()
		c.up()
		if s := c.status("s"); s.Done != 1 || s.Cancelled != 4 || !s.Stopped {
			t.Errorf("after a restart %+v", s)
		}
		c.control("s", proto.ControlRequest_ACTION_RESUME)
		a = c.agent("a", 5)
		a.work()
		s := c.status("s")
		if s.Stopped || s.Done+s.Cancelled != 5 || s.Pending != 0 || s.Cancelled > 2 {
			t.Errorf("%+v", s)
		}
		c.control("s", proto.ControlRequest_ACTION_RETRY, 0, 1)
		c.settle()
		a.work()
		c.expect("s", 5, 0, 0, 0)
		a.leave()
	})
}

func TestWatchEndsWhenTheSweepRests(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 3, 1))
		stream, err := c.client.Watch(context.Background(), &proto.WatchRequest{Sweep: "s", IntervalSeconds: 1})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := stream.Recv(); err != nil || m.Done != 0 {
			t.Fatalf("%v %v", m, err)
		}
		a := c.agent("a", 1)
		a.work()
		var last *proto.Status
		for {
			m, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			last = m
		}
		if last.GetDone() != 3 || !last.GetResting() {
			t.Errorf("the last status: %v", last)
		}
		a.leave()
	})
}

func TestWrongSpecs(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		for _, text := range []string{"", "name: s", "\x00", spec("s", 1, 1, "what: 1")} {
			_, err := c.client.Submit(context.Background(), &proto.SubmitRequest{Spec: []byte(text), Filename: "bad.yaml"})
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("%q: %v", text, err)
			}
		}
		if _, err := c.client.Digest(context.Background(), &proto.SweepRef{Sweep: "none"}); status.Code(err) != codes.NotFound {
			t.Errorf("digest of nothing: %v", err)
		}
	})
}

func TestFilesLogsBackupImport(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		put, err := c.client.PutFile(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		content := strings.Repeat("1,2,3\n", 300_000)
		for rest := content; rest != ""; {
			n := min(len(rest), 1<<20)
			if err := put.Send(&proto.Chunk{Data: []byte(rest[:n])}); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		reply, err := put.CloseAndRecv()
		if err != nil {
			t.Fatal(err)
		}
		conn := c.dial(c.c.AgentAccess(c.listener))
		defer conn.Close()
		get, err := proto.NewAgentsClient(conn).GetFile(context.Background(), &proto.GetFileRequest{Hash: reply.Hash})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for {
			m, err := get.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got += string(m.Data)
		}
		if got != content {
			t.Errorf("%d bytes came back of %d", len(got), len(content))
		}

		c.submit(spec("s", 2, 1))
		a := c.agent("a", 5)
		a.work()
		a.leave()
		rows := c.rows("s")
		imp, err := c.client.Import(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		m := &proto.ImportRequest{}
		for _, r := range rows {
			r.Outcome = sweep.Outcome{}.Encode(nil)
			m.Rows = append(m.Rows, proto.ToRow(r))
		}
		if err := imp.Send(m); err != nil {
			t.Fatal(err)
		}
		if r, err := imp.CloseAndRecv(); err != nil || r.Conflicts != 2 {
			t.Errorf("import: %v %v", r, err)
		}
		logs, err := c.client.Logs(context.Background(), &proto.LogsRequest{Sweep: "s"})
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for {
			l, err := logs.Recv()
			if err != nil {
				break
			}
			text += l.Line + "\n"
		}
		if !strings.Contains(text, "sweep submitted") || !strings.Contains(text, "rests") {
			t.Errorf("log:\n%s", text)
		}
		backup, err := c.client.Backup(context.Background(), &proto.BackupRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if m, err := backup.Recv(); err != nil || len(m.Data) == 0 {
			t.Errorf("backup: %v", err)
		}
	})
}
