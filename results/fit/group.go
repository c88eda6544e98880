package fit

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// A Group is what is shown of a cell in one place: a width, or beside a search neighbouring ones together, which have too few runs each.
type Group struct {
	Width           // the sum
	At      float64 // the geometric mean of its widths, weighed by their decided runs
	Members []Width // by m
}

// leastRuns are in each group beside a search: the Wilson interval of 16 successes of 16 is .81 to 1.
// A cell has no more than mostGroups.
const leastRuns, mostGroups = 16, 20

// group joins neighbouring widths, from the narrowest on, until each group has this many decided runs; what is left over goes to the last one.
func group(widths []Width, least uint64) (groups []Group) {
	runs := make([]uint64, len(widths))
	for i, w := range widths {
		runs[i] = w.Runs
	}
	for _, part := range Neighbours(runs, least) {
		groups = append(groups, together(widths[part[0]:part[1]]))
	}
	return groups
}

// Neighbours parts places with so many runs each into ranges [from, to), each as short as it can be with this many runs; what is left over
// goes to the last one.
func Neighbours(runs []uint64, least uint64) (parts [][2]int) {
	from, sum := 0, uint64(0)
	for i, count := range runs {
		if sum += count; sum >= least {
			parts, from, sum = append(parts, [2]int{from, i + 1}), i+1, 0
		}
	}
	switch last := len(parts) - 1; {
	case from == len(runs):
	case last < 0:
		parts = append(parts, [2]int{0, len(runs)})
	default:
		parts[last][1] = len(runs)
	}
	return parts
}

func together(widths []Width) Group {
	g := Group{Members: widths, At: float64(widths[0].M)}
	if len(widths) == 1 {
		g.Width = widths[0]
		return g
	}
	sum := 0.0
	for _, w := range widths {
		g.Runs, g.Successes, g.Censored = g.Runs+w.Runs, g.Successes+w.Successes, g.Censored+w.Censored
		sum += float64(w.Runs) * math.Log(float64(w.M))
	}
	if g.Runs > 0 {
		g.At = math.Exp(sum / float64(g.Runs))
	}
	g.M, g.Fitted = int64(math.Round(g.At)), math.NaN()
	g.Low, g.High = Wilson(g.Successes, g.Runs)
	return g
}

// name is the group's widths as text: 14, or 14–16.
func (g Group) name() string {
	first, last := g.Ends()
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d–%d", first, last)
}

// Ends are the group's narrowest and widest width.
func (g Group) Ends() (low, high int64) { return g.Members[0].M, g.Members[len(g.Members)-1].M }

// groupRows are the cells' groups, three rows for each so many of them: widths, shares, intervals.
func (l *Law) groupRows(across int) [][]string {
	rows := [][]string{l.cellHead()}
	for _, c := range l.Cells {
		names := l.cellNames(c)
		for chunk := range slices.Chunk(c.Groups, across) {
			none := make([]string, len(names))
			widths, shares, intervals := append(names, "m ="), append(none, "share"), append(slices.Clone(none), "")
			for _, g := range chunk {
				share, interval := g.share()
				widths, shares, intervals = append(widths, g.name()), append(shares, share), append(intervals, interval)
			}
			rows, names = append(rows, widths, shares, intervals), none
		}
	}
	most := 0
	for _, row := range rows {
		most = max(most, len(row))
	}
	for i := range rows {
		rows[i] = append(rows[i], make([]string, most-len(rows[i]))...)
	}
	return rows
}

// pool groups the cell's widths, as many runs together as tell something, and asks of the groups whether success falls.
func (c *Cell) pool() {
	all := uint64(0)
	for _, w := range c.Widths {
		all += w.Runs
	}
	c.Groups, c.Moved = group(c.Widths, max(leastRuns, (all+mostGroups-1)/mostGroups)), 0
	var success, runs []float64
	var at []int
	for i, g := range c.Groups {
		if g.Runs > 0 {
			success, runs, at = append(success, float64(g.Successes)), append(runs, float64(g.Runs)), append(at, i)
		}
	}
	fitted, fall := make([]float64, len(runs)), falls(success, runs)
	isotonic(success, runs, fitted)
	for j, i := range at {
		g := &c.Groups[i]
		g.Fitted = fitted[j]
		if fall {
			c.Moved = max(c.Moved, math.Abs(g.Fitted-g.Share()))
		}
	}
}

// byChance is how often, of cells whose success never falls, one may seem to.
const byChance = 0.01

// falls says whether a share is lower than one before it by more than chance: by the two-sample test of every pair, with Bonferroni's
// correction for their number.
func falls(success, runs []float64) bool {
	pairs := float64(len(runs)*(len(runs)-1)) / 2
	if pairs == 0 {
		return false
	}
	most := distuv.UnitNormal.Quantile(1 - byChance/pairs)
	for j := range runs {
		for i := range j {
			pooled := (success[i] + success[j]) / (runs[i] + runs[j])
			error := math.Sqrt(pooled * (1 - pooled) * (1/runs[i] + 1/runs[j]))
			if success[i]/runs[i]-success[j]/runs[j] > most*error && error > 0 {
				return true
			}
		}
	}
	return false
}
