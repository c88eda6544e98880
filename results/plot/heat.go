package plot

import (
	"cmp"
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Heat counts an event's successes over two parameters, all others together.
type Heat struct {
	Event, Row, Column string
	counts             map[[2]sweep.Value]heatCount
}

type heatCount struct{ successes, runs int }

// NewHeat counts event `fit`, say, with the values of row downwards and those of column across.
func NewHeat(event, row, column string) *Heat {
	return &Heat{Event: event, Row: row, Column: column, counts: map[[2]sweep.Value]heatCount{}}
}

// Add counts one result. A run whose event was not decided counts for nothing, but its place is shown.
func (h *Heat) Add(p sweep.Point, o sweep.Outcome) {
	at := [2]sweep.Value{p.Get(h.Row), p.Get(h.Column)}
	c := h.counts[at]
	if v := o.Scalars["event_"+h.Event]; v.Kind == sweep.Bool {
		c.runs++
		if v.True() {
			c.successes++
		}
	}
	h.counts[at] = c
}

// decided says whether any run counts.
func (h *Heat) decided() bool {
	for _, c := range h.counts {
		if c.runs > 0 {
			return true
		}
	}
	return false
}

// axis are the sorted values of the rows (0) or the columns (1).
func (h *Heat) axis(which int) []sweep.Value {
	var out []sweep.Value
	for at := range h.counts {
		out = append(out, at[which])
	}
	slices.SortFunc(out, func(a, b sweep.Value) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Int, b.Int), cmp.Compare(a.Float, b.Float), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(out)
}
