package coordinator

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// successor is an agent that tells the death of another.
func (c *cluster) successor(name string, d sweep.Death) *scripted {
	c.t.Helper()
	a := c.meet(1, sweep.Hello{Agent: name, Trainers: map[string]int{"toy": 1}, Deaths: []sweep.Death{d}})
	a.listen()
	c.settle()
	return a
}

func (a *scripted) buries(agent string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Contains(a.buried, agent)
}

// TestDeathWithTheCoordinator: a point that ends agent and coordinator together, as in run, is quarantined after as many times as are allowed,
// by what the successors tell.
func TestDeathWithTheCoordinator(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 3, 1, "quarantine_after: 2"))
		a := c.agent("a", 1)
		poison := a.next()
		death := func(agent string, alone bool) sweep.Death {
			return sweep.Death{Agent: agent, Points: [][]byte{poison.Point}, Alone: alone, Log: []string{"fatal error: " + agent}}
		}
		c.down() // and a with it
		c.up()
		b := c.successor("b", death("a", false))
		if x := c.trouble("s"); !b.buries("a") || x.Losses != 0 || !x.Suspect {
			t.Fatalf("not alone: %+v, %v", x, b.buried)
		}
		for string(b.tasks[0].Point) != string(poison.Point) {
			b.deliver(b.next())
		}
		c.expect("s", 2, 0, 1, 0)
		for i, agent := range []string{"b", "c"} {
			c.down()
			c.up()
			next := c.successor(string(rune('c'+i)), death(agent, true))
			if x := c.trouble("s"); !next.buries(agent) || x.Losses != i+1 {
				t.Fatalf("%s was alone: %+v, %v", agent, x, next.buried)
			}
			next.cut()
			again := c.successor("e", death(agent, true)) // who did not hear that it is known
			if x := c.trouble("s"); !again.buries(agent) || x.Losses != i+1 {
				t.Fatalf("%s is told twice: %+v", agent, x)
			}
			again.leave()
		}
		if s := c.status("s"); s.Quarantined != 1 || s.Done != 2 || !s.Resting {
			t.Fatalf("%+v", s)
		}
		c.down()
		c.up()
		reply, err := c.client.Explain(context.Background(), &proto.ExplainRequest{Sweep: "s", Point: "2"})
		history := strings.Join(reply.GetHistory(), "\n")
		for _, text := range []string{"agent c was lost while it ran this point alone (2 of 2)", "agent c: fatal error: c", "agent a: fatal error: a"} {
			if err != nil || !strings.Contains(history, text) {
				t.Errorf("%v: explain does not say %q:\n%s", err, text, history)
			}
		}
		if text := reply.GetRow().GetError(); !strings.Contains(text, "widthlaw retry s 2") {
			t.Errorf("explain does not say what to do: %s", text)
		}
		checkDigest(t, c, "s", 3)
		if r := c.control("s", proto.ControlRequest_ACTION_RETRY, 2); r.Points != 1 {
			t.Errorf("%d points are retried", r.Points)
		}
		c.agent("f", 1).work()
		c.expect("s", 3, 0, 0, 0)
	})
}

// TestDeathBeforeTheLease: where the coordinator lives, an agent whose successor tells its end has lost its points at once, and nothing is
// buried before that is on disk.
func TestDeathBeforeTheLease(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		var full atomic.Bool
		c.down()
		c.wrap = func(s Store) Store { return fullStore{s, &full} }
		c.up()
		c.submit(spec("s", 2, 1))
		a := c.agent("a", 2)
		ran := a.next()
		a.cut()
		full.Store(true)
		b := c.successor("b", sweep.Death{Agent: "a", Points: [][]byte{ran.Point}})
		if b.buries("a") {
			t.Error("buried, and not stored")
		}
		if task := b.next(); string(task.Point) == string(ran.Point) {
			t.Error("b got what a had died of, and not what had only waited there")
		}
		full.Store(false)
		for range 3 {
			time.Sleep(9 * time.Second)
			b.beat()
		}
		c.settle()
		if x := c.trouble("s"); !b.buries("a") || !x.Suspect || x.Losses != 0 || x.Lost[0].Agent != "a" {
			t.Errorf("%+v, %v", x, b.buried)
		}
	})
}

// A fullStore takes no troubles while its disk is full.
type fullStore struct {
	Store
	full *atomic.Bool
}

func (f fullStore) SaveTroubles(list []results.Trouble) error {
	if f.full.Load() {
		return results.ErrFull
	}
	return f.Store.SaveTroubles(list)
}
