package coordinator

import (
	"context"
	"maps"
	"slices"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/sweep/search"
)

// seek is the feeder of a campaign with a hunt: it chooses batches as results come back, and gives them to the queue.
func (c *Coordinator) seek(k *campaign, f *feeder) {
	s := seeker{c: c, k: k, f: f, plan: sweep.NewPlan(k.spec), cells: make([]*huntCell, k.hunt.grid.Count)}
	for _, cell := range k.hunt.cells {
		s.cells[cell.number] = cell
	}
	picks := k.frontier // they are known to the loop
	k.frontier = nil
	if !s.catchUp() {
		return
	}
	for s.give(picks) {
		select {
		case <-k.hunt.wake:
		case <-f.quit:
			return
		case <-c.stopped:
			return
		}
		var list []news
		if c.ask(context.Background(), func() { list, k.hunt.news = k.hunt.news, nil }) != nil {
			return
		}
		if picks = s.choose(list); !s.announce(picks) {
			return
		}
	}
}

// A seeker is a feeder that searches.
type seeker struct {
	c     *Coordinator
	k     *campaign
	f     *feeder
	plan  *sweep.Plan
	cells []*huntCell // by number
	runs  float64     // that were given
	flops float64     // of them
}

// catchUp finds what has come of points between the replay, which saw them as they were then, and the moment from which on the loop has told
// this hunt.
func (s *seeker) catchUp() bool {
	h, id := s.k.hunt, s.k.id
	var rest map[sweep.Key]sweep.State
	var given []uint64
	err := s.c.ask(context.Background(), func() {
		if s.k.feeder != s.f {
			return
		}
		rest, given = s.c.queue.Resting(id), slices.Collect(maps.Keys(h.given))
		for _, key := range slices.SortedFunc(maps.Keys(rest), func(a, b sweep.Key) int { return slices.Compare(a[:], b[:]) }) {
			s.k.givenUp(s.c.queue, id, key, rest[key])
		}
	})
	stale := slices.ContainsFunc(given, func(index uint64) bool {
		item, _ := s.k.item(index)
		_, ok := rest[item.Key]
		return !ok // it is done after all, or tried again
	})
	if err != nil || !stale {
		return err == nil
	}
	return s.c.ask(context.Background(), func() {
		h.stale = true
		s.c.reconsider(s.k)
	}) == nil
}

// choose takes news to its cells, and has those choose on whose batches are back.
func (s *seeker) choose(list []news) (picks []pick) {
	touched := map[uint64]bool{}
	for _, n := range list {
		number, digit := s.k.hunt.grid.Of(n.index)
		s.k.hunt.take(s.cells[number], int(digit), n.verdict)
		touched[number] = true
	}
	for _, n := range list { // in the order of the news, which decides what is handed out first
		if number, _ := s.k.hunt.grid.Of(n.index); touched[number] {
			touched[number] = false
			picks = append(picks, s.k.hunt.advance(s.k.spec, s.cells[number])...)
			s.sayEnd(s.cells[number], n.index)
		}
	}
	return picks
}

// sayEnd logs what a cell has come to, once it has.
func (s *seeker) sayEnd(c *huntCell, index uint64) {
	if !c.ended {
		return
	}
	why := c.finding.End.String()
	if c.finding.End == search.Open {
		why = "the seeds are used up"
	}
	s.c.log.Info("the search of a cell has ended", "sweep", s.k.id, "cell_of_index", index, "why", why,
		"needed", c.finding.M, "low", c.finding.Low, "high", c.finding.High, "runs", c.tally.Runs, "censored", c.tally.Censored)
}

// announce makes picks known to the loop, before the store is asked about them: what is stored from then on, the loop counts.
func (s *seeker) announce(picks []pick) bool {
	h, sight := s.k.hunt, s.k.hunt.look()
	return s.c.ask(context.Background(), func() {
		for _, p := range picks {
			h.open[p.key] = p.index
			h.chosen[p.index] = struct{}{}
		}
		h.sight = sight
		if s.k.feeder == s.f {
			s.k.countHunt()
		}
	}) == nil
}

// give takes picks to the queue, so many at a time that the loop is not held up.
func (s *seeker) give(picks []pick) bool {
	for ; len(picks) > ahead; picks = picks[ahead:] {
		if !s.hand(picks[:ahead], false) {
			return false
		}
	}
	return s.hand(picks, true)
}

// hand takes picks to the queue; those that are stored already are counted. last says that no others wait to be handed.
func (s *seeker) hand(picks []pick, last bool) bool {
	type found struct {
		key     sweep.Key
		digest  [32]byte
		outcome sweep.Outcome
	}
	var there []found
	var p portion
	for _, x := range picks {
		outcome, digest, ok, err := s.c.storedOutcome(x.key)
		if err != nil {
			s.c.log.Error("an outcome cannot be read, so that its search waits for it; run: widthlaw check", "key", x.key.String(), "error", err)
		}
		if ok {
			there = append(there, found{x.key, digest, outcome})
			continue
		}
		point, _ := s.k.spec.Space.Point(x.index)
		cost := s.plan.Cost(point)
		s.runs, s.flops = s.runs+1, s.flops+cost.Flops
		p.flops += cost.Flops
		p.passed++
		p.items = append(p.items, queue.Item{Index: x.index, Key: x.key, Point: point.Encode(nil), Cost: cost})
	}
	perRun := s.flops / max(s.runs, 1)
	return s.c.post(context.Background(), func() {
		k := s.k
		if k.feeder != s.f {
			return
		}
		k.forecast.take(p, 0)
		k.hunt.flops = k.hunt.runs * perRun
		for _, x := range there {
			if k.hunt.tell(s.c.queue, k.id, x.key, k.hunt.verdict(x.outcome)) {
				k.add(k.spec.Success, x.digest, x.outcome)
			}
		}
		s.c.queue.Feed(k.id, s.c.unstored(p.items), last && len(k.hunt.news) == 0)
	}) == nil
}
