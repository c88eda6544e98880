package plot

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/widthlaw/widthlaw/sweep"
)

const (
	mostCells = 4   // that Trajectories keeps
	mostRuns  = 64  // of a cell and width
	mostSteps = 160 // that a line is drawn through
)

// Trajectories keep recorded curves for drawing, in memory that does not grow with the sweep: of the cells (every parameter
// but m and the seeds) with the largest n, of the lowest seeds at each width. What is kept does not depend on the order in
// which results come.
type Trajectories struct {
	curves []string
	cells  map[string]*trajectoryCell
}

type trajectoryCell struct {
	key    string
	point  sweep.Point
	widths map[int64][]trajectory // by seed, then data_seed
}

type trajectory struct {
	seed, dataSeed int64
	step           []int64
	values         [][]float64 // of each kept curve; nil: not recorded
}

// NewTrajectories keeps the named curves.
func NewTrajectories(curves ...string) *Trajectories {
	return &Trajectories{curves: curves, cells: map[string]*trajectoryCell{}}
}

// Add keeps one result's curves, or not.
func (t *Trajectories) Add(p sweep.Point, o sweep.Outcome) {
	c := t.cell(p)
	if c == nil || len(o.Curves.Step) == 0 {
		return
	}
	r := trajectory{seed: p.Int("seed"), dataSeed: p.Int("data_seed"), step: o.Curves.Step}
	for _, name := range t.curves {
		r.values = append(r.values, o.Curves.Values[name])
	}
	runs := c.widths[p.Int("m")]
	at, _ := slices.BinarySearchFunc(runs, r, func(a, b trajectory) int {
		return cmp.Or(cmp.Compare(a.seed, b.seed), cmp.Compare(a.dataSeed, b.dataSeed))
	})
	if at >= mostRuns {
		return
	}
	runs = slices.Insert(runs, at, r)
	c.widths[p.Int("m")] = runs[:min(len(runs), mostRuns)]
}

// cell is the point's, nil where others come first and there are enough of them.
func (t *Trajectories) cell(p sweep.Point) *trajectoryCell {
	var key strings.Builder
	for i, v := range p.Values {
		switch p.Trainer.Params[i].Name {
		case "m", "seed", "data_seed":
			continue
		}
		fmt.Fprintf(&key, "%d%s\x00", v.Kind, v)
	}
	if c := t.cells[key.String()]; c != nil {
		return c
	}
	c := &trajectoryCell{key: key.String(), point: p, widths: map[int64][]trajectory{}}
	t.cells[c.key] = c
	if all := t.sorted(); len(all) > mostCells {
		last := all[mostCells]
		delete(t.cells, last.key)
		if last == c {
			return nil
		}
	}
	return c
}

// sorted has the largest n first.
func (t *Trajectories) sorted() []*trajectoryCell {
	return slices.SortedFunc(maps.Values(t.cells), func(a, b *trajectoryCell) int {
		return cmp.Or(-cmp.Compare(a.point.Int("n"), b.point.Int("n")), cmp.Compare(a.key, b.key))
	})
}

// A CurveSet is one recorded curve of one cell, a line for each width.
type CurveSet struct {
	Curve, Unit string
	N, D        int64
	Apart       string      // what else tells the cell from the others that were kept: ", angle = 0.5"
	Lines       []CurveLine // by width
	LogSteps    bool        // steps were recorded logarithmically

	cell string
}

// A CurveLine is the median over seeds, with the tenth and ninetieth percentile. A run that ended keeps its last value.
type CurveLine struct {
	M, To             int64 // the narrowest width and the widest; the same but where there are many widths
	Runs              int
	Step              []float64
	Low, Median, High []float64
}

// Sets are the kept curves: all of the first cell, then of the next.
func (t *Trajectories) Sets() []CurveSet {
	var out []CurveSet
	cells := t.sorted()
	for _, c := range cells {
		for j, name := range t.curves {
			s := CurveSet{Curve: name, N: c.point.Int("n"), D: c.point.Int("d"), Apart: apart(c, cells), LogSteps: c.point.Record.At.Kind == sweep.Log, cell: c.key}
			if row := c.point.Trainer.Curve(name); row != nil {
				s.Unit = row.Unit
			}
			s.Lines = c.lines(j)
			if len(s.Lines) > 0 {
				out = append(out, s)
			}
		}
	}
	return out
}

// mostLines is how many widths are drawn one by one; where there are more, neighbouring ones are together, as many lines as there are
// colours to tell apart.
const mostLines = 20

// lines are those of a curve, by width.
func (c *trajectoryCell) lines(curve int) (lines []CurveLine) {
	widths := slices.Sorted(maps.Keys(c.widths))
	counts := make([]uint64, len(widths))
	for i, m := range widths {
		counts[i] = uint64(len(c.widths[m]))
	}
	most := len(widths)
	if most > mostLines {
		most = len(lineColors)
	}
	for _, part := range portions(counts, most) {
		var runs []trajectory
		for _, m := range widths[part[0]:part[1]] {
			runs = append(runs, c.widths[m]...)
		}
		if line := summarise(runs, curve); len(line.Step) > 0 {
			line.M, line.To = widths[part[0]], widths[part[1]-1]
			lines = append(lines, line)
		}
	}
	return lines
}

// name is its widths: 14, or 14–16.
func (l CurveLine) name() string {
	if l.To <= l.M {
		return fmt.Sprint(l.M)
	}
	return fmt.Sprintf("%d–%d", l.M, l.To)
}

// apart names the parameters that tell a cell from others of its n and d.
func apart(c *trajectoryCell, cells []*trajectoryCell) string {
	text := ""
	for i, param := range c.point.Trainer.Params {
		switch param.Name {
		case "n", "d", "m", "seed", "data_seed":
			continue
		}
		v := c.point.Values[i]
		differs := func(other *trajectoryCell) bool {
			return other.point.Values[i] != v && other.point.Int("n") == c.point.Int("n") && other.point.Int("d") == c.point.Int("d")
		}
		if slices.ContainsFunc(cells, differs) {
			text += fmt.Sprintf(", %s = %s", param.Name, v)
			if v.Kind == sweep.Relative {
				text += "/" + param.Relative
			}
		}
	}
	return text
}

// summarise draws the runs of a width together, at steps that some of them recorded.
func summarise(runs []trajectory, curve int) CurveLine {
	var recorded []trajectory
	var steps []int64
	for _, r := range runs {
		if r.values[curve] != nil {
			recorded, steps = append(recorded, r), append(steps, r.step...)
		}
	}
	line := CurveLine{Runs: len(recorded)}
	slices.Sort(steps)
	values := make([]float64, 0, len(recorded))
	for _, step := range thin(slices.Compact(steps)) {
		values = values[:0]
		for _, r := range recorded {
			if x := at(r.step, r.values[curve], step); !math.IsNaN(x) {
				values = append(values, x)
			}
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		line.Step = append(line.Step, float64(step))
		line.Low, line.High = append(line.Low, quantile(values, 0.1)), append(line.High, quantile(values, 0.9))
		line.Median = append(line.Median, quantile(values, 0.5))
	}
	return line
}

// thin keeps about mostSteps steps, evenly in log(1 + step), the first and the last among them.
func thin(steps []int64) []int64 {
	if len(steps) <= mostSteps {
		return steps
	}
	out, last := steps[:0:0], math.Inf(-1)
	apart := math.Log1p(float64(steps[len(steps)-1])) / mostSteps
	for i, s := range steps {
		if x := math.Log1p(float64(s)); x-last >= apart || i == len(steps)-1 {
			out, last = append(out, s), x
		}
	}
	return out
}

// at is a run's value at a step: linear in log(1 + step) between recorded ones, and logarithmic in the value where both are
// positive; the last one afterwards.
func at(steps []int64, values []float64, step int64) float64 {
	i, exact := slices.BinarySearch(steps, step)
	switch {
	case exact:
		return values[i]
	case i == len(steps):
		return values[i-1]
	case i == 0:
		return math.NaN()
	}
	a, b := math.Log1p(float64(steps[i-1])), math.Log1p(float64(steps[i]))
	share := (math.Log1p(float64(step)) - a) / (b - a)
	x, y := values[i-1], values[i]
	if x > 0 && y > 0 {
		return math.Exp((1-share)*math.Log(x) + share*math.Log(y))
	}
	return (1-share)*x + share*y
}

// quantile is of sorted values, linear between them.
func quantile(sorted []float64, p float64) float64 {
	x := p * float64(len(sorted)-1)
	i := int(x)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (x-float64(i))*(sorted[i+1]-sorted[i])
}
