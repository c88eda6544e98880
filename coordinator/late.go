package coordinator

import (
	"slices"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// late counts, for each sweep that has the point, that something came under a lease of it that had ended: an agent was silent for longer
// than its lease, is back, and brings a result or goes on claiming the point. Such a result is kept like any other: it is the first, or has
// the bits of the first, or is a conflict.
func (c *Coordinator) late(p sweep.Point) {
	for _, k := range c.campaigns {
		if _, ok := k.contains(p); ok {
			k.late++
		}
	}
}

// tellLate puts what has been counted since the last time into the log, in one line a sweep.
func (c *Coordinator) tellLate() {
	for _, k := range c.campaigns {
		if k.late > k.lateTold {
			c.log.Info("results or agents came under leases that had ended; each point is kept once", "sweep", k.id, "came", k.late-k.lateTold, "in_all", k.late)
			k.lateTold = k.late
		}
	}
}

// lateClaims counts the points that an agent went on computing while they were given to another, or done by one.
func (c *Coordinator) lateClaims(agent string, claims []queue.Claim, kept []queue.Reattached) {
	for _, x := range claims {
		if x.Finished || slices.ContainsFunc(kept, func(r queue.Reattached) bool { return r.Old == x.Fence }) {
			continue // a finished one is counted when its result comes
		}
		if !c.queue.Elsewhere(agent, x.Key) && !c.config.Store.Has(x.Key) {
			continue // nobody wants it any more
		}
		if p, err := sweep.DecodePoint(c.config.Trainers, x.Point); err == nil {
			c.late(p)
		}
	}
	c.tellLate()
}

// sift finds the landings that are no late results, but came again because their acknowledgement was lost on the way. The committer calls it.
func (c *Coordinator) sift(b *batch) {
	for i, verdict := range b.verdicts {
		l := &b.landings[i]
		if verdict != results.Same || !l.late {
			continue
		}
		row, ok, err := c.config.Store.Get(l.key)
		p, q := row.Provenance, l.Provenance
		l.late = err != nil || !ok || p.Agent != q.Agent || !p.Started.Equal(q.Started)
	}
}
