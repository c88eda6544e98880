package coordinator

import (
	"github.com/widthlaw/widthlaw/sweep"
)

// expectCells bounds the cells whose cost is worked out; of more, some are taken for all.
const expectCells = 64

// expect guesses the flops of what a search will still run: in each cell as many runs as a usual response takes, with the threshold
// anywhere between the bounds.
func (h *hunt) expect(spec *sweep.Spec, plan *sweep.Plan) (flops float64) {
	open := h.cells[:0:0]
	for _, c := range h.cells {
		if !c.ended {
			open = append(open, c)
		}
	}
	if len(open) == 0 {
		return 0
	}
	usual, looked := h.rule.Usual(), 0
	for i := 0; i < len(open); i += max(1, len(open)/expectCells) {
		at, ok := h.grid.Seeds(open[i].number)()
		if !ok {
			continue
		}
		looked++
		for digit, runs := range usual.ByDigit {
			if runs == 0 {
				continue
			}
			if point, ok := spec.Space.Point(h.grid.At(at, digit)); ok {
				flops += runs * plan.Cost(point).Flops
			}
		}
	}
	if looked == 0 {
		return 0
	}
	return flops / float64(looked) / usual.Runs * h.look().runs
}
