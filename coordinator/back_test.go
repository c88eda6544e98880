package coordinator

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// trouble is what the disk remembers of the only point in trouble.
func (c *cluster) trouble(name string) results.Trouble {
	c.t.Helper()
	list, err := c.store.Troubles(c.status(name).ID)
	if err != nil || len(list) != 1 {
		c.t.Fatalf("troubles: %v %v", list, err)
	}
	return list[0]
}

// away cuts an agent off for longer than its lease.
func (a *scripted) away() {
	a.cut()
	time.Sleep(31 * time.Second)
	a.c.settle()
}

// TestCutsQuarantineNothing: an agent that is cut off again and again while it runs a point keeps it, and no loss is counted.
func TestCutsQuarantineNothing(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1, "quarantine_after: 2"))
		a := c.agent("a", 1)
		task := a.next()
		for i := range 4 {
			a.away()
			if x := c.trouble("s"); x.Losses != 1 || !x.Suspect || x.State != sweep.Pending {
				t.Fatalf("after cut %d: %+v", i, x)
			}
			if i == 2 {
				c.down()
				c.up()
			}
			a = c.agent("a", 1, c.claim(task, false))
			if n := len(a.welcome.Reattached); n != 1 {
				t.Fatalf("after cut %d, the point does not go on", i)
			}
			task.Fence = a.welcome.Reattached[0].Fence
			c.settle()
			if x := c.trouble("s"); x.Losses != 0 || x.Suspect || len(x.Lost) != 0 {
				t.Fatalf("back after cut %d: %+v", i, x)
			}
		}
		a.deliver(task)
		c.expect("s", 1, 0, 0, 0)
		if s := c.status("s"); s.Late != 0 {
			t.Errorf("%d late; nobody else had it", s.Late)
		}
	})
}

// TestBackFromQuarantine: a point that is in quarantine because two agents were cut off runs again when one of them is back, over a restart too.
func TestBackFromQuarantine(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1, "quarantine_after: 2"))
		a := c.agent("a", 1)
		first := a.next()
		a.away()
		b := c.agent("b", 1)
		b.next()
		b.away()
		if s := c.status("s"); s.Quarantined != 1 || !s.Resting {
			t.Fatalf("%+v", s)
		}
		c.down()
		c.up()
		if s := c.status("s"); s.Quarantined != 1 {
			t.Fatalf("after the restart %+v", s)
		}
		a = c.agent("a", 1, c.claim(first, false))
		c.settle()
		x := c.trouble("s")
		if s := c.status("s"); s.Quarantined != 0 || s.Running != 1 || s.Resting || x.Losses != 1 || x.State != sweep.Pending || len(x.Lost) != 1 || x.Lost[0].Agent != "b" {
			t.Fatalf("a is back: %+v %+v", s, x)
		}
		reply, err := c.client.Explain(context.Background(), &proto.ExplainRequest{Sweep: "s", Point: "0"})
		if text := strings.Join(reply.GetHistory(), "\n"); err != nil || !strings.Contains(text, "agent a is back") {
			t.Errorf("explain: %v %s", err, text)
		}
		a.deliver(sweep.Task{Fence: a.welcome.Reattached[0].Fence, Point: first.Point, Threads: 1, Attempt: 1})
		c.expect("s", 1, 0, 0, 0)
		checkDigest(t, c, "s", 1)
	})
}
