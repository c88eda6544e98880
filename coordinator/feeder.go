package coordinator

import (
	"context"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
)

// ahead is how many points of a sweep wait in the queue for agents to ask; more come when half of them are gone.
const ahead = 8192

// A feeder walks a sweep's points in a goroutine of its own, in the order in which they are handed out, and gives those that are
// not stored to the queue, when it wants some.
type feeder struct {
	want chan int      // of capacity 1: how many
	quit chan struct{} // closed when no more are wanted
	busy bool          // of the loop: asked, and not answered
}

// newFeeder makes a campaign's feeder, and starts it if the loop runs already; else Run does.
func (c *Coordinator) newFeeder(k *campaign) *feeder {
	f := &feeder{want: make(chan int, 1), quit: make(chan struct{})}
	if c.running {
		c.feeders.Go(func() { c.feed(k, f) })
	}
	return f
}

// nourish asks the feeders of the sweeps whose turn it is for more points, if few are waiting.
func (c *Coordinator) nourish() {
	wants := c.queue.Wants(ahead)
	for _, k := range c.campaigns {
		f := k.feeder
		if f == nil || f.busy || k.hunt != nil {
			continue
		}
		if n := wants[k.id]; n > ahead/2 {
			f.busy = true
			f.want <- n
		}
	}
}

// A portion is some points on their way from a cursor to the queue.
type portion struct {
	items   []queue.Item
	flops   float64 // of items
	passed  uint64  // points that the cursor passed, stored ones too
	skipped float64 // flops of those that are stored
	ended   bool
}

func (c *Coordinator) feed(k *campaign, f *feeder) {
	if k.hunt != nil {
		c.seek(k, f)
		return
	}
	var cursor *sweep.Cursor
	for {
		var n int
		select {
		case n = <-f.want:
		case <-f.quit:
			return
		case <-c.stopped:
			return
		}
		var whole float64
		if cursor == nil {
			plan := sweep.NewPlan(k.spec)
			whole, _ = plan.Total()
			cursor = plan.Cursor()
			begun := c.begun(k, plan)
			if err := c.post(context.Background(), func() { c.feedBegun(k, f, begun) }); err != nil {
				return
			}
		}
		p := c.portion(cursor, n, f)
		if err := c.post(context.Background(), func() { c.fed(k, f, p, whole) }); err != nil || p.ended {
			return
		}
	}
}

func (c *Coordinator) portion(cursor *sweep.Cursor, n int, f *feeder) portion {
	var p portion
	for len(p.items) < n && !f.over(p.passed) {
		index, point, cost, ok := cursor.Next()
		if !ok {
			p.ended = true
			break
		}
		p.passed++
		encoded := point.Encode(nil)
		key := sweep.KeyOf(encoded)
		if c.config.Store.Has(key) {
			p.skipped += cost.Flops
			continue
		}
		p.flops += cost.Flops
		p.items = append(p.items, queue.Item{Index: index, Key: key, Point: encoded, Cost: cost})
	}
	return p
}

// over says, asked for each point, now and then whether the feeder should end.
func (f *feeder) over(passed uint64) bool {
	if passed%1024 != 1023 {
		return false
	}
	select {
	case <-f.quit:
		return true
	default:
		return false
	}
}

// feedBegun takes points into the queue that have a checkpoint. The cursor brings them again, which changes nothing.
func (c *Coordinator) feedBegun(k *campaign, f *feeder, items []queue.Item) {
	if k.feeder == f {
		c.queue.Feed(k.id, c.unstored(items), false)
	}
}

// unstored are the items that have no outcome yet.
func (c *Coordinator) unstored(all []queue.Item) []queue.Item {
	items := all[:0]
	for _, item := range all {
		if !c.config.Store.Has(item.Key) {
			items = append(items, item)
		}
	}
	return items
}

// fed takes a portion into the queue. What was stored while it was on its way is left out.
func (c *Coordinator) fed(k *campaign, f *feeder, p portion, whole float64) {
	if k.feeder != f {
		return
	}
	f.busy = false
	k.forecast.take(p, whole)
	c.queue.Feed(k.id, c.unstored(p.items), p.ended)
	if p.ended {
		k.points, k.exact = k.forecast.passed, true
	}
}
