package coordinator

import (
	"context"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// An unsure store keeps what it is given, and says once that it has failed: as a disk does whose last sync fails.
type unsure struct {
	Store
	puts, saves int // so many of the next ones
}

func (u *unsure) Put(rows []results.Row) ([]results.Verdict, error) {
	verdicts, err := u.Store.Put(rows)
	if u.puts > 0 && err == nil {
		u.puts--
		return nil, results.ErrFull
	}
	return verdicts, err
}

func (u *unsure) SaveSweep(r results.SweepRecord) error {
	err := u.Store.SaveSweep(r)
	if u.saves > 0 && err == nil {
		u.saves--
		return results.ErrFull
	}
	return err
}

func inUnsureCluster(t *testing.T, puts, saves int, fn func(t *testing.T, c *cluster)) {
	t.Helper()
	inCluster(t, func(t *testing.T, c *cluster) {
		c.down()
		c.wrap = func(s Store) Store { return &unsure{s, puts, saves} }
		c.up()
		fn(t, c)
	})
}

// Outcomes that the disk kept, and said not to have, are counted when they are put again.
func TestOutcomesKeptUnsaid(t *testing.T) {
	inUnsureCluster(t, 2, 0, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 2, 1))
		a := c.agent("a", 2)
		a.deliver(a.next(), a.next())
		time.Sleep(5 * time.Second)
		a.beat()
		c.expect("s", 2, 0, 0, 0)
		checkDigest(t, c, "s", 2)
		a.leave()
	})
}

// A sweep whose submission failed is submitted again: there is one of it, after a restart too.
func TestSweepKeptUnsaid(t *testing.T) {
	inUnsureCluster(t, 0, 2, func(t *testing.T, c *cluster) {
		for range 2 {
			if _, err := c.client.Submit(context.Background(), &proto.SubmitRequest{Spec: []byte(spec("s", 2, 1)), Filename: "test.yaml"}); err == nil {
				t.Fatal("submitted, although the disk has failed")
			}
		}
		c.submit(spec("s", 2, 1))
		c.down()
		c.wrap = nil
		c.up()
		reply, err := c.client.Sweeps(context.Background(), &proto.SweepsRequest{Sweep: "*"})
		if err != nil || len(reply.Sweeps) != 1 {
			t.Errorf("%d sweeps, %v", len(reply.GetSweeps()), err)
		}
	})
}

// A failure that was stored, and whose acknowledgement got lost with the coordinator, is delivered again to the next one and counts once.
func TestFailureCountsOnce(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1, "retries: 1"))
		a := c.agent("a", 1)
		task := a.next()
		fail := func(fence uint64, started int64) {
			a.send(&proto.FromAgent{Results: []*proto.Result{proto.ToResult(sweep.Delivery{
				Fence: fence, Point: task.Point, Error: "boom", Provenance: sweep.Provenance{Agent: "a", Started: time.Unix(started, 0)},
			})}})
			c.settle()
		}
		fail(task.Fence, 1)
		a.cut()
		c.down()
		c.up()
		a = c.agent("a", 1, c.claim(task, true))
		if len(a.welcome.Reattached) != 1 {
			t.Fatalf("re-attached: %v", a.welcome.Reattached)
		}
		fail(a.welcome.Reattached[0].Fence, 1)
		c.expect("s", 0, 0, 1, 0) // it is tried again
		fail(a.next().Fence, 2)
		c.expect("s", 0, 1, 0, 0)
		a.leave()
	})
}
