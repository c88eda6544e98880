package coordinator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/widthlaw/widthlaw/coordinator/checkpoints"
	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/disk"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// errUnwanted means that nobody waits for a point, or for a checkpoint of it.
var errUnwanted = errors.New("nobody wants a checkpoint of this point")

// openCheckpoints finds the checkpoints that an earlier coordinator has kept. Without a state directory they end with this one.
func (c *Coordinator) openCheckpoints() error {
	dir := c.config.State
	if dir == "" {
		dir = c.scratch
	}
	folder, err := checkpoints.Open(filepath.Join(dir, "checkpoints"), func(name string, err error) {
		c.log.Error("a checkpoint is damaged; it is removed, and its point starts anew", "file", name, "error", err)
	})
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	c.checkpoints = folder
	return nil
}

// recallCheckpoints tells the queue what is kept, and removes what is of no more use: checkpoints of points that are done, that are of
// another version of their trainer, or, where all sweeps are known, of none of them.
func (c *Coordinator) recallCheckpoints(all bool) error {
	kept, err := c.checkpoints.All()
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	for _, k := range kept {
		key := sweep.KeyOf(k.Point)
		p, err := sweep.DecodePoint(c.config.Trainers, k.Point)
		stale := err != nil || c.config.Store.Has(key) || all && !c.anyone(p)
		if !stale {
			c.queue.Saved(key, k.Point, k.Step)
			continue
		}
		c.log.Info("a checkpoint is of no more use; it is removed", "key", key.String(), "step", k.Step)
		if err := c.checkpoints.Remove(key); err != nil {
			c.log.Warn("a checkpoint cannot be removed", "error", err)
		}
	}
	return nil
}

// anyone says whether a point is in any sweep. The loop calls it, or New.
func (c *Coordinator) anyone(p sweep.Point) bool {
	return slices.ContainsFunc(c.campaigns, func(k *campaign) bool { _, ok := k.contains(p); return ok })
}

// keepCheckpoint takes a checkpoint that an agent sends, and returns when it is durable and the queue knows it. Whoever sends it, it
// is as good as any other of its step.
func (c *Coordinator) keepCheckpoint(ctx context.Context, point []byte, step, bytes int64, from io.Reader) error {
	p, err := sweep.DecodePoint(c.config.Trainers, point)
	if err != nil {
		return err
	}
	key, wanted := sweep.KeyOf(point), false
	if err := c.ask(ctx, func() { wanted = c.anyone(p) }); err != nil {
		return err
	}
	if !wanted || c.config.Store.Has(key) {
		return errUnwanted
	}
	kept, err := c.checkpoints.Put(key, step, bytes, from)
	switch {
	case errors.Is(err, checkpoints.ErrStale):
		return nil
	case errors.Is(err, disk.ErrFull):
		c.log.Warn("a checkpoint cannot be kept; the one before it stays, and the point goes on", "key", key.String(), "step", step, "error", err)
		return err
	case err != nil:
		c.notices.warn("a checkpoint was refused", "key", key.String(), "step", step, "error", err)
		return err
	case c.config.Store.Has(key): // done meanwhile
		return c.checkpoints.Remove(key)
	}
	return c.ask(ctx, func() { c.queue.Saved(key, kept.Point, kept.Step) })
}

// openCheckpoint gives a checkpoint to an agent, unless it is damaged, or is of the step that the agent's trainer could not use.
func (c *Coordinator) openCheckpoint(ctx context.Context, key sweep.Key, useless int64) (io.ReadCloser, error) {
	if useless > 0 {
		err := checkpoints.ErrNone
		if c.checkpoints.Step(key) == useless {
			c.log.Warn("an agent's trainer cannot use a checkpoint; it is removed, and its point starts anew", "key", key.String(), "step", useless)
			err = errors.Join(err, c.checkpoints.Remove(key), c.ask(ctx, func() { c.queue.Unsaved(key) }))
		}
		return nil, err
	}
	r, err := c.checkpoints.Get(key)
	if errors.Is(err, sweep.ErrCheckpoint) {
		c.log.Error("a checkpoint is damaged; it is removed, and its point starts anew", "key", key.String(), "error", err)
		err = errors.Join(err, c.ask(ctx, func() { c.queue.Unsaved(key) }))
	}
	return r, err
}

// spend removes the checkpoints of points that need them no more. What stays behind is removed at the next start.
func (c *Coordinator) spend(keys []sweep.Key) {
	if planted.Bug == planted.CheckpointKept {
		return
	}
	if err := c.checkpoints.Remove(keys...); err != nil {
		c.log.Warn("a checkpoint cannot be removed", "error", err)
	}
}

// spendOrphans removes the checkpoints of points that are in no sweep any more.
func (c *Coordinator) spendOrphans(ctx context.Context) {
	kept, err := c.checkpoints.All()
	if err != nil {
		c.log.Warn("checkpoints cannot be listed; what is of no more use is removed at the next start", "error", err)
		return
	}
	var orphans []sweep.Key
	err = c.ask(ctx, func() {
		for _, k := range kept {
			if p, err := sweep.DecodePoint(c.config.Trainers, k.Point); err == nil && !c.anyone(p) {
				orphans = append(orphans, sweep.KeyOf(k.Point))
				c.queue.Unsaved(sweep.KeyOf(k.Point))
			}
		}
	})
	if err == nil {
		c.spend(orphans)
	}
}

// begun are the points of a campaign that have a checkpoint, with their costs: they are fed before what the cursor brings.
func (c *Coordinator) begun(k *campaign, plan *sweep.Plan) []queue.Item {
	kept, err := c.checkpoints.All()
	if err != nil {
		c.log.Warn("checkpoints cannot be listed; their points come when it is their turn", "error", err)
	}
	var items []queue.Item
	for _, x := range kept {
		p, err := sweep.DecodePoint(c.config.Trainers, x.Point)
		if err != nil {
			continue
		}
		if index, ok := k.contains(p); ok {
			items = append(items, queue.Item{Index: index, Key: sweep.KeyOf(x.Point), Point: x.Point, Cost: plan.Cost(p)})
		}
	}
	return items
}
