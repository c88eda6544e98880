package coordinator

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// A batch is what goes to the disk together: all that came while the batch before was on its way.
type batch struct {
	landings []landing
	troubles []results.Trouble
	acks     []ack
	spent    []sweep.Key // their checkpoints are of no more use once all is stored
	after    []func()    // run by the loop once all is stored

	verdicts []results.Verdict // of the landings, once stored
	fresh    map[sweep.Key]int // landings that are the first of a key that was not stored before the batch
}

// An ack is owed to an agent.
type ack struct {
	session *session
	fence   uint64
	refused string
	size    int // bytes that the session may receive again
}

// A landing is an outcome on its way to the disk, with what is counted once it is there.
type landing struct {
	*arrival
	cost  sweep.Cost
	known bool // the cost is
	late  bool // it came under a lease that had ended
}

func (b *batch) empty() bool {
	return len(b.landings) == 0 && len(b.troubles) == 0 && len(b.acks) == 0 && len(b.after) == 0
}

func (b *batch) add(l landing) { b.landings = append(b.landings, l) }

// commit stores batches, one after the other, until there are no more. A batch that the store does not take is tried again, ever
// more slowly, until it does, or ctx ends: then nil lands, and nothing of the batch is acknowledged.
func (c *Coordinator) commit(ctx context.Context) {
	for b := range c.batches {
		if c.keep(ctx, b) {
			c.landed <- b
		} else {
			c.landed <- nil
		}
	}
}

const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 10 * time.Second
)

func (c *Coordinator) keep(ctx context.Context, b *batch) bool {
	wait, well := firstRetry, true
	for {
		err := c.store(b)
		if err == nil || planted.Bug == planted.CommitUnchecked {
			if !well {
				c.log.Info("the store takes results again")
				c.feel(ctx, nil)
			}
			return true
		}
		if well {
			c.log.Error("nothing can be stored; agents keep their results, and it is tried again and again", "error", err)
			c.feel(ctx, err)
			well = false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait/2 + rand.N(wait/2)):
		}
		wait = min(2*wait, lastRetry)
	}
}

// store writes a batch. Done again after a failure, it does no harm.
func (c *Coordinator) store(b *batch) error {
	if len(b.landings) > 0 && b.verdicts == nil { // else they were stored, and what came after them was not
		rows := make([]results.Row, len(b.landings))
		for i, l := range b.landings {
			rows[i] = results.Row{Key: l.key, Point: l.Point, Outcome: l.Outcome, Provenance: l.Provenance}
		}
		if b.fresh == nil {
			b.fresh = c.fresh(rows)
		}
		verdicts, err := c.config.Store.Put(rows)
		if err != nil {
			return err
		}
		b.verdicts = verdicts
		c.sift(b)
		for _, i := range b.fresh { // a disk may keep what it says it has not: then the attempt before added it, and nobody has counted it
			b.verdicts[i] = results.Added
		}
	}
	if len(b.troubles) > 0 && planted.Bug != planted.TroubleForgotten {
		if err := c.config.Store.SaveTroubles(b.troubles); err != nil {
			return err
		}
	}
	for _, l := range b.landings {
		b.spent = append(b.spent, l.key)
	}
	c.spend(b.spent)
	return nil
}

// feel tells how the store is. It does not wait for the loop, which may be waiting for the committer.
func (c *Coordinator) feel(ctx context.Context, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	_ = c.post(ctx, func() { c.trouble = text })
	c.config.Unwell(err)
}

// fresh finds the rows that are the first of a key that is not stored.
func (c *Coordinator) fresh(rows []results.Row) map[sweep.Key]int {
	fresh := make(map[sweep.Key]int, len(rows))
	for i, r := range rows {
		if _, twice := fresh[r.Key]; !twice && !c.config.Store.Has(r.Key) {
			fresh[r.Key] = i
		}
	}
	return fresh
}
