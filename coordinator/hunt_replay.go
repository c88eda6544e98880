package coordinator

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A replay is one cell's part of finding out again how far a hunt is.
type replay struct {
	cell   *huntCell
	chosen []uint64
	open   []pick
	given  []uint64
	tally
	err error
}

// replay finds out how far a campaign's hunt is: each cell asks the rule and the store by turns, until something is not stored. given
// are the points that were given up. Nobody else uses the campaign.
func (c *Coordinator) replay(ctx context.Context, k *campaign, given map[sweep.Key]sweep.State) ([]pick, error) {
	h := k.hunt
	all := make([]replay, h.grid.Count)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(all)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)) && ctx.Err() == nil && c.halted() == nil; i = next.Add(1) - 1 {
				all[i] = c.replayCell(k, uint64(i), given)
			}
		})
	}
	workers.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := c.halted(); err != nil {
		return nil, err
	}
	var open []pick
	for _, r := range all {
		if r.err != nil {
			return nil, r.err
		}
		if len(r.chosen) > 0 {
			h.cells = append(h.cells, r.cell)
		}
		for _, i := range r.chosen {
			h.chosen[i] = struct{}{}
		}
		for _, i := range r.given {
			h.given[i] = struct{}{}
		}
		for _, p := range r.open {
			h.open[p.key] = p.index
		}
		open = append(open, r.open...)
		k.digest.Join(r.digest)
		k.successes += r.successes
	}
	h.sight = h.look()
	k.countHunt()
	return open, nil
}

func (c *Coordinator) replayCell(k *campaign, number uint64, given map[sweep.Key]sweep.State) replay {
	h := k.hunt
	cell := &huntCell{number: number, seeds: h.grid.Seeds(number)}
	r := replay{cell: cell}
	for cell.waiting == 0 && !cell.ended {
		for _, p := range h.advance(k.spec, cell) {
			r.chosen = append(r.chosen, p.index)
			_, digit := h.grid.Of(p.index)
			outcome, digest, ok, err := c.storedOutcome(p.key)
			switch {
			case err != nil:
				r.err = err
				return r
			case ok:
				r.add(k.spec.Success, digest, outcome)
				h.take(cell, int(digit), h.verdict(outcome))
			case rested(given[p.key]):
				h.take(cell, int(digit), sweep.Value{})
				r.given = append(r.given, p.index)
			default:
				r.open = append(r.open, p)
			}
		}
	}
	return r
}

// storedOutcome is what the store has of a key.
func (c *Coordinator) storedOutcome(key sweep.Key) (o sweep.Outcome, digest [32]byte, ok bool, err error) {
	row, ok, err := c.config.Store.Get(key)
	if err != nil || !ok {
		return o, digest, false, err
	}
	if o, err = sweep.DecodeOutcome(row.Outcome); err != nil {
		return o, digest, false, fmt.Errorf("the outcome of %s: %w", key, err)
	}
	return o, sweep.PointDigest(key, row.Outcome), true, nil
}

// replayAll replays the hunts that the store was found with. A point that had ended in trouble and is not where it was is tried again (see
// troubles).
func (c *Coordinator) replayAll() error {
	for _, k := range c.campaigns {
		if k.hunt == nil {
			continue
		}
		stored, err := c.config.Store.Troubles(k.id)
		if err != nil {
			return err
		}
		given := map[sweep.Key]sweep.State{}
		for _, t := range stored {
			if item, ok := k.item(t.Index); ok && item.Key == t.Key {
				given[t.Key] = t.State
			}
		}
		if k.frontier, err = c.replay(context.Background(), k, given); err != nil {
			return err
		}
	}
	return nil
}

// prepare replays the hunt of a campaign that is to take the place of old, or, for a plan, could take that of its name. The loop must not
// know it yet. What happens meanwhile, its feeder sees (hunt_seek.go).
func (c *Coordinator) prepare(ctx context.Context, k, old *campaign) (err error) {
	given := map[sweep.Key]sweep.State{}
	err = c.ask(ctx, func() {
		for _, x := range c.campaigns {
			if x == old || old == nil && x.record.Name == k.spec.Name {
				given = c.queue.Resting(x.id)
			}
		}
	})
	if err != nil {
		return err
	}
	k.frontier, err = c.replay(ctx, k, given)
	return err
}

// again begins the hunt of a sweep anew, after the results that it rests on have changed: of its latest revision, where k is none any more.
// Nothing of it is stored. c.control is held.
func (c *Coordinator) again(ctx context.Context, k *campaign) (status sweep.Status, err error) {
	ctx = context.WithoutCancel(ctx)
	var old *campaign
	if err := c.look(ctx, k.id, func(found *campaign) { old = found }); err != nil {
		return status, err
	}
	next := newCampaign(old.record, old.spec)
	if err := c.prepare(ctx, next, old); err != nil {
		return status, err
	}
	return status, c.ask(ctx, func() {
		c.replace(old, next)
		status = c.status(next, time.Now())
	})
}

// reconsider begins a hunt again that has given up a point too early. The loop calls it.
func (c *Coordinator) reconsider(k *campaign) {
	if k.hunt == nil || !k.hunt.stale {
		return
	}
	k.hunt.stale = false
	c.feeders.Go(func() {
		c.control.Lock()
		defer c.control.Unlock()
		there := false
		err := c.ask(context.Background(), func() { there = slices.Contains(c.campaigns, k) && k.feeder != nil })
		if err == nil && there {
			_, err = c.again(context.Background(), k)
		}
		if err != nil && !errors.Is(err, ErrStopped) {
			c.log.Error("a search cannot go on from a result that came late; start the coordinator again", "sweep", k.id, "error", err)
		}
	})
}
