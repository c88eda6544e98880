package coordinator

import (
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A campaign is a revision of a sweep inside the coordinator: what is known of all its points together. Points themselves are in
// the space, by index, and in the queue while something happens to them. The loop owns it; id and spec never change.
type campaign struct {
	id     string
	spec   *sweep.Spec
	record results.SweepRecord

	points uint64
	exact  bool // points is counted
	tally
	conflicts uint64
	late      uint64 // see late.go
	lateTold  uint64 // of late, that the log knows of

	hunt     *hunt   // nil: the spec has no search
	frontier []pick  // of the hunt: what it waits for when its feeder starts
	feeder   *feeder // nil while nothing is to be fed
	forecast forecast
	rate     rate
	rested   chan struct{} // closed while nothing is left to do
	resting  bool
}

// A tally counts the points of a sweep that have an outcome.
type tally struct {
	digest    sweep.Digest // its Count is the number of them
	successes uint64
}

func newCampaign(r results.SweepRecord, spec *sweep.Spec) *campaign {
	k := &campaign{id: r.ID, record: r, spec: spec, rested: make(chan struct{})}
	k.points, k.exact = spec.Space.Count()
	if spec.Search != nil {
		k.hunt = newHunt(spec)
		k.countHunt()
	}
	return k
}

// add counts an outcome of a point of the sweep.
func (t *tally) add(success string, digest [32]byte, outcome sweep.Outcome) {
	t.digest.Add(digest)
	if success != "" && outcome.Scalars["event_"+success].True() {
		t.successes++
	}
}

// contains says whether a point is the sweep's. Of one that searches, the loop asks, or whoever has the campaign alone.
func (k *campaign) contains(p sweep.Point) (index uint64, ok bool) {
	index, ok = k.spans(p)
	return index, ok && k.chose(index)
}

// spans says whether a point is in the sweep's space: it is the sweep's, or a search could choose it.
func (k *campaign) spans(p sweep.Point) (index uint64, ok bool) {
	if p.Trainer != k.spec.Trainer {
		return 0, false
	}
	return k.spec.Space.Find(p)
}

// complete says whether every point has an outcome.
func (k *campaign) complete() bool { return k.exact && k.digest.Count >= k.points }

// gain counts an outcome that was added to the store, if its point is the sweep's.
func (k *campaign) gain(q *queue.Queue, l *landing, now time.Time) {
	switch {
	case k.complete():
		return
	case k.hunt != nil:
		if !k.hunt.tell(q, k.id, l.key, k.hunt.verdict(l.outcome)) {
			if index, ok := k.contains(l.point); ok {
				_, k.hunt.stale = k.hunt.given[index] // what was chosen since rests on its having been given up
			}
			return
		}
	default:
		if _, ok := k.contains(l.point); !ok {
			return
		}
	}
	k.add(k.spec.Success, l.digest, l.outcome)
	k.points = max(k.points, k.digest.Count)
	k.rate.add(now)
	if l.known {
		k.forecast.done(l.cost)
	}
}

func (k *campaign) conflict(p sweep.Point) {
	if _, ok := k.contains(p); ok {
		k.conflicts++
	}
}

// status says where the sweep stands.
func (c *Coordinator) status(k *campaign, now time.Time) sweep.Status {
	n := c.queue.Counts(k.id)
	s := sweep.Status{
		ID: k.id, Name: k.spec.Name, Trainer: k.spec.Trainer.Name, Revision: k.record.Revision, Spec: k.record.Spec,
		Filename: k.record.Filename, Files: k.record.Files, Submitted: k.record.Submitted,
		Points: k.points, Exact: k.exact, Done: k.digest.Count, Failed: n.Failed, Running: n.Running, Quarantined: n.Quarantined,
		Preempted: c.queue.Preempted(k.id), Cancelled: n.Cancelled, Conflicts: k.conflicts, Late: k.late, Success: k.spec.Success, Successes: k.successes,
		Paused: k.record.Paused, Stopped: k.record.Stopped, Resting: k.resting, Trouble: c.trouble, Agents: len(c.sessions),
		DonePerSecond: k.rate.perSecond(now), ETA: -1,
	}
	ended := s.Done + s.Failed + s.Running + s.Preempted + s.Quarantined + s.Cancelled
	s.Points = max(s.Points, ended)
	s.Pending = s.Points - ended
	if s.Stopped {
		s.Cancelled, s.Pending = s.Cancelled+s.Pending, 0
	}
	if s.Pending+s.Running+s.Preempted == 0 {
		s.ETA = 0
	} else if !s.Paused {
		s.ETA = c.eta(k, s)
	}
	return s
}

// settle notices that a sweep has come to rest, or that it has left its rest.
func (k *campaign) settle(c *Coordinator) {
	resting := c.queue.Counts(k.id).Idle
	switch {
	case resting && !k.resting:
		close(k.rested)
		if k.feeder != nil {
			n := c.queue.Counts(k.id)
			c.log.Info("the sweep rests", "sweep", k.id, "done", k.digest.Count, "points", k.points,
				"failed", n.Failed, "quarantined", n.Quarantined, "cancelled", n.Cancelled)
		}
	case !resting && k.resting:
		k.rested = make(chan struct{})
	}
	k.resting = resting
}

// enlist brings a campaign's sweep into the queue, or its new revision in place of the old one.
func (c *Coordinator) enlist(k *campaign, troubles []queue.Trouble, items map[sweep.Key]queue.Item) {
	r := k.spec.Resources
	c.queue.Add(queue.Sweep{
		ID: k.id, Name: k.spec.Name, Trainer: k.spec.Trainer.Name, Version: k.spec.Trainer.Version,
		Priority: k.record.Priority, Retries: k.spec.Retries, QuarantineAfter: k.spec.QuarantineAfter,
		Threads: r.Threads, Memory: r.Memory, Limit: r.Time, Paused: k.record.Paused,
		Troubles: troubles, Items: items,
	}, func(_ sweep.Key, point []byte) (uint64, bool) {
		p, err := sweep.DecodePoint(c.config.Trainers, point)
		if err != nil {
			return 0, false
		}
		return k.contains(p)
	})
	if s := c.speeds[k.spec.Trainer.Name]; s != nil {
		c.queue.SetSpeed(k.id, s.perFlop())
	}
	switch {
	case k.record.Stopped:
		c.queue.Stop(k.id)
	case k.complete():
		c.queue.Feed(k.id, nil, true)
	default:
		k.feeder = c.newFeeder(k)
	}
}

// dismiss ends the feeding of a campaign.
func (k *campaign) dismiss() {
	if k.feeder != nil {
		close(k.feeder.quit)
		k.feeder = nil
	}
}
