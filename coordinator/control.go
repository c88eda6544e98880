package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// change has the record of a sweep changed, first on disk, and then lets the loop act on it.
func (c *Coordinator) change(ctx context.Context, name string, edit func(*results.SweepRecord), act func(*campaign)) (sweep.Status, error) {
	c.control.Lock()
	defer c.control.Unlock()
	var k *campaign
	var record results.SweepRecord
	if err := c.look(ctx, name, func(found *campaign) { k, record = found, found.record }); err != nil {
		return sweep.Status{}, err
	}
	edit(&record)
	if err := c.config.Store.SaveSweep(record); err != nil {
		return sweep.Status{}, err
	}
	var status sweep.Status
	err := c.ask(ctx, func() {
		k.record = record
		act(k)
		k.settle(c)
		status = c.status(k, time.Now())
	})
	return status, err
}

func (c *Coordinator) pause(ctx context.Context, name string) (sweep.Status, error) {
	return c.change(ctx, name, func(r *results.SweepRecord) { r.Paused = true }, func(k *campaign) {
		c.log.Info("sweep paused", "sweep", k.id)
		c.queue.Pause(k.id, true)
	})
}

func (c *Coordinator) resume(ctx context.Context, name string) (sweep.Status, error) {
	c.control.Lock()
	defer c.control.Unlock()
	var k *campaign
	if err := c.look(ctx, name, func(found *campaign) { k = found }); err != nil {
		return sweep.Status{}, err
	}
	return c.revive(ctx, k)
}

// cancel stops a whole sweep.
func (c *Coordinator) cancel(ctx context.Context, name string) (sweep.Status, error) {
	return c.change(ctx, name, func(r *results.SweepRecord) { r.Stopped = true }, func(k *campaign) {
		c.log.Info("sweep cancelled", "sweep", k.id)
		k.dismiss()
		c.queue.Stop(k.id)
	})
}

// cancelPoints puts points to rest, by index, and returns once that is durable.
func (c *Coordinator) cancelPoints(ctx context.Context, name string, indices []uint64) (n int, status sweep.Status, err error) {
	k, items, err := c.items(ctx, name, indices)
	if err != nil {
		return 0, status, err
	}
	items = slices.DeleteFunc(items, func(i queue.Item) bool { return c.config.Store.Has(i.Key) })
	durable := make(chan struct{})
	err = c.ask(ctx, func() {
		n = c.queue.CancelPoints(k.id, items)
		c.batch.after = append(c.batch.after, func() { close(durable) })
	})
	if err != nil {
		return 0, status, err
	}
	select {
	case <-durable:
	case <-c.stopped:
		return n, status, ErrStopped
	case <-ctx.Done():
		return n, status, ctx.Err()
	}
	return n, status, c.ask(ctx, func() { status = c.status(k, time.Now()) })
}

// items are points of a sweep, by index.
func (c *Coordinator) items(ctx context.Context, name string, indices []uint64) (*campaign, []queue.Item, error) {
	var k *campaign
	var all []uint64
	if err := c.look(ctx, name, func(found *campaign) { k, all = found, found.indexes() }); err != nil {
		return nil, nil, err
	}
	items := make([]queue.Item, 0, len(indices))
	for _, i := range indices {
		item, ok := k.item(i)
		if _, chosen := slices.BinarySearch(all, i); !ok || k.hunt != nil && !chosen {
			return nil, nil, fmt.Errorf("%w: %d in sweep %s", errNoPoint, i, k.spec.Name)
		}
		items = append(items, item)
	}
	return k, items, nil
}

// retry lets points run again that failed or were quarantined; all, or those of some indices, and then cancelled ones too.
func (c *Coordinator) retry(ctx context.Context, name string, indices []uint64) (n int, status sweep.Status, err error) {
	k, items, err := c.items(ctx, name, indices)
	if err != nil {
		return 0, status, err
	}
	var keys, freed []sweep.Key
	for _, i := range items {
		keys = append(keys, i.Key)
	}
	err = c.ask(ctx, func() {
		freed = c.queue.Retry(k.id, keys)
		k.settle(c)
		status = c.status(k, time.Now())
	})
	if err == nil && len(freed) > 0 {
		err = c.config.Store.ClearTroubles(k.id, freed)
	}
	if err == nil && len(freed) > 0 && k.hunt != nil {
		c.control.Lock()
		defer c.control.Unlock()
		status, err = c.again(ctx, k)
	}
	return len(freed), status, err
}

// remove deletes a sweep, and the outcomes that no other sweep has.
func (c *Coordinator) remove(ctx context.Context, name string) (dropped int, err error) {
	c.control.Lock()
	defer c.control.Unlock()
	var k *campaign
	var others []*campaign
	var limit uint64
	err = c.look(ctx, name, func(found *campaign) {
		k, limit = found, c.stored
		for _, other := range c.campaigns {
			if other != k {
				others = append(others, other)
			}
		}
	})
	if err != nil {
		return 0, err
	}
	drop, err := c.exclusive(ctx, limit, k, others)
	if err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	err = c.ask(ctx, func() {
		k.dismiss()
		c.queue.Remove(k.id)
		c.campaigns = slices.DeleteFunc(c.campaigns, func(x *campaign) bool { return x == k })
		if !k.resting {
			close(k.rested)
		}
	})
	if err != nil {
		return 0, err
	}
	if err := c.config.Store.DeleteSweep(k.id, drop); err != nil {
		return 0, err
	}
	c.spendOrphans(ctx)
	c.log.Info("sweep deleted", "sweep", k.id, "name", k.spec.Name, "outcomes", len(drop))
	return len(drop), c.ask(ctx, func() { c.stored -= uint64(len(drop)) })
}

// exclusive lists the stored points that only k has.
func (c *Coordinator) exclusive(ctx context.Context, limit uint64, k *campaign, others []*campaign) ([]sweep.Key, error) {
	var keys []sweep.Key
	n := uint64(0)
	err := c.config.Store.Walk(func(r results.Row) error {
		if n == limit {
			return errEnough
		}
		n++
		if err := errors.Join(ctx.Err(), c.halted()); err != nil {
			return err
		}
		p, err := sweep.DecodePoint(c.config.Trainers, r.Point)
		if err != nil {
			return nil
		}
		if _, ok := k.spans(p); ok && !slices.ContainsFunc(others, func(x *campaign) bool { _, ok := x.spans(p); return ok }) {
			keys = append(keys, r.Key)
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return keys, err
}
