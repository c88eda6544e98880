package fit

import (
	"math"
	"slices"
)

// A Form is a rival of the law's form, judged by how well it foretells the runs at an n that it was not fitted to.
type Form struct {
	Formula string `json:"formula"`
	Loss    Number `json:"loss"`  // -log P of a left-out run, the mean over the runs of every n in turn
	Worse   Number `json:"worse"` // than the best form, in Loss
	Error   Number `json:"error"` // standard error of Worse, over data seeds
}

// A rival is a form as a regression: what is taken from log m, and the terms, at a shape that is searched for.
type rival struct {
	formula string
	shapes  []float64
	columns func(c Cell, shape float64) (shift float64, terms []float64)
	merges  bool // has no lambda0: the units of a cell and width are alike
}

// rivals are the forms of needed widths: the law's own power of n and lambda0, and where these are confounded that along the sweep,
// A n/d + B (parameter counting), A n^a log n.
func (l *Line) rivals(rows []row) []rival {
	powers := []rival{power(l.Terms)}
	if len(l.Along) > 0 {
		powers = append(powers, power(l.Along))
	}
	scale := 0.0
	for _, row := range rows {
		scale = max(scale, load(row.cell))
	}
	shapes := []float64{0}
	for x := scale / 1024; x <= 8*scale; x *= 2 {
		shapes = append(shapes, x)
	}
	return append(powers,
		rival{"A n/d + B", shapes, func(c Cell, shape float64) (float64, []float64) {
			return math.Log(load(c) + shape), nil // B = shape A
		}, true},
		rival{"A n^a log n", []float64{0}, func(c Cell, _ float64) (float64, []float64) {
			return math.Log(math.Log(float64(c.N))), []float64{math.Log(float64(c.N))}
		}, true})
}

// load is n/d, and n where there is no d.
func load(c Cell) float64 {
	if !c.D.Defined() {
		return float64(c.N)
	}
	return float64(c.N) / float64(c.D)
}

// power is the form of a power of each term.
func power(terms []Term) rival {
	formula, merges := "A", true
	for _, t := range terms {
		formula += " " + t.Name + "^" + map[string]string{"n": "a", "lambda0": "b", "d": "c"}[t.Name]
		merges = merges && t.Name != "lambda0"
	}
	return rival{formula, []float64{0}, func(c Cell, _ float64) (float64, []float64) { return 0, logs(terms, c) }, merges}
}

// forms compares the rivals by leaving out one n at a time; nil with fewer than three, or without an exponent of n to compare.
func (l *Line) forms(s *sample) []Form {
	var ns []float64
	var rows []row
	for row := range s.rows(decided) {
		if allFinite(logs(l.Terms, row.cell)) && row.cell.N > 1 {
			rows, ns = append(rows, row), append(ns, float64(row.cell.N))
		}
	}
	slices.Sort(ns)
	ns = slices.Compact(ns)
	if len(ns) < 3 || l.Term("n") == nil {
		return nil
	}
	merged := merge(rows)
	var out []Form
	var losses [][]float64 // by form, then cluster
	for _, rival := range l.rivals(rows) {
		loss, train := make([]float64, s.clusters), rows
		if rival.merges {
			train = merged
		}
		for _, n := range ns {
			if !rival.foretell(train, rows, n, s.data, loss) {
				return nil
			}
		}
		losses = append(losses, loss)
		out = append(out, Form{Formula: rival.formula})
	}
	return compare(out, losses, rows)
}

// merge adds up the units of each cell and width.
func merge(rows []row) (merged []row) {
	type place struct {
		at   int
		logM float64
	}
	places := map[place]int{}
	for _, r := range rows {
		i, there := places[place{r.at, r.logM}]
		if !there {
			places[place{r.at, r.logM}] = len(merged)
			merged = append(merged, r)
			continue
		}
		merged[i].success, merged[i].failure = merged[i].success+r.success, merged[i].failure+r.failure
	}
	return merged
}

// foretell fits to the training rows of other n and adds the losses of those at n, by cluster; false where nothing can be fitted.
func (v rival) foretell(train, rows []row, n float64, cluster []int, loss []float64) bool {
	best, chosen, shape := math.Inf(-1), lineFit{}, 0.0
	for _, at := range v.shapes {
		r := &regression{}
		for _, row := range train {
			if float64(row.cell.N) != n {
				shift, terms := v.columns(row.cell, at)
				r.add(0, row.success, row.failure, row.logM, shift, terms...)
			}
		}
		if r.columns == 0 {
			return false
		}
		r.standardise()
		if top := r.fit(); top.ok && top.value > best {
			best, chosen, shape = top.value, r.read(top), at
		}
	}
	if !chosen.ok {
		return false
	}
	for _, row := range rows {
		if float64(row.cell.N) == n {
			shift, terms := v.columns(row.cell, shape)
			eta := chosen.b[0] + chosen.b[1]*(row.logM-shift) + dot(chosen.b[2:], terms)
			p := (1 - chosen.lapse) * sigmoid(eta)
			loss[cluster[row.unit]] -= row.success*math.Log(max(p, 1e-300)) + row.failure*math.Log(max(1-p, 1e-300))
		}
	}
	return true
}

// compare fills in the losses and how much worse than the best they are.
func compare(forms []Form, losses [][]float64, rows []row) []Form {
	runs := 0.0
	for _, row := range rows {
		runs += row.success + row.failure
	}
	best := 0
	for i, loss := range losses {
		forms[i].Loss = number(sum(loss) / runs)
		if forms[i].Loss < forms[best].Loss {
			best = i
		}
	}
	for i, loss := range losses {
		k, square := float64(len(loss)), 0.0
		worse := (sum(loss) - sum(losses[best])) / runs
		for c := range loss {
			from := (loss[c]-losses[best][c])/runs - worse/k
			square += from * from
		}
		forms[i].Worse, forms[i].Error = number(worse), number(math.Sqrt(square*k/(k-1)))
	}
	return forms
}

func sum(x []float64) (total float64) {
	for _, x := range x {
		total += x
	}
	return total
}
