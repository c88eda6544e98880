package search

import (
	"context"
	"flag"
	"math"
	"slices"
	"syscall"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestRealRace, with -args -real 8, races searches against grids on the real trainer, so many times with seeds of their own.
var realRaces = flag.Int("real", 0, "races on the real trainer")

// A laboratory trains real points, each once.
type laboratory struct {
	t       *testing.T
	trainer *sweep.Trainer
	event   string
	given   map[string]int64
	known   map[[2]int64]trained
}

type trained struct {
	success bool
	seconds float64
}

func (l *laboratory) train(m, seed int64) trained {
	if x, ok := l.known[[2]int64{m, seed}]; ok {
		return x
	}
	given := map[string]sweep.Value{"m": sweep.IntValue(m), "seed": sweep.IntValue(seed)}
	for name, v := range l.given {
		given[name] = sweep.IntValue(v)
	}
	record := sweep.Record{Curves: []string{"lambda_min"}, At: sweep.Schedule{Kind: sweep.Log, Count: 2}}
	if l.event == "fit" {
		record.Curves = []string{"loss"}
	}
	p, mistakes := l.trainer.Complete(given, record)
	if len(mistakes) > 0 {
		l.t.Fatal(mistakes)
	}
	begin := spent()
	o, err := l.trainer.Run(context.Background(), sweep.Job{Point: p, Threads: 1})
	if err != nil {
		l.t.Fatal(err)
	}
	x := trained{o.Scalars["event_"+l.event].True(), spent() - begin}
	l.known[[2]int64{m, seed}] = x
	return x
}

// spent is the processor time of this process in seconds: others may be busy on the machine.
func spent() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + 1e-6*float64(u.Utime.Usec+u.Stime.Usec)
}

// search is one search with seeds from first on.
func (l *laboratory) search(r *Rule, first int64) (f Finding, runs int, seconds float64) {
	var tally Tally
	for {
		f, digits := r.Next(&tally)
		if len(digits) == 0 {
			return f, tally.Runs, seconds
		}
		for _, d := range digits {
			x := l.train(r.values[d], first+int64(tally.Runs))
			tally.Add(d, x.success)
			seconds += x.seconds
		}
	}
}

// grid is one grid, with as many seeds a width as make its interval narrow enough, looked at by the same posterior.
func (l *laboratory) grid(r *Rule, ratio float64, first int64) (runs int, seconds float64) {
	var tally Tally
	for seed := range int64(100_000) {
		for m := float64(r.values[0]); m <= float64(r.values[len(r.values)-1]); m *= ratio {
			d, _ := slices.BinarySearch(r.values, int64(m))
			x := l.train(r.values[d], first+seed)
			tally.Add(d, x.success)
			seconds += x.seconds
		}
		if seed%4 == 3 && r.Excess(r.Look(&tally)) <= 1 {
			break
		}
	}
	return tally.Runs, seconds
}

// race is the mean of some races.
func (l *laboratory) race(r *Rule, ratio float64, races int) (x race) {
	l.known = map[[2]int64]trained{}
	x.ratio = ratio
	for i := range int64(races) {
		f, runs, seconds := l.search(r, i*1_000_000)
		if f.End != Found {
			l.t.Fatalf("%s: %+v", l.event, f)
		}
		x.runs, x.cost = x.runs+float64(runs)/float64(races), x.cost+seconds/float64(races)
		runs, seconds = l.grid(r, ratio, i*1_000_000+500_000)
		x.gridRuns, x.gridCost = x.gridRuns+float64(runs)/float64(races), x.gridCost+seconds/float64(races)
	}
	return x
}

// TestRealRace wants a search on the real trainer to take fewer runs than the best grid between the same bounds.
func TestRealRace(t *testing.T) {
	fit := &laboratory{event: "fit", given: map[string]int64{"n": 40, "d": 20}}
	start := &laboratory{event: "init", given: map[string]int64{"n": 80, "d": 20, "steps": 0}}
	labs, bounds, ratios, resolution := []*laboratory{fit, start}, [][2]int64{{4, 256}, {2, 1024}}, []float64{1.1, 1.2, 1.4, 2}, 1.1
	if *realRaces == 0 {
		labs, bounds, ratios, resolution = labs[1:], [][2]int64{{4, 1024}}, ratios[2:3], 1.3
	}
	for _, l := range labs {
		l.t, l.trainer = t, gd.TwoLayer()
		for _, b := range bounds {
			r := New(sweep.Search{Param: "m", Low: b[0], High: b[1], Resolution: resolution, Level: 0.9})
			best := race{gridCost: math.Inf(1)}
			for _, ratio := range ratios {
				if x := l.race(r, ratio, max(*realRaces, 1)); x.gridCost/x.cost < best.gridCost/max(best.cost, 1e-9) {
					best = x
				}
			}
			t.Logf("%s, %v, m from %d to %d: %.0f runs and %.3f s of one core; best grid (ratio %g) %.0f runs and %.3f s: **%.1f** times",
				l.event, l.given, b[0], b[1], best.runs, best.cost, best.ratio, best.gridRuns, best.gridCost, best.gridCost/best.cost)
			if best.gridRuns < 1.5*best.runs {
				t.Errorf("%s: the search took %.0f runs, a grid %.0f", l.event, best.runs, best.gridRuns)
			}
		}
	}
}
