package fit

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/sweep/search"
)

var huntsARow = flag.Int("hunts", 2, "searches a row of the table of simulated searches")

// A quest is a law that a search has to find: over all data sets success has probability (1 - lapse) sigmoid(slope (log m - log m*) + logit .9),
// m* = c n^a lambda0^b; the event rate needs `harder` times the width. Data sets differ in their thresholds, the same in all cells and for
// both events, by the bridge distribution (Wang & Louis 2003): `alike` is the share of a data set's own slope that is left over all of them.
type quest struct {
	sweep.Search
	a, b, c  float64
	slope    float64
	lapse    float64
	harder   float64
	alike    float64
	n        []int64
	angle    []float64
	dataSets int64   // crossed with the seeds; 0: each run has its own
	censored float64 // share
	most     int     // runs of a cell
}

// usualQuest has nine cells, n and lambda0 apart over 1.8 decades each, and runs enough.
func usualQuest() quest {
	return quest{Search: sweep.Search{Param: "m", Low: 4, High: 1 << 18, Resolution: 1.2, Level: 0.9}, a: 0.8, b: -1, c: 0.6, slope: 6, lapse: 0.01, harder: 1.5,
		alike: 0.8, n: []int64{20, 160, 1280}, angle: []float64{0.03, 0.3, 2}, most: 20000}
}

func (q quest) lambda0(angle float64) float64 { return angle / (2 * math.Pi) }

func (q quest) width(n int64, angle float64) float64 {
	return q.c * math.Pow(float64(n), q.a) * math.Pow(q.lambda0(angle), q.b)
}

// run searches all cells.
func (q quest) run(seed uint64) (*Runs, *Search) {
	trainer := testTrainer()
	trainer.Events = []string{"fit", "rate"}
	trainer.Param("seed").Seed, trainer.Param("data_seed").Seed = true, true
	runs, hunt, rule := New(trainer), NewSearch(q.Search, "fit"), search.New(q.Search)
	values := q.Values()
	for _, n := range q.n {
		for _, angle := range q.angle {
			for t := (search.Tally{}); t.Runs < q.most; {
				_, digits := rule.Next(&t)
				if len(digits) == 0 {
					break
				}
				for _, digit := range digits[:min(len(digits), q.most-t.Runs)] {
					p, o := q.train(n, angle, values[digit], int64(t.Runs), seed, trainer)
					runs.Add(p, o)
					hunt.Add(p, o)
					if v := o.Scalars["event_fit"]; v.Defined() {
						t.Add(digit, v.True())
					} else {
						t.AddCensored()
					}
				}
			}
		}
	}
	return runs, hunt
}

// train is the k-th run of a cell.
func (q quest) train(n int64, angle float64, m, k int64, sim uint64, t *sweep.Trainer) (sweep.Point, sweep.Outcome) {
	given := map[string]sweep.Value{"n": sweep.IntValue(n), "m": sweep.IntValue(m), "angle": sweep.FloatValue(angle), "seed": sweep.IntValue(k)}
	data := k
	if q.dataSets > 0 {
		data = k % q.dataSets
		given["data_seed"] = sweep.IntValue(data)
	}
	luck := rand.New(rand.NewPCG(sim, uint64(n)<<40|uint64(angle*1000)<<20|uint64(k)))
	o := sweep.Outcome{Scalars: map[string]sweep.Value{"lambda0": sweep.FloatValue(q.lambda0(angle)), "eta": sweep.FloatValue(1)}}
	shift := q.shift(rand.New(rand.NewPCG(sim, 1<<60|uint64(data))).Float64())
	chance, lapsed, told := luck.Float64(), luck.Float64() < q.lapse, luck.Float64() >= q.censored
	for event, by := range map[string]float64{"event_fit": 1, "event_rate": q.harder} {
		x := q.slope*math.Log(float64(m)/by/q.width(n, angle)) + logit(0.9) // of all data sets
		o.Scalars[event] = sweep.Value{}
		if told {
			o.Scalars[event] = sweep.BoolValue(!lapsed && chance < sigmoid(x/q.alike+shift))
		}
	}
	return point(t, []string{"loss"}, given), o
}

// shift is a data set's, in logits.
func (q quest) shift(share float64) float64 {
	if q.alike == 1 {
		return 0
	}
	return math.Log(math.Sin(q.alike*math.Pi*share)/math.Sin(q.alike*math.Pi*(1-share))) / q.alike
}

// quests are the laws of the table in docs/law.md.
func quests() []namedQuest {
	with := func(change func(*quest)) quest {
		q := usualQuest()
		change(&q)
		return q
	}
	return []namedQuest{
		{"slope 6, data sets differ, 1 % lapses", usualQuest()},
		{"slope 12, data sets alike, no lapses", with(func(q *quest) { q.slope, q.lapse, q.alike = 12, 0, 1 })},
		{"slope 6, data sets differ, 5 % lapses", with(func(q *quest) { q.lapse = 0.05 })},
		{"slope 6, 50 data sets that differ much", with(func(q *quest) { q.dataSets, q.alike = 50, 0.6 })},
	}
}

type namedQuest struct {
	name string
	quest
}

// A heldOf counts how often an interval held the truth.
type heldOf struct{ held, of float64 }

func (h *heldOf) add(low, high Number, truth float64) {
	h.held, h.of = h.held+holds(low, high, truth), h.of+1
}

func (h heldOf) plus(o heldOf) heldOf { return heldOf{h.held + o.held, h.of + o.of} }

func (h heldOf) share() float64 { return h.held / h.of }

// A record is what searches of one law came to.
type record struct {
	runs                 float64
	sought, other        heldOf // needed widths of cells
	law                  heldOf // needed widths by the law, of both events
	n, lambda0           heldOf // exponents of both
	told                 heldOf
	warned               map[string]int
	searches, falseAlarm int
}

// trueWarnings are of sweeps that are as they should be: the other event has its needed width where it has.
var trueWarnings = []string{"open_interval", "above_widths", "shared_data"}

func (c *record) add(q quest, a *Analysis) {
	c.searches++
	alarm := false
	for i := range a.Laws {
		l, by, cells := &a.Laws[i], 1.0, &c.sought
		if l.Event == "rate" {
			by, cells = q.harder, &c.other
		}
		for _, w := range l.Warnings {
			if !slices.Contains(trueWarnings, w.Code) {
				c.warned[l.Event+": "+w.Code+": "+w.Text]++
				alarm = true
			}
		}
		c.n.add(l.Exponents.N.Low, l.Exponents.N.High, q.a)
		c.lambda0.add(l.Exponents.Lambda0.Low, l.Exponents.Lambda0.High, q.b)
		c.told.of++
		if l.Exponents.N.Told && l.Exponents.Lambda0.Told {
			c.told.held++
		}
		for j, t := range l.Thresholds {
			truth := by * q.width(int64(t.N), float64(l.Cells[j].Angle))
			cells.add(t.Low, t.High, truth)
			if t.Law != nil {
				c.law.add(t.Law.Low, t.Law.High, truth)
			}
		}
		c.runs += float64(l.Runs) / float64(len(a.Laws)*len(l.Cells))
	}
	if alarm {
		c.falseAlarm++
	}
}

const huntHead = `| law | runs a cell | needed m, searched for | needed m, the other event | needed m by the law | n | lambda0 | told | searches with a false warning |
|---|---|---|---|---|---|---|---|---|`

func (c *record) row(name string) string {
	row := fmt.Sprintf("| %s | %.0f |", name, c.runs/float64(c.searches))
	for _, h := range []heldOf{c.sought, c.other, c.law, c.n, c.lambda0, c.told} {
		row += fmt.Sprintf(" %.1f |", 100*h.share())
	}
	return row + fmt.Sprintf(" %d of %d |", c.falseAlarm, c.searches)
}

// TestHunts searches for known laws: what the analysis says holds the truth, and it warns of nothing that is not so.
func TestHunts(t *testing.T) {
	t.Log(huntHead)
	all := record{}
	for i, q := range quests() {
		c := record{warned: map[string]int{}}
		for k := range uint64(*huntsARow) {
			runs, hunt := q.run(uint64(i)<<32 | k)
			c.add(q.quest, runs.Analyze(Options{Draws: 200, Search: hunt}))
		}
		t.Log(c.row(q.name))
		for text, times := range c.warned {
			t.Logf("    %d times %s", times, text)
		}
		all.searches, all.falseAlarm = all.searches+c.searches, all.falseAlarm+c.falseAlarm
		all.law, all.told = all.law.plus(c.law), all.told.plus(c.told)
		all.n, all.lambda0 = all.n.plus(c.n), all.lambda0.plus(c.lambda0)
		if q.dataSets == 0 { // else the runs are not independent, and a warning says so
			all.sought, all.other = all.sought.plus(c.sought), all.other.plus(c.other)
		}
	}
	for what, h := range map[string]heldOf{"needed widths searched for": all.sought, "needed widths of the other event": all.other, "needed widths by the law": all.law,
		"exponents of n": all.n, "exponents of lambda0": all.lambda0, "told": all.told} {
		if h.share() < 0.8 {
			t.Errorf("%s hold in %.2f of %v", what, h.share(), h.of)
		}
	}
	if 20*all.falseAlarm > all.searches {
		t.Errorf("%d of %d searches have a false warning", all.falseAlarm, all.searches)
	}
}
