package coordinator

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A slow store lets something happen while it works.
type slow struct {
	Store
	saving, clearing func() // nil: nothing
}

func (s *slow) SaveSweep(r results.SweepRecord) error {
	if s.saving != nil {
		s.saving()
	}
	return s.Store.SaveSweep(r)
}

func (s *slow) ClearTroubles(id string, keys []sweep.Key) error {
	if s.clearing != nil {
		s.clearing()
	}
	return s.Store.ClearTroubles(id, keys)
}

// inSlowHunt is inHunt over a slow store.
func inSlowHunt(t *testing.T, fn func(t *testing.T, c *cluster, s *slow)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		c := &cluster{t: t, dir: dir, trainers: []*sweep.Trainer{seeking()}, log: &lines{}, wrap: func(x Store) Store {
			s.Store = x
			return s
		}}
		c.up()
		defer c.down()
		c.submit(hunting)
		c.settle()
		fn(t, c, s)
	})
}

func (a *scripted) fail(t sweep.Task) {
	a.c.t.Helper()
	a.send(&proto.FromAgent{Results: []*proto.Result{proto.ToResult(sweep.Delivery{Fence: t.Fence, Point: t.Point, Error: "boom"})}})
	a.c.settle()
}

// TestHuntIsRevisedMeanwhile: what happens to a search's points while its new revision is made durable is not overlooked.
func TestHuntIsRevisedMeanwhile(t *testing.T) {
	coarse := strings.Replace(hunting, "1.3", "1.6", 1)
	t.Run("a point fails", func(t *testing.T) {
		inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
			a := c.agent("a", 100)
			s.saving = func() { a.fail(a.next()) }
			c.submit(coarse)
			s.saving = nil
			c.settle()
			a.work()
			c.ended("h")
		})
	})
	t.Run("a point comes out of its quarantine", func(t *testing.T) {
		inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
			c.submit(hunting + "quarantine_after: 1\n")
			c.agent("a", 1)
			time.Sleep(31 * time.Second)
			c.settle()
			if n := c.status("h").Quarantined; n != 1 {
				t.Fatalf("%d quarantined", n)
			}
			s.saving = func() { c.agent("a", 0); c.settle() }
			c.submit(coarse + "quarantine_after: 1\n")
			s.saving = nil
			c.settle()
			c.agent("b", 100).work()
			c.ended("h")
			if n := c.status("h").Quarantined; n > 0 {
				t.Errorf("%d quarantined", n)
			}
		})
	})
	t.Run("a point that failed is done after all", func(t *testing.T) {
		inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
			a := c.agent("a", 100)
			task := a.next()
			a.fail(task)
			s.saving = func() { a.deliver(task) }
			c.submit(coarse)
			s.saving = nil
			c.settle()
			time.Sleep(time.Second)
			a.work()
			c.ended("h")
			if n := c.status("h").Failed; n > 0 {
				t.Errorf("%d failed", n)
			}
		})
	})
}

// TestHuntIsRetriedMeanwhile: who retries points of a search while somebody else changes it leaves that change as it is.
func TestHuntIsRetriedMeanwhile(t *testing.T) {
	coarse := strings.Replace(hunting, "1.3", "1.6", 1)
	for name, change := range map[string]struct {
		do   func(c *cluster, failed []uint64)
		want []string // the specs that there are afterwards
	}{
		"retried": {func(c *cluster, failed []uint64) { c.control("h", proto.ControlRequest_ACTION_RETRY, failed[1]) }, []string{hunting}},
		"revised": {func(c *cluster, _ []uint64) { c.submit(coarse) }, []string{coarse}},
		"deleted": {func(c *cluster, _ []uint64) { c.control("h", proto.ControlRequest_ACTION_DELETE) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
				a := c.agent("a", 100)
				a.fail(a.next())
				a.fail(a.next())
				var failed []uint64
				for _, r := range c.rows("h") {
					if r.State == sweep.Failed {
						failed = append(failed, r.Index)
					}
				}
				s.clearing = func() { time.Sleep(time.Second) }
				var both sync.WaitGroup
				both.Go(func() { // to no avail where the sweep is deleted
					_, _ = c.client.Control(context.Background(), &proto.ControlRequest{Sweep: "h", Action: proto.ControlRequest_ACTION_RETRY, Indices: failed[:1]})
				})
				both.Go(func() { time.Sleep(time.Second / 2); change.do(c, failed) })
				both.Wait()
				c.settle()
				a.work()
				for range 2 {
					var specs []string
					reply, err := c.client.Sweeps(context.Background(), &proto.SweepsRequest{Sweep: "*"})
					for _, x := range reply.GetSweeps() {
						specs = append(specs, string(x.Spec))
					}
					if err != nil || !slices.Equal(specs, change.want) {
						t.Errorf("there are %d sweeps, %q, %v; want %q", len(specs), specs, err, change.want)
					}
					if len(specs) > 0 {
						c.ended("h")
					}
					c.down()
					c.up()
				}
			})
		})
	}
}

// TestHuntKilledWhileRevised: a point that failed, and that a new revision has at another index, is tried again where the coordinator was
// killed before it had stored that index.
func TestHuntKilledWhileRevised(t *testing.T) {
	inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
		a := c.agent("a", 100)
		for a.waiting() > 1 {
			a.next()
		}
		a.fail(a.next())
		list, err := c.store.Sweeps()
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		list[0].Revision++
		list[0].Spec = []byte(strings.Replace(hunting, "9999", "19999", 1))
		if err := c.store.SaveSweep(list[0]); err != nil {
			t.Fatal(err)
		}
		c.down()
		c.up()
		c.settle()
		c.agent("a", 100).work()
		c.ended("h")
	})
}

// TestHuntBegunAgainIsNotStored: under run, which lets the other sweeps of its store wait, a search that begins again is not paused for good.
func TestHuntBegunAgainIsNotStored(t *testing.T) {
	inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
		a := c.agent("a", 100)
		task := a.next()
		a.fail(task)
		c.down()
		c.wrap = func(x Store) Store { return pausing{x} }
		c.up()
		c.agent("a", 100).deliver(task)
		c.settle()
		if s := c.status("h"); s.Done != 1 || s.Failed != 0 || !s.Paused {
			t.Errorf("%+v", s)
		}
		c.down()
		c.wrap = nil
		c.up()
		if c.status("h").Paused {
			t.Error("it is paused, and nobody has paused it")
		}
	})
}

// A pausing store lets its sweeps wait as long as a process lives.
type pausing struct{ Store }

func (p pausing) Sweeps() ([]results.SweepRecord, error) {
	list, err := p.Store.Sweeps()
	for i := range list {
		list[i].Paused = true
	}
	return list, err
}

// TestPlanOfFailures: a plan says what a submission would do, where points have failed too.
func TestPlanOfFailures(t *testing.T) {
	inSlowHunt(t, func(t *testing.T, c *cluster, s *slow) {
		a := c.agent("a", 100)
		a.fail(a.next())
		a.work()
		_, n := c.ended("h")
		plan, err := c.client.Plan(context.Background(), &proto.SubmitRequest{Spec: []byte(hunting)})
		if err != nil || !plan.Exact || plan.Points != n || plan.Done != n-1 {
			t.Errorf("plan: %v %v; %d points", plan, err, n)
		}
	})
}

// TestHuntForecast: from its first batch on a search says how long it will take, with what it has not chosen yet.
func TestHuntForecast(t *testing.T) {
	inHunt(t, func(t *testing.T, c *cluster) {
		c.agent("a", 1)
		plan, err := c.client.Plan(context.Background(), &proto.SubmitRequest{Spec: []byte(hunting)})
		if err != nil {
			t.Fatal(err)
		}
		want := plan.CoreSeconds / 2 // an agent has two cores
		if eta := c.status("h").ETA.Seconds(); eta < want/2 || eta > 2*want {
			t.Errorf("it says %g s; by the plan it takes %g", eta, want)
		}
	})
}
