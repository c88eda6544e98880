package fit

import (
	"math/rand/v2"
	"runtime"
	"sync"
)

// A bootstrap is what the sample says, and what it says resampled.
type bootstrap struct {
	sample   *sample
	count    int // of draws; 0 with one cluster
	estimate []reading
	draws    [][]reading
}

func newBootstrap(s *sample, draws int) *bootstrap {
	b := &bootstrap{sample: s, estimate: s.read(nil, unseen{})}
	if s.clusters > 1 && draws > 0 {
		b.count = draws
		b.draws = make([][]reading, draws)
		b.resample(func(i int, weights []float64) { b.draws[i] = s.read(weights, s.unseen(i)) })
	}
	return b
}

// resample calls draw for every draw, several at a time; the weights are by unit.
func (b *bootstrap) resample(draw func(i int, weights []float64)) {
	inParallel(b.count, func(i int) {
		weights := make([]float64, len(b.sample.order))
		b.sample.draw(i, weights)
		draw(i, weights)
	})
}

// drawSeed makes the draws of every analysis the same.
const drawSeed = 0x77696474686c6177

// draw fills in how often each unit counts in the i-th draw: as many clusters as there are, drawn with replacement, all runs of a
// drawn cluster together (Davison & Hinkley 1997, Bootstrap Methods, section 3.8). Where seeds are crossed with data seeds both are
// drawn, and a unit counts the product (Owen 2007, Ann. Appl. Stat. 1, 386-411).
func (s *sample) draw(i int, weights []float64) {
	random := rand.New(rand.NewPCG(drawSeed, uint64(i)))
	drawn := func(count int) []float64 {
		times := make([]float64, count)
		for range count {
			times[random.IntN(count)]++
		}
		return times
	}
	data, seeds := drawn(s.clusters), []float64(nil)
	if s.seed != nil {
		seeds = drawn(s.seeds)
	}
	for place, k := range s.data {
		switch {
		case k < 0:
			weights[place] = 0
		case seeds != nil:
			weights[place] = data[k] * seeds[s.seed[place]]
		default:
			weights[place] = data[k]
		}
	}
}

// unseen are clusters beside the sample's, in the i-th draw: resampling 20 data sets of which 20 succeeded never shows one that fails.
// Successes and failures count as gamma variables of shape 1/2, half a cluster each in the mean; in the Bayesian bootstrap (Rubin
// 1981, Ann. Statist. 9, 130-134) that is Jeffreys' prior Beta(1/2, 1/2) of a share, here of all widths at once.
func (s *sample) unseen(i int) unseen {
	random := rand.New(rand.NewPCG(drawSeed+1, uint64(i)))
	half := func() float64 { x := random.NormFloat64(); return x * x / 2 / float64(s.clusters) }
	success, failure := half(), half()
	return unseen{success, success + failure}
}

// mostJackknives bounds the refits: more clusters than this are left out by the group.
const mostJackknives = 200

// jackknives are the weights of a jackknife's values, and its parts.
func (s *sample) jackknives() (weights [][]float64, parts []int) {
	leave := func(of []int, count int) {
		groups := min(count, mostJackknives)
		for g := range groups {
			w := make([]float64, len(of))
			for place, k := range of {
				if s.data[place] >= 0 && k%groups != g {
					w[place] = 1
				}
			}
			weights = append(weights, w)
		}
		parts = append(parts, groups)
	}
	leave(s.data, s.clusters)
	if s.seed == nil {
		return weights, parts
	}
	leave(s.seed, s.seeds)
	units, used := make([]int, len(s.order)), 0
	for _, place := range s.order {
		if s.data[place] >= 0 {
			units[place], used = used, used+1
		}
	}
	leave(units, used)
	return weights, parts
}

// inParallel calls job for every i < count, on as many goroutines as there are processors, and returns when all
// have ended.
func inParallel(count int, job func(i int)) {
	var wait sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), count)
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < count; i += workers {
				job(i)
			}
		})
	}
	wait.Wait()
}

// interval is the 95 % interval of a statistic of the readings.
func (b *bootstrap) interval(statistic func([]reading) float64) (low, high float64) {
	draws := make([]float64, len(b.draws))
	for i, r := range b.draws {
		draws[i] = statistic(r)
	}
	return interval95(statistic(b.estimate), draws, b.sample.clusters)
}
