package agent

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// spooled lists what is left in a spool's root but for locks.
func spooled(t testing.TB, root string) []string {
	t.Helper()
	var left []string
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			left = append(left, e.Name())
		}
	}
	return left
}

func tasks(t testing.TB, trainer *sweep.Trainer, n, ms int64) []sweep.Task {
	var all []sweep.Task
	for i := range n {
		all = append(all, sweep.Task{Point: point(t, trainer, i, ms)})
	}
	return all
}

func TestEveryPointOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 1000, 3)...)
		a := start(t, c, trainer, nil)
		time.Sleep(10 * time.Second)
		a.end(t)
		if n := c.arrived(); n != 1000 || c.doubles() != 0 {
			t.Errorf("%d points came, %d of them not once", n, c.doubles())
		}
		if left := spooled(t, a.config.Spool); len(left) > 0 {
			t.Errorf("all is acknowledged, but the spool has %v", left)
		}
		if c.largest < 2 {
			t.Error("results were not batched")
		}
	})
}

// An hour without a coordinator: computing goes on, what was computed is delivered once, what runs is re-attached.
func TestOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 4, 60_000)...)                         // are held from the start, two of them wait
		c.add(sweep.Task{Point: point(t, trainer, 100, 2*60*60*1000)}) // comes later
		a := start(t, c, trainer, nil)
		time.Sleep(61 * time.Second) // two are done; the long one waits
		synctest.Wait()
		c.down()
		time.Sleep(time.Hour)
		if n := a.undelivered(); n != 2 {
			t.Errorf("%d results wait for the coordinator, not 2", n)
		}
		if c.arrived() != 2 {
			t.Errorf("%d points came before the outage, not 2", c.arrived())
		}
		c.up()
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if c.arrived() != 4 || c.doubles() != 0 {
			t.Errorf("%d points came after the outage, %d of them not once", c.arrived(), c.doubles())
		}
		if last := ask(c, func() sweep.Hello { return c.hellos[len(c.hellos)-1] }); len(last.Held) != 3 {
			t.Errorf("the agent claimed %d leases, not one running and two finished", len(last.Held))
		}
		time.Sleep(2 * time.Hour)
		a.end(t)
		if c.arrived() != 5 || c.doubles() != 0 || c.handedBack() > 0 || c.stale > 0 {
			t.Errorf("%d points came in all, %d of them not once, %d handed back, %d under a fence that is none", c.arrived(), c.doubles(), c.handedBack(), c.stale)
		}
		if left := spooled(t, a.config.Spool); len(left) > 0 {
			t.Errorf("all is acknowledged, but the spool has %v", left)
		}
	})
}

// A point that is finished between Hello and Welcome goes out under the fence that Welcome gives it.
func TestFinishedWhileBeingWelcomed(t *testing.T) {
	a, err := New(Config{Dial: newFakeDial, Trainers: []*sweep.Trainer{fakeTrainer()}, Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for fence := range uint64(2) {
		a.desk.add(sweep.Task{Fence: 1 + fence, Threads: 1, Point: []byte("p")})
	}
	l := a.desk.next(time.Now())
	l.stop = func(error) {}
	claims := a.claims()
	a.finish(l, &sweep.Delivery{Point: []byte("p"), Error: "failed"})
	a.welcome(claims, map[uint64]uint64{1: 11, 2: 12})
	if p := a.outbox.kept[11]; p == nil || p.fence != 11 {
		t.Errorf("kept %v", a.outbox.kept)
	}
	if a.desk.held[12] == nil || len(a.desk.held) != 1 {
		t.Errorf("held %v", a.desk.held)
	}
}

// However much dead agents left in a spool, a Hello is one that coordinators take.
func TestManyLeftovers(t *testing.T) {
	trainer := fakeTrainer()
	a, err := New(Config{Dial: newFakeDial, Trainers: []*sweep.Trainer{trainer}, Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	left := encodeDelivery(sweep.Delivery{Point: point(t, trainer, 1, 0), Error: "failed"})
	for range 1 << 17 {
		a.outbox.adopt(spool.Record{Payload: left})
	}
	hello := proto.ToHello(sweep.Hello{Agent: "a", Held: a.claims()})
	if _, err := proto.FromHello(hello); err != nil || len(hello.Held) < 1<<13 {
		t.Errorf("a hello of %d claims: %v", len(hello.Held), err)
	}
}

func newFakeDial(context.Context) (*grpc.ClientConn, error) { return nil, errAway }

// A coordinator that does not re-attach a lease does not want it computed any more.
func TestNotReattached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 4, 60_000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Second)
		c.down()
		c.set(func() { c.forgets = true; c.leased = map[uint64]sweep.Task{} })
		c.up()
		time.Sleep(30 * time.Second)
		a.mu.Lock()
		if !a.desk.empty() {
			t.Errorf("%d leases are still held", len(a.desk.held))
		}
		a.mu.Unlock()
		a.end(t)
		if c.arrived() > 0 {
			t.Errorf("%d results came all the same", c.arrived())
		}
	})
}

// What a killed agent has computed is delivered by the next one with its spool.
func TestSpoolOfADeadAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		c.set(func() { c.holding = true })
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 3, 10)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Second)
		c.down()
		a.end(t)
		if n := len(spooled(t, a.config.Spool)); n != 1 {
			t.Fatalf("%d folders are left in the spool, not 1", n)
		}
		c.set(func() { c.holding = false; clear(c.came) })
		c.up()
		b := start(t, c, trainer, func(config *Config) { config.Spool = a.config.Spool })
		time.Sleep(time.Second)
		b.end(t)
		if c.arrived() != 3 || c.doubles() != 0 {
			t.Errorf("%d results came from the dead agent's spool, %d of them not once", c.arrived(), c.doubles())
		}
		if left := spooled(t, a.config.Spool); len(left) > 0 {
			t.Errorf("all is acknowledged, but the spool has %v", left)
		}
		for _, ds := range c.came {
			if ds[0].Provenance.Agent != a.name {
				t.Errorf("the result was computed by %s, not %s", ds[0].Provenance.Agent, a.name)
			}
		}
	})
}

// A spool may hold results of a coordinator that counts its fences from the start again: its state directory was made anew, or
// comes from a backup. What it acknowledges is what was sent, never another point's result under the same number.
func TestFencesComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		before := newFakeCoordinator()
		before.set(func() { before.holding = true })
		trainer := fakeTrainer()
		before.add(tasks(t, trainer, 3, 10)...)
		a := start(t, before, trainer, nil)
		time.Sleep(time.Second)
		before.down()
		a.end(t)

		c := newFakeCoordinator()
		defer c.down()
		c.set(func() { c.holding = true })
		c.add(tasks(t, trainer, 6, 10)[3:]...)
		b := start(t, c, trainer, func(config *Config) { config.Spool = a.config.Spool })
		time.Sleep(time.Second)
		c.set(func() { c.holding = false })
		time.Sleep(time.Second)
		b.end(t)
		if c.arrived() != 6 || c.doubles() != 0 {
			t.Errorf("%d of 6 results came, %d of them not once", c.arrived(), c.doubles())
		}
		if left := spooled(t, a.config.Spool); len(left) > 0 {
			t.Errorf("all is acknowledged, but the spool has %v", left)
		}
	})
}

func TestRefused(t *testing.T) {
	for _, code := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied, codes.FailedPrecondition} {
		synctest.Test(t, func(t *testing.T) {
			c := newFakeCoordinator()
			defer c.down()
			c.refuse = status.Error(code, "this coordinator has two-layer version 3")
			a := start(t, c, fakeTrainer(), nil)
			if err := <-a.done; !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "version 3") {
				t.Errorf("%v: Run says %v", code, err)
			}
		})
	}
}

func TestIdleExit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 3, 60_000)...)
		a := start(t, c, trainer, func(config *Config) { config.IdleExit = 30 * time.Second })
		began := time.Now()
		if err := <-a.done; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 150*time.Second || took > 155*time.Second {
			t.Errorf("two minutes of work and 30 s of idleness took %v", took)
		}
		if c.arrived() != 3 {
			t.Errorf("%d points came", c.arrived())
		}
	})
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 20, 60_000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Second)
		c.set(func() { c.draining = true })
		if err := <-a.done; err != nil {
			t.Error(err)
		}
		if c.arrived() != 4 || c.handedBack() != 0 {
			t.Errorf("%d points came, not the 4 that were held; %d handed back", c.arrived(), c.handedBack())
		}
	})
}

// An agent that is asked to leave returns everything at once.
func TestLeaving(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 20, 60_000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(90 * time.Second)
		began := time.Now()
		a.end(t)
		if took := time.Since(began); took > time.Second {
			t.Errorf("leaving took %v", took)
		}
		if c.arrived() != 2 || c.handedBack() != 4 || len(c.leased) != 0 || c.goodbyes != 1 {
			t.Errorf("%d points came, %d were handed back, %d leases are open, %d sessions were closed", c.arrived(), c.handedBack(), len(c.leased), c.goodbyes)
		}
	})
}

// Without a coordinator, leaving keeps what is done in the spool, inside 20 s.
func TestLeavingDuringOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 4, 1000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(500 * time.Millisecond)
		c.down()
		time.Sleep(time.Hour)
		a.end(t)
		if n := len(spooled(t, a.config.Spool)); n != 1 {
			t.Errorf("%d folders are left in the spool, not 1", n)
		}
	})
}

// The agent beats and tells its progress while all cores compute.
func TestBeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		run := trainer.Run
		trainer.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			job.Progress(7, 70)
			return run(ctx, job)
		}
		c.add(tasks(t, trainer, 2, 60_000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if progress := ask(c, func() []*proto.Progress { return c.progress }); len(progress) != 2 || progress[0].Done != 7 || progress[0].Budget != 70 {
			t.Errorf("progress %v", progress)
		}
		a.end(t)
	})
}
