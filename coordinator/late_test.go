package coordinator

import (
	"strings"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// computed is a result as the agent that computed it would say.
func (a *scripted) computed(t sweep.Task) *proto.Result {
	r := a.c.result(t)
	r.Provenance.Agent, r.Provenance.StartedUnixNano = a.name, int64(t.Fence)
	return r
}

func (a *scripted) bring(results ...*proto.Result) {
	a.c.t.Helper()
	a.send(&proto.FromAgent{Results: results})
	a.c.settle()
}

// overtaken is a coordinator that has given the one point of a sweep to b, because a was silent for too long.
func overtaken(t *testing.T, c *cluster) (lost, now sweep.Task, b *scripted) {
	t.Helper()
	c.submit(spec("s", 1, 1))
	lost = c.agent("a", 1).next()
	time.Sleep(31 * time.Second)
	c.settle()
	b = c.agent("b", 1)
	return lost, b.next(), b
}

// TestLate: what comes under a lease that has ended is counted, whatever becomes of it, and a result that comes again is not.
func TestLate(t *testing.T) {
	want := func(t *testing.T, c *cluster, late, done, conflicts uint64) {
		t.Helper()
		if s := c.status("s"); s.Late != late || s.Done != done || s.Conflicts != conflicts {
			t.Errorf("%d late, %d done, %d conflicts; want %d, %d, %d", s.Late, s.Done, s.Conflicts, late, done, conflicts)
		}
	}
	t.Run("while another runs it", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			lost, now, b := overtaken(t, c)
			a := c.agent("a", 0, c.claim(lost, true))
			want(t, c, 0, 0, 0)
			a.bring(a.computed(lost))
			want(t, c, 1, 1, 0)
			b.bring(b.computed(now)) // it was told to stop, and had just ended
			want(t, c, 2, 1, 0)
			if !strings.Contains(c.log.String(), "under leases that had ended") {
				t.Error("the log does not say it")
			}
		})
	})
	t.Run("after another has done it", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			lost, now, b := overtaken(t, c)
			b.bring(b.computed(now))
			want(t, c, 0, 1, 0)
			a := c.agent("a", 0, c.claim(lost, true))
			a.bring(a.computed(lost))
			want(t, c, 1, 1, 0)
		})
	})
	t.Run("with other bits", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			lost, now, b := overtaken(t, c)
			b.bring(b.computed(now))
			a := c.agent("a", 0, c.claim(lost, true))
			r := a.computed(lost)
			r.Outcome = sweep.Outcome{}.Encode(nil)
			a.bring(r)
			want(t, c, 1, 1, 1)
		})
	})
	t.Run("still computing", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			lost, now, b := overtaken(t, c)
			a := c.agent("a", 0, c.claim(lost, false))
			want(t, c, 1, 0, 0)
			a.cut()
			b.bring(b.computed(now))
			c.agent("a", 0, c.claim(lost, false))
			want(t, c, 2, 1, 0)
		})
	})
	t.Run("a failure", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			lost, _, _ := overtaken(t, c)
			a := c.agent("a", 0)
			r := a.computed(lost)
			r.Outcome, r.Error = nil, "no"
			a.bring(r)
			want(t, c, 1, 0, 0)
		})
	})
	t.Run("not late: it comes again", func(t *testing.T) {
		inCluster(t, func(t *testing.T, c *cluster) {
			c.submit(spec("s", 2, 1, "retries: 1"))
			a := c.agent("a", 2)
			good, bad := a.computed(a.next()), a.computed(a.next())
			bad.Outcome, bad.Error = nil, "no"
			a.bring(good, bad)
			a.cut()
			a = c.agent("a", 0)
			a.bring(good, bad, good)
			want(t, c, 0, 1, 0)
		})
	})
}
