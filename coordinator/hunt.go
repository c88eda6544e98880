package coordinator

import (
	"iter"
	"maps"
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/sweep/search"
)

// A hunt is the search of a campaign whose spec has one. Its space has every point that could be tried; the campaign's points are
// those that the search has chosen, cell by cell, batch after batch. What is chosen depends on the spec and on the outcomes alone,
// so nothing of it is stored: a restart asks the same questions again and finds the answers in the store (hunt_replay.go).
//
// The cells belong to one goroutine: who replays, and then the feeder (hunt_seek.go). It tells the loop what it chose, and the loop
// tells it what came of that.
type hunt struct {
	rule    *search.Rule
	grid    *sweep.Cells
	success string
	cells   []*huntCell // that where keeps, of the seeker
	usual   float64     // runs that a cell takes, as a guess

	// Of the loop.
	chosen map[uint64]struct{}  // indexes
	open   map[sweep.Key]uint64 // chosen ones without an outcome, that are not given up either; their indexes
	news   []news
	wake   chan struct{}       // of capacity 1: there is news
	given  map[uint64]struct{} // indexes of chosen points that were given up
	stale  bool                // an outcome came for one of them
	flops  float64             // of the runs that are expected
	sight                      // as the seeker told it last
}

// A sight is how far a hunt is.
type sight struct {
	runs   float64 // that are expected beyond those that are chosen
	beyond bool    // there are any: some cell has not ended
}

// A huntCell is where one cell stands.
type huntCell struct {
	number  uint64
	seeds   func() (index uint64, ok bool)
	tally   search.Tally
	finding search.Finding
	waiting int // runs of its batch that have not come back
	ended   bool
}

// A pick is a point that a cell has chosen: small, since there are many at once.
type pick struct {
	index uint64
	key   sweep.Key
}

// news is what came of a chosen point.
type news struct {
	index   uint64
	verdict sweep.Value // a bool; undefined: it does not say
}

func newHunt(spec *sweep.Spec) *hunt {
	h := &hunt{
		rule: search.New(*spec.Search), grid: spec.Cells(), success: spec.Success,
		chosen: map[uint64]struct{}{}, open: map[sweep.Key]uint64{}, given: map[uint64]struct{}{}, wake: make(chan struct{}, 1),
	}
	h.usual, h.beyond = h.rule.UsualRuns(), true
	return h
}

// advance chooses the cell's next batch, if the one before has come back whole.
func (h *hunt) advance(spec *sweep.Spec, c *huntCell) (picks []pick) {
	if c.waiting > 0 || c.ended {
		return nil
	}
	var digits []int
	c.finding, digits = h.rule.Next(&c.tally)
	for _, d := range digits {
		at, ok := c.seeds()
		if !ok {
			break
		}
		index := h.grid.At(at, d)
		point, ok := spec.Space.Point(index)
		if !ok {
			continue
		}
		picks = append(picks, pick{index, point.Key()})
	}
	c.waiting = len(picks)
	c.ended = len(picks) == 0
	return picks
}

// take tells a cell what came of one of its runs.
func (h *hunt) take(c *huntCell, digit int, verdict sweep.Value) {
	c.waiting--
	if verdict.Kind == sweep.Bool {
		c.tally.Add(digit, verdict.True())
	} else {
		c.tally.AddCensored()
	}
}

// look says how far the hunt is.
func (h *hunt) look() (s sight) {
	for _, c := range h.cells {
		if c.ended {
			continue
		}
		s.beyond = true
		runs := float64(c.tally.Runs)
		whole := h.usual
		if runs >= 64 {
			whole = runs * math.Pow(h.rule.Excess(c.finding), 2)
		}
		s.runs += max(min(whole, float64(h.grid.SeedCount))-runs-float64(c.waiting), 1)
	}
	return s
}

// verdict is what an outcome says about the event that is searched for.
func (h *hunt) verdict(o sweep.Outcome) sweep.Value { return o.Scalars["event_"+h.success] }

// tell notes what came of a point, if it was waited for. The loop calls it.
func (h *hunt) tell(q *queue.Queue, id string, key sweep.Key, verdict sweep.Value) bool {
	index, ok := h.open[key]
	if !ok {
		return false
	}
	delete(h.open, key)
	h.news = append(h.news, news{index, verdict})
	q.Reopen(id)
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return true
}

// givenUp notes that a point came to rest without an outcome.
func (k *campaign) givenUp(q *queue.Queue, id string, key sweep.Key, state sweep.State) {
	if k.hunt == nil || k.id != id || !rested(state) {
		return
	}
	if index, ok := k.hunt.open[key]; ok {
		k.hunt.given[index] = struct{}{}
		k.hunt.tell(q, id, key, sweep.Value{})
	}
}

// rested says whether a point in this state is given up, unless somebody retries it.
func rested(s sweep.State) bool {
	return s == sweep.Failed || s == sweep.Quarantined || s == sweep.Cancelled
}

// indexes are the points of a campaign in order, as they are now; nil: all of its space. The loop calls it.
func (k *campaign) indexes() []uint64 {
	if k.hunt == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(k.hunt.chosen))
}

// points are those of some indexes of a space.
func points(s *sweep.Space, indexes []uint64) iter.Seq2[uint64, sweep.Point] {
	return func(yield func(uint64, sweep.Point) bool) {
		for _, i := range indexes {
			var p sweep.Point
			if i < s.Size() {
				p, _ = s.Point(i)
			}
			if !yield(i, p) {
				return
			}
		}
	}
}

// countHunt takes what the hunt says into the number of the campaign's points.
func (k *campaign) countHunt() {
	k.points = uint64(len(k.hunt.chosen))
	k.exact = !k.hunt.beyond
	if !k.exact {
		k.points += max(1, uint64(k.hunt.runs))
	}
}

// chose says whether an index is among the campaign's points. Of one that searches, the loop asks, or whoever has the campaign alone.
func (k *campaign) chose(index uint64) bool {
	if k.hunt == nil {
		return true
	}
	_, ok := k.hunt.chosen[index]
	return ok
}
