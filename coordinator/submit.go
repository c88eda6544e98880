package coordinator

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// submit takes a sweep in: a new one; the new revision of one, of which only what is new is computed; or one that is there
// already, which goes on if it was paused or cancelled.
func (c *Coordinator) submit(ctx context.Context, s submission) (sweep.Status, error) {
	c.control.Lock()
	defer c.control.Unlock()
	spec, err := c.parse(s)
	if err != nil {
		return sweep.Status{}, err
	}
	var old *campaign
	var record results.SweepRecord
	err = c.ask(ctx, func() {
		if i := slices.IndexFunc(c.campaigns, func(k *campaign) bool { return k.record.Name == spec.Name }); i >= 0 {
			old = c.campaigns[i]
			record = old.record
		}
	})
	switch {
	case err != nil:
		return sweep.Status{}, err
	case old == nil:
		record = results.SweepRecord{ID: c.newID(spec.Name), Name: spec.Name, Submitted: time.Now().UTC()}
	case bytes.Equal(record.Spec, s.text) && maps.Equal(record.Files, s.files):
		return c.revive(ctx, old)
	}
	record.Revision++
	record.Spec, record.Filename, record.Files, record.Priority = s.text, s.filename, s.files, spec.Priority
	record.Paused, record.Stopped = false, false
	return c.admit(ctx, newCampaign(record, spec), old)
}

// newID is the id of a new sweep; the one before if it was submitted before and the disk said that it did not take it: it may have.
// c.control is held.
func (c *Coordinator) newID(name string) string {
	if c.unsure[name] == "" {
		id := make([]byte, 4)
		rand.Read(id)
		c.unsure[name] = hex.EncodeToString(id)
	}
	return c.unsure[name]
}

// admit counts what is stored of a campaign, makes it durable and lets it run, in place of its old revision if there is one. What is
// stored while it counts, the loop counts.
func (c *Coordinator) admit(ctx context.Context, k, old *campaign) (sweep.Status, error) {
	ctx = context.WithoutCancel(ctx) // from here on it is done as a whole
	shadow := newCampaign(k.record, k.spec)
	var limit uint64
	if err := c.ask(ctx, func() { limit, c.counting = c.stored, k }); err != nil {
		return sweep.Status{}, err
	}
	_, err := c.count(limit, []*campaign{shadow})
	if err == nil && k.hunt != nil {
		err = c.prepare(ctx, shadow, old)
	}
	if err == nil {
		err = c.config.Store.SaveSweep(k.record)
	}
	if err != nil {
		return sweep.Status{}, errors.Join(err, c.ask(ctx, func() { c.counting = nil }))
	}
	var status sweep.Status
	delete(c.unsure, k.record.Name)
	err = c.ask(ctx, func() {
		c.counting = nil
		k.merge(shadow)
		c.replace(old, k)
		status = c.status(k, time.Now())
	})
	return status, err
}

// merge adds what another count found to a tally.
func (k *campaign) merge(other *campaign) {
	k.digest.Join(other.digest)
	k.successes += other.successes
	if other.hunt != nil {
		k.hunt, k.frontier = other.hunt, other.frontier
		k.countHunt()
	}
	k.points = max(k.points, k.digest.Count)
}

// replace puts a campaign where its old revision was, or at the end.
func (c *Coordinator) replace(old, k *campaign) {
	i := slices.Index(c.campaigns, old)
	if i < 0 {
		c.log.Info("sweep submitted", "sweep", k.id, "name", k.spec.Name, "points", k.points, "done", k.digest.Count)
		c.campaigns = append(c.campaigns, k)
	} else {
		c.log.Info("sweep revised", "sweep", k.id, "name", k.spec.Name, "revision", k.record.Revision,
			"points", k.points, "done", k.digest.Count)
		old.dismiss()
		k.conflicts, k.late, k.lateTold = old.conflicts, old.late, old.lateTold
		c.campaigns[i] = k
	}
	c.enlist(k, nil, nil)
	k.settle(c)
}

// revive lets a sweep that was paused or cancelled go on.
func (c *Coordinator) revive(ctx context.Context, k *campaign) (sweep.Status, error) {
	record := k.record
	var status sweep.Status
	if record.Stopped && k.hunt != nil {
		record.Paused, record.Stopped = false, false
		return c.admit(ctx, newCampaign(record, k.spec), k)
	}
	if record.Paused || record.Stopped {
		record.Paused, record.Stopped = false, false
		if err := c.config.Store.SaveSweep(record); err != nil {
			return status, err
		}
	}
	err := c.ask(ctx, func() {
		stopped := k.record.Stopped
		k.record = record
		c.queue.Pause(record.ID, false)
		if stopped {
			c.log.Info("sweep goes on", "sweep", record.ID)
			k.forecast = forecast{}
			c.enlist(k, nil, nil)
		}
		k.settle(c)
		status = c.status(k, time.Now())
	})
	return status, err
}

// A prospect is what a submission would do.
type prospect struct {
	points, done, todo uint64
	exact, learned     bool
	coreSeconds        float64
	memory             int64
}

// foresee says what a submission would do. Nothing is kept.
func (c *Coordinator) foresee(ctx context.Context, s submission) (prospect, error) {
	spec, err := c.parse(s)
	if err != nil {
		return prospect{}, err
	}
	k := newCampaign(results.SweepRecord{}, spec)
	plan := sweep.NewPlan(spec)
	pace := speed{}
	if k.hunt != nil {
		if err := c.prepare(ctx, k, nil); err != nil {
			return prospect{}, err
		}
	}
	known := 0.0 // flops of the points that are done
	err = c.config.Store.Walk(func(r results.Row) error {
		p, err := sweep.DecodePoint(c.config.Trainers, r.Point)
		if err != nil || p.Trainer != spec.Trainer {
			return ctx.Err()
		}
		if _, ok := k.contains(p); ok {
			cost := plan.Cost(p)
			if k.hunt == nil {
				k.digest.Count++
			}
			known += cost.Flops
			pace.learn(cost, r.Provenance)
		}
		return ctx.Err()
	})
	if err != nil {
		return prospect{}, err
	}
	x := prospect{points: max(k.points, k.digest.Count), done: k.digest.Count, exact: k.exact}
	x.todo = x.points - x.done
	if err := c.ask(ctx, func() {
		if s := c.speeds[spec.Trainer.Name]; pace.samples == 0 && s != nil {
			pace = *s
		}
	}); err != nil {
		return prospect{}, err
	}
	x.learned = pace.samples > 0
	whole, memory := plan.Total()
	x.memory = memory
	if k.hunt != nil {
		x.coreSeconds = k.hunt.expect(spec, plan) * pace.perFlop()
	} else if x.todo > 0 {
		x.coreSeconds = max(whole-known, 0) * pace.perFlop()
	}
	if m := spec.Resources.Memory; m > 0 {
		x.memory = m
	}
	return x, nil
}

var errNoSweep = errors.New("no such sweep")

// find is the sweep of a name, an id, "last", or "" where there is only one. The loop calls it.
func (c *Coordinator) find(name string) (*campaign, error) {
	if len(c.campaigns) == 0 {
		return nil, fmt.Errorf("%w: there is none yet; submit one", errNoSweep)
	}
	switch name {
	case "":
		if len(c.campaigns) > 1 {
			return nil, fmt.Errorf("%w: there are %d; name one of them, or last", errNoSweep, len(c.campaigns))
		}
		return c.campaigns[0], nil
	case "last":
		return slices.MaxFunc(c.campaigns, func(a, b *campaign) int { return a.record.Submitted.Compare(b.record.Submitted) }), nil
	}
	for _, k := range c.campaigns {
		if k.id == name || k.record.Name == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("%w: %q; `widthlaw list` has their names", errNoSweep, name)
}

// look has the loop find a sweep and do something with it.
func (c *Coordinator) look(ctx context.Context, name string, fn func(*campaign)) error {
	var missing error
	err := c.ask(ctx, func() {
		k, err := c.find(name)
		if err != nil {
			missing = err
			return
		}
		fn(k)
	})
	return errors.Join(err, missing)
}
