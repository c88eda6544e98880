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
		"a = 1, b = -2, data sets differ much": with(func(k *known) { k.slope, k.spread, k.bridge = 5, 0.8, false }),
		"a = 1, b = -2, 20 seeds crossed":      with(func(k *known) { k.inits, k.bridge = 20, false }),
		"a = 1, b = -2, confounded": with(func(k *known) {
			k.c, k.angle = 1, []float64{1}
			k.lambda0 = func(n, _ float64) float64 { return math.Pow(n, -0.5) * (1 + 0.1*math.Sin(n)) }
		}),
	}
}

// A coverage counts how often intervals held the truth.
type coverage struct {
	sweeps, told     int
	declined         int
	n, lambda0       map[string]float64
	law, cells, open float64
	lawCells, inside float64
}

func (c *coverage) add(k known, l *Law, central, raw float64) {
	if l.Line == nil { // it declines to answer
		c.declined++
		return
	}
	c.sweeps++
	if l.Exponents.N.Told || l.Exponents.Lambda0.Told {
		c.told++
	}
	for name, held := range map[string]*map[string]float64{"n": &c.n, "lambda0": &c.lambda0} {
		term, truth := l.Line.Term(name), map[string]float64{"n": k.a, "lambda0": k.b}[name]
		if *held == nil {
			*held = map[string]float64{}
		}
		if term == nil {
			continue
		}
		f, j := l.Line.fit, slices.IndexFunc(l.Line.Terms, func(t Term) bool { return t.Name == name })
		draws, left := values(f.draws, func(x lineFit) float64 { return x.exponent(j) }), f.jackknife(func(x lineFit) float64 { return x.exponent(j) })
		hold := func(method string, low, high float64) { (*held)[method] += holds(Number(low), Number(high), truth) }
		hold("said", term.Low, term.High)
		low, high := interval95(term.Exponent, draws, f.clusters)
		hold("percentile", low, high)
		low, high = intervalBCa(term.Exponent, draws, left, f.clusters, false)
		hold("BCa", low, high)
		hold("Fieller", term.FiellerLow, term.FiellerHigh)
	}
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
		}
	}
}

const coverageHead = `| law | clusters | told | n: draws' quantiles | n: BCa | **n: as said** | n: Fieller | lambda0: draws' quantiles | lambda0: BCa | **lambda0: as said** | lambda0: Fieller | needed m by the law | cell by cell | of these open above |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|`

// row is one of the table in docs/law.md.
func (c *coverage) row(name string, clusters int64) string {
	cells := []string{name, fmt.Sprint(clusters), fmt.Sprintf("%.0f", 100*float64(c.told)/float64(c.sweeps+c.declined))}
	for _, held := range []map[string]float64{c.n, c.lambda0} {
		for _, method := range []string{"percentile", "BCa", "said", "Fieller"} {
			cells = append(cells, fmt.Sprintf("%.1f", 100*held[method]/float64(c.sweeps)))
		}
	}
	for _, share := range []float64{c.law / c.lawCells, c.cells / c.inside, c.open / c.inside} {
		cells = append(cells, fmt.Sprintf("%.1f", 100*share))
	}
	return "| " + strings.Join(cells, " | ") + " |"
}

// TestCoverage counts how often the intervals hold the truth, over simulated sweeps whose data sets differ.
func TestCoverage(t *testing.T) {
	laws, rows := coverageLaws(), regexp.MustCompile(*coverageRow)
	t.Log(coverageHead)
	var said, asked float64
	for _, name := range sortedNames(laws) {
		for _, text := range strings.Split(*clustersOf, ",") {
			if !rows.MatchString(name) {
				continue
			}
			k := laws[name]
			if _, err := fmt.Sscan(text, &k.seeds); err != nil {
				t.Fatal(err)
			}
			central, raw, c := math.Exp(k.marginal(0.9)), math.Exp(k.marginal(0.9/(1-k.lapse))), &coverage{}
			for seed := range uint64(*sweepsARow) {
				c.add(k, &k.simulate(seed).Analyze(Options{Draws: *coverDraws}).Laws[0], central, raw)
			}
			t.Log(c.row(name, k.seeds))
			if strings.Contains(name, "confounded") {
				if c.told > 0 {
					t.Errorf("%s: %d of %d sweeps tell exponents", name, c.told, c.sweeps)
				}
				continue
			}
			said, asked = said+c.n["said"]+c.lambda0["said"], asked+2*float64(c.sweeps)
		}
	}
	if asked > 0 && said/asked < 0.95-4*math.Sqrt(0.05*0.95/asked) {
		t.Errorf("95 %% intervals of exponents hold the truth in %.3f of %.0f", said/asked, asked)
	}
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

// marginal is where, in log m beyond the central threshold, success over all data sets, lapses aside, reaches the level.
func (k known) marginal(level float64) float64 {
	if k.bridge {
		return (logit(level)/k.attenuation() - logit(0.9)) / k.slope
	}
	spread := k.spread
	if k.inits > 0 {
		spread *= math.Sqrt2
	}
	success := func(x float64) float64 {
		sum, mass := 0.0, 0.0
		for z := -6.0; z <= 6; z += 0.05 {
			density := math.Exp(-z * z / 2)
			sum += density * sigmoid(k.slope*(x-spread*z)+logit(0.9))
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
