package fit

import (
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// A bootstrap is what the sample says, and what it says resampled.
type bootstrap struct {
	sample   *sample
	count    int // of draws; 0 with one cluster
	estimate []reading
	draws    [][]reading   // by readAll
	left     [][]float64   // a jackknife's weights, by unit: without each cluster
	parts    []int         // how many of left belong to each of its parts
	often    [][][]float64 // by draw: how often it has each cluster of data seeds (or group of them, in the mean), then, crossed, of seeds
}

func newBootstrap(s *sample, draws int) *bootstrap {
	b := &bootstrap{sample: s, estimate: s.read(nil, unseen{})}
	if s.clusters > 1 && draws > 0 {
		b.count = draws
		b.left, b.parts = s.jackknives()
		b.often = make([][][]float64, draws)
		inParallel(draws, func(i int) {
			data, seeds := s.drawn(i)
			b.often[i] = [][]float64{grouped(data, b.parts[0])}
			if seeds != nil {
				b.often[i] = append(b.often[i], grouped(seeds, b.parts[1]))
			}
		})
	}
	return b
}

// readAll reads every draw by isotonic regression.
func (b *bootstrap) readAll() {
	b.draws = make([][]reading, b.count)
	b.resample(func(i int, weights []float64) { b.draws[i] = b.sample.read(weights, b.sample.unseen(i)) })
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

// drawn is how often each cluster is in the i-th draw: as many as there are, drawn with replacement; nil where seeds are not crossed.
func (s *sample) drawn(i int) (data, seeds []float64) {
	random := rand.New(rand.NewPCG(drawSeed, uint64(i)))
	drawn := func(count int) []float64 {
		times := make([]float64, count)
		for range count {
			times[random.IntN(count)]++
		}
		return times
	}
	data = drawn(s.clusters)
	if s.seed != nil {
		seeds = drawn(s.seeds)
	}
	return data, seeds
}

// grouped are means over the groups that a jackknife leaves out.
func grouped(times []float64, groups int) []float64 {
	sums, sizes := make([]float64, groups), make([]float64, groups)
	for k, x := range times {
		sums[k%groups], sizes[k%groups] = sums[k%groups]+x, sizes[k%groups]+1
	}
	for g := range sums {
		sums[g] /= sizes[g]
	}
	return sums
}

// draw fills in how often each unit counts in the i-th draw: all runs of a drawn cluster together (Davison & Hinkley 1997, Bootstrap
// Methods, section 3.8). Where seeds are crossed with data seeds both are drawn, and a unit counts the product (Owen 2007, Ann. Appl.
// Stat. 1, 386-411).
func (s *sample) draw(i int, weights []float64) {
	data, seeds := s.drawn(i)
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

// interval is the 95 % interval of a statistic of the readings. Where seeds are crossed, draws are too wide, and its ends are as much nearer
// as those of a share of successes near by would be: isotonic regression itself is not smooth enough for a jackknife.
func (b *bootstrap) interval(statistic func([]reading) float64, near func(weights []float64) float64) (low, high float64) {
	draws, estimate := make([]float64, len(b.draws)), statistic(b.estimate)
	for i, r := range b.draws {
		draws[i] = statistic(r)
	}
	if b.sample.seed == nil {
		return interval95(estimate, draws, b.sample.clusters)
	}
	low, high = interval95(estimate, draws, min(b.sample.clusters, b.sample.seeds))
	j := jackknife{parts: b.parts}
	for _, weights := range b.left {
		j.values = append(j.values, near(weights))
	}
	if drawn := j.drawn(); drawn > 0 {
		by := math.Sqrt(j.variance() / drawn)
		low, high = estimate-by*(estimate-low), estimate+by*(high-estimate)
	}
	return low, high
}
