package coordinator

import (
	"context"
	"hash/fnv"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// seeking is the toy with a width that may be searched for: a seed succeeds with a chance that grows with m, from about 20 (x+1) on.
func seeking() *sweep.Trainer {
	t := toy()
	t.Params[1].Seed = true
	t.Params = append(t.Params, sweep.Param{Name: "m", Type: sweep.IntType, Min: sweep.IntValue(1), Searched: true, Doc: "width"})
	return t
}

func seekingOutcome(p sweep.Point) sweep.Outcome {
	h := fnv.New64a()
	h.Write([]byte(p.Get("x").String() + "," + p.Get("seed").String()))
	z := h.Sum64()
	z ^= z >> 31
	z *= 0x9e3779b97f4a7c15
	u := float64(z>>11) / (1 << 53)
	x := 8*math.Log(float64(p.Int("m"))/float64(20*(p.Int("x")+1))) + math.Log(9)
	return sweep.Outcome{Scalars: map[string]sweep.Value{"product": sweep.IntValue(int64(z >> 40)), "event_fit": sweep.BoolValue(u < 1/(1+math.Exp(-x)))}}
}

const hunting = "name: h\ntrainer: toy\ngrid:\n  x: 0..2\n  m: {search: [2, 500], resolution: 1.3}\n  seed: 0..9999\nretries: 0\n"

// inHunt runs a test in fake time with a coordinator to which a search was submitted.
func inHunt(t *testing.T, fn func(t *testing.T, c *cluster)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		c := &cluster{t: t, dir: dir, trainers: []*sweep.Trainer{seeking()}, log: &lines{}}
		c.up()
		defer c.down()
		c.submit(hunting)
		c.settle()
		fn(t, c)
	})
}

// ended is the digest of a hunt that has come to its end.
func (c *cluster) ended(name string) (digest string, points uint64) {
	c.t.Helper()
	c.settle()
	s := c.status(name)
	if !s.Resting || !s.Exact || s.Pending != 0 || s.Running != 0 || s.Done+s.Failed+s.Cancelled != s.Points {
		c.t.Fatalf("the search has not come to its end: %+v", s)
	}
	checkDigest(c.t, c, name, s.Points)
	reply, err := c.client.Digest(context.Background(), &proto.SweepRef{Sweep: name})
	if err != nil {
		c.t.Fatal(err)
	}
	return string(reply.Digest), s.Points
}

// undisturbed is what one agent makes of the search.
func undisturbed(t *testing.T) (digest string, points uint64) {
	inHunt(t, func(t *testing.T, c *cluster) {
		if s := c.status("h"); s.Exact || s.Points < 50 || s.Done != 0 {
			t.Errorf("at the start: %+v", s)
		}
		reply, err := c.client.Digest(context.Background(), &proto.SweepRef{Sweep: "h"})
		if err != nil || reply.Missing == 0 {
			t.Errorf("the digest of a search that has begun: %v %v", reply, err)
		}
		a := c.agent("a", 100)
		a.work()
		a.leave()
		digest, points = c.ended("h")
		if points < 90 || points > 1500 {
			t.Errorf("the search took %d runs", points)
		}
		if rows := c.rows("h"); uint64(len(rows)) != points {
			t.Errorf("%d rows of %d points", len(rows), points)
		}
		c.down()
		c.up()
		if again, n := c.ended("h"); again != digest || n != points {
			t.Errorf("after a restart %d points, before %d", n, points)
		}
	})
	return digest, points
}

// TestHuntIsAFunctionOfItsOutcomes: neither the number of agents nor the order of arrival nor restarts change what is chosen.
func TestHuntIsAFunctionOfItsOutcomes(t *testing.T) {
	want, points := undisturbed(t)
	same := func(t *testing.T, c *cluster) {
		if digest, n := c.ended("h"); digest != want || n != points {
			t.Errorf("%d points, undisturbed %d; the digests are equal: %v", n, points, digest == want)
		}
	}
	t.Run("order", func(t *testing.T) {
		inHunt(t, func(t *testing.T, c *cluster) {
			a, b := c.agent("a", 5), c.agent("b", 17)
			for a.waiting()+b.waiting() > 0 {
				for _, x := range []*scripted{b, a} {
					var tasks []sweep.Task
					for x.waiting() > 0 {
						tasks = append(tasks, x.next())
					}
					slices.Reverse(tasks)
					for _, task := range tasks {
						x.deliver(task)
					}
				}
			}
			same(t, c)
		})
	})
	t.Run("restarts", func(t *testing.T) {
		inHunt(t, func(t *testing.T, c *cluster) {
			for i := 1; !c.status("h").Resting; i++ {
				a := c.agent("a", 10)
				for range i % 7 {
					if a.waiting() > 0 {
						a.deliver(a.next())
					}
				}
				c.down()
				c.up()
				c.settle()
			}
			same(t, c)
		})
	})
	t.Run("stopped and revised", func(t *testing.T) {
		inHunt(t, func(t *testing.T, c *cluster) {
			a := c.agent("a", 10)
			some := func() {
				for range 30 {
					if a.waiting() > 0 {
						a.deliver(a.next())
					}
				}
			}
			some()
			c.control("h", proto.ControlRequest_ACTION_CANCEL)
			c.settle()
			c.control("h", proto.ControlRequest_ACTION_RESUME)
			c.settle()
			some()
			c.submit(strings.Replace(hunting, "1.3", "1.6", 1))
			c.settle()
			a.work()
			coarse, n := c.ended("h")
			if coarse == want || n >= points {
				t.Errorf("a coarser search has %d points, the finer one %d", n, points)
			}
			c.submit(hunting)
			c.settle()
			before := c.status("h").Done
			if before < n {
				t.Errorf("a finer search has %d of the %d points of the coarser one", before, n)
			}
			a.work()
			same(t, c)
		})
	})
	t.Run("failures", func(t *testing.T) { failAndRetry(t, same) })
}

// failAndRetry has every fifth seed fail; the search goes on without them, and with them once they were retried.
func failAndRetry(t *testing.T, same func(*testing.T, *cluster)) {
	inHunt(t, func(t *testing.T, c *cluster) {
		a := c.agent("a", 10)
		var late []sweep.Task
		for a.waiting() > 0 {
			task := a.next()
			if p, err := sweep.DecodePoint(c.trainers, task.Point); err != nil || p.Int("seed")%5 != 0 {
				a.deliver(task)
				continue
			}
			late = append(late, task)
			a.send(&proto.FromAgent{Results: []*proto.Result{proto.ToResult(sweep.Delivery{Fence: task.Fence, Point: task.Point, Error: "boom"})}})
			c.settle()
		}
		failing, n := c.ended("h")
		if s := c.status("h"); s.Failed != uint64(len(late)) || s.Failed < 10 || s.Done+s.Failed != n {
			t.Fatalf("%d failed: %+v", len(late), s)
		}
		c.down()
		c.up()
		if digest, m := c.ended("h"); digest != failing || m != n {
			t.Fatalf("after a restart %d points, before %d", m, n)
		}
		a = c.agent("a", 10)
		a.deliver(late[0]) // after all: what was chosen since rests on its failure
		time.Sleep(time.Second)
		c.settle()
		a.work()
		c.control("h", proto.ControlRequest_ACTION_RETRY)
		c.settle()
		a.work()
		if s := c.status("h"); s.Failed != 0 {
			t.Errorf("after the retry: %+v", s)
		}
		same(t, c)
	})
}

// TestHuntOfNothing: where every run fails, the search comes to an end, soon.
func TestHuntOfNothing(t *testing.T) {
	inHunt(t, func(t *testing.T, c *cluster) {
		a := c.agent("a", 10)
		for a.waiting() > 0 {
			task := a.next()
			a.send(&proto.FromAgent{Results: []*proto.Result{proto.ToResult(sweep.Delivery{Fence: task.Fence, Point: task.Point, Error: "boom"})}})
			c.settle()
		}
		if _, n := c.ended("h"); n > 200 {
			t.Errorf("it took %d failures", n)
		}
	})
}

// TestHuntAndOthers: a search shares points with other sweeps, and points that it has not chosen are not its own.
func TestHuntAndOthers(t *testing.T) {
	want, points := undisturbed(t)
	inHunt(t, func(t *testing.T, c *cluster) {
		c.submit("name: grid\ntrainer: toy\nfixed: {x: 1}\ngrid:\n  m: {log: [2, 64], points: 6}\n  seed: 0..30\n")
		a := c.agent("a", 10)
		a.work()
		c.expect("grid", 6*31, 0, 0, 0)
		if digest, n := c.ended("h"); digest != want || n != points {
			t.Errorf("beside a grid %d points, alone %d", n, points)
		}
		c.control("h", proto.ControlRequest_ACTION_DELETE)
		c.expect("grid", 6*31, 0, 0, 0)
		if n := c.store.Len(); n != 6*31 {
			t.Errorf("%d rows are left of a grid of %d", n, 6*31)
		}
		plan, err := c.client.Plan(context.Background(), &proto.SubmitRequest{Spec: []byte(hunting)})
		if err != nil || plan.Exact || plan.Todo < 50 || plan.CoreSeconds <= 0 {
			t.Errorf("plan: %v %v", plan, err)
		}
		c.submit(hunting)
		c.settle()
		a.work()
		if digest, n := c.ended("h"); digest != want || n != points {
			t.Errorf("after a grid %d points, alone %d", n, points)
		}
	})
}
