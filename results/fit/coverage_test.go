package fit

import (
	"flag"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// How many sweeps TestCoverage draws a row, and of how many clusters. The table in docs/law.md is
//
//	go test ./results/fit -run TestCoverage -v -timeout 0 -args -sweeps 1000 -draws 400 -clusters 20,50,200
var (
	sweepsARow  = flag.Int("sweeps", 5, "sweeps a row of the coverage table")
	clustersOf  = flag.String("clusters", "20", "clusters of the coverage table's rows")
	coverDraws  = flag.Int("draws", 100, "bootstrap draws of each sweep")
	coverageRow = flag.String("rows", "", "the laws of the coverage table whose names match this")
)

// TestLawRecovered simulates a known law once and asks for it back.
func TestLawRecovered(t *testing.T) {
	k := squareLaw(60)
	l := k.simulate(1).Analyze(Options{Draws: 500}).Laws[0]
	for _, c := range []struct {
		name  string
		got   Exponent
		truth float64
	}{{"n", l.Exponents.N, k.a}, {"lambda0", l.Exponents.Lambda0, k.b}} {
		if !c.got.Told || float64(c.got.Low) > c.truth || float64(c.got.High) < c.truth || c.got.High-c.got.Low > 0.3 {
			t.Errorf("exponent of %s: %+v, want a narrow interval around %v", c.name, c.got, c.truth)
		}
	}
}

// coverageLaws are the laws of the coverage table.
func coverageLaws() map[string]known {
	base := known{a: 1, b: -2, c: 0.3, slope: 3, spread: 0.3, bridge: true, lambda0: func(_, angle float64) float64 { return angle / (2 * math.Pi) },
		n: []int64{20, 80, 320}, angle: []float64{1, 3}, m: powersOfTwo(4, 14)}
	with := func(change func(*known)) known {
		k := base
		change(&k)
		return k
	}
	return map[string]known{
		"a = 1, b = -2": base,
		"a = 2, b = -4, 5 % lapses": with(func(k *known) {
			k.a, k.b, k.c, k.lapse, k.m = 2, -4, 0.01, 0.05, powersOfTwo(4, 18)
		}),
		"a = 1, b = 0, steep, 5 % censored": with(func(k *known) {
			k.b, k.c, k.slope, k.censored, k.m = 0, 1.5, 8, 0.05, powersOfTwo(4, 11)
		}),
		"a = 1, b = -2, data sets differ much": with(func(k *known) { k.slope, k.spread = 5, 0.8 }),
		"a = 1, b = -2, seeds crossed":         with(func(k *known) { k.slope, k.spread, k.inits, k.n = 5, 0.8, mostCrossed, []int64{20, 320} }),
		"a = 2, b = 0, confounded": with(func(k *known) {
			k.a, k.b, k.c, k.angle, k.m = 2, 0, 0.1, []float64{1}, powersOfTwo(4, 17)
			k.lambda0 = func(n, _ float64) float64 { return math.Pow(n, -0.5) * (1 + 0.1*math.Sin(n)) }
		}),
		"wrong model: normal, differ much": with(func(k *known) { k.slope, k.spread, k.bridge = 5, 0.8, false }),
		"few stand out, seeds crossed":     with(func(k *known) { k.inits, k.n = mostCrossed, []int64{20, 320} }),
	}
}

// mostCrossed seeds are crossed with as many data seeds or more, or as many seeds as data seeds.
const mostCrossed = 50

// A coverage counts how often intervals held the truth.
type coverage struct {
	sweeps, told, along float64
	declined            float64
	n, lambda0          map[string]float64 // by method
	law, off, lawCells  float64
	cells, open, inside float64
}

func newCoverage() *coverage {
	return &coverage{n: map[string]float64{}, lambda0: map[string]float64{}}
}

// add counts the intervals of one sweep; confounded, those of the law along the sweep.
func (c *coverage) add(k known, l *Law, central, raw float64) {
	if l.Line == nil { // it declines to answer
		c.declined++
		return
	}
	c.sweeps++
	if l.Exponents.N.Told || l.Exponents.Lambda0.Told {
		c.told++
	}
	if l.Along != nil && l.Along.Told {
		c.along++
	}
	f, terms := l.Line.spoken()
	for j, term := range terms {
		held, truth := c.n, k.a
		if term.Name == "lambda0" {
			held, truth = c.lambda0, k.b
		}
		draws, left := values(f.draws, func(x lineFit) float64 { return x.exponent(j) }), f.jackknife(func(x lineFit) float64 { return x.exponent(j) })
		hold := func(method string, low, high float64) { held[method] += holds(Number(low), Number(high), truth) }
		hold("said", term.Low, term.High)
		low, high := interval95(term.Exponent, draws, f.clusters)
		hold("percentile", low, high)
		low, high = intervalBCa(term.Exponent, draws, left, f.clusters, false)
		hold("BCa", low, high)
		hold("Fieller", term.FiellerLow, term.FiellerHigh)
	}
	c.addWidths(k, l, central, raw)
}

func (c *coverage) addWidths(k known, l *Law, central, raw float64) {
	for i, cell := range l.Cells {
		truth := k.width(int64(cell.N), float64(cell.Lambda0))
		if t := l.Thresholds[i]; t.Inside {
			c.cells, c.inside = c.cells+holds(t.Low, t.High, raw*truth), c.inside+1
			if !t.Low.Defined() || !t.High.Defined() {
				c.open++
			}
		}
		if law := l.Thresholds[i].Law; law != nil {
			c.law, c.lawCells = c.law+holds(law.Low, law.High, central*truth), c.lawCells+1
			c.off += math.Log(float64(law.M) / (central * truth))
		}
	}
}

const coverageHead = `| law | clusters | told | n: draws' quantiles | n: BCa | **n: as said** | n: Fieller | lambda0: draws' quantiles | lambda0: BCa | **lambda0: as said** | lambda0: Fieller | needed m by the law | off by | cell by cell | of these open above |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|`

// row is one of the table in docs/law.md.
func (c *coverage) row(name string, clusters int64) string {
	percent := func(of, all float64) string {
		if all == 0 {
			return ""
		}
		return fmt.Sprintf("%.1f", 100*of/all)
	}
	told := fmt.Sprintf("%.0f", 100*c.told/(c.sweeps+c.declined))
	if c.along > 0 {
		told += fmt.Sprintf(", along %.0f", 100*c.along/(c.sweeps+c.declined))
	}
	cells := []string{name, fmt.Sprint(clusters), told}
	for _, held := range []map[string]float64{c.n, c.lambda0} {
		for _, method := range []string{"percentile", "BCa", "said", "Fieller"} {
			text := ""
			if len(held) > 0 {
				text = percent(held[method], c.sweeps)
			}
			if method == "said" && text != "" {
				text = "**" + text + "**"
			}
			cells = append(cells, text)
		}
	}
	cells = append(cells, percent(c.law, c.lawCells), fmt.Sprintf("%+.1f %%", 100*(math.Exp(c.off/c.lawCells)-1)), percent(c.cells, c.inside), percent(c.open, c.inside))
	return "| " + strings.Join(cells, " | ") + " |"
}

// TestCoverage counts how often the intervals hold the truth, over simulated sweeps whose data sets differ.
func TestCoverage(t *testing.T) {
	laws, rows := coverageLaws(), regexp.MustCompile(*coverageRow)
	t.Log(coverageHead)
	all := newCoverage()
	var exponents, asked float64
	for _, name := range sortedNames(laws) {
		for _, text := range strings.Split(*clustersOf, ",") {
			if !rows.MatchString(name) {
				continue
			}
			k := laws[name]
			if _, err := fmt.Sscan(text, &k.seeds); err != nil {
				t.Fatal(err)
			}
			k.inits = min(k.inits, k.seeds)
			central, raw, c := math.Exp(k.marginal(0.9)), math.Exp(k.marginal(0.9/(1-k.lapse))), newCoverage()
			for seed := range uint64(*sweepsARow) {
				c.add(k, &k.simulate(seed).Analyze(Options{Draws: *coverDraws}).Laws[0], central, raw)
			}
			t.Log(c.row(name, k.seeds))
			if strings.Contains(name, "confounded") && c.told > 0 {
				t.Errorf("%s: %g of %g sweeps tell exponents", name, c.told, c.sweeps)
			}
			exponents, asked = exponents+c.n["said"]+c.lambda0["said"], asked+2*c.sweeps
			if len(c.lambda0) == 0 {
				asked -= c.sweeps
			}
			if k.bridge && !strings.Contains(name, "stand out") {
				all.sweeps, all.law, all.lawCells, all.cells, all.inside = all.sweeps+c.sweeps, all.law+c.law, all.lawCells+c.lawCells, all.cells+c.cells, all.inside+c.inside
			}
		}
	}
	enough := func(what string, share, count float64) { // of cells of one sweep count once: they share data sets
		if count > 0 && !(share >= 0.95-4*math.Sqrt(0.05*0.95/count)) {
			t.Errorf("95 %% intervals of %s hold the truth in %.3f of them, over %.0f", what, share, count)
		}
	}
	enough("exponents", exponents/asked, asked)
	enough("needed widths by the law", all.law/all.lawCells, all.sweeps)
	enough("needed widths cell by cell", all.cells/all.inside, all.sweeps)
}

func sortedNames(laws map[string]known) (names []string) {
	for name := range laws {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func holds(low, high Number, truth float64) float64 {
	if !(float64(low) <= truth) && low.Defined() || !(float64(high) >= truth) && high.Defined() { // an open end, NaN, is beyond the truth
		return 0
	}
	return 1
}

// marginal is where, in log m beyond the central threshold, success over all data sets and seeds, lapses aside, reaches the level.
func (k known) marginal(level float64) float64 {
	if k.bridge {
		return (logit(level)/k.attenuation() - logit(0.9)) / k.slope
	}
	success := func(x float64) float64 {
		sum, mass := 0.0, 0.0
		for z := -6.0; z <= 6; z += 0.05 {
			density := math.Exp(-z * z / 2)
			sum += density * sigmoid(k.slope*(x-k.spread*z)+logit(0.9))
			mass += density
		}
		return sum / mass
	}
	low, high := -5.0, 5.0
	for range 60 {
		if middle := (low + high) / 2; success(middle) < level {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}
