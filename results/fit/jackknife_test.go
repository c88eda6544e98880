package fit

import (
	"math/rand/v2"
	"testing"
)

// TestCrossedVariance: of crossed seeds, what is each run's own counts once in the variance and three times in draws of both seeds; what
// runs of a seed share counts once in either.
func TestCrossedVariance(t *testing.T) {
	const data, seeds = 60, 12
	random := rand.New(rand.NewPCG(8, 9))
	shared := make([]float64, seeds)
	for i := range shared {
		shared[i] = 10 * random.NormFloat64()
	}
	for name, c := range map[string]struct {
		share                       float64 // of what runs of a seed share
		leastTimes, mostTimes       float64 // drawn/variance
		leastVariance, mostVariance float64
	}{
		"own":    {0, 1.6, 3.2, 0.8 / data / seeds, 2.0 / data / seeds},
		"shared": {1, 0.8, 1.1, 30.0 / seeds, 200.0 / seeds},
	} {
		x := [data][seeds]float64{}
		for i := range x {
			for k := range x[i] {
				x[i][k] = random.NormFloat64() + c.share*shared[k]
			}
		}
		without := func(out func(i, k int) bool) float64 {
			sum, count := 0.0, 0.0
			for i := range x {
				for k := range x[i] {
					if !out(i, k) {
						sum, count = sum+x[i][k], count+1
					}
				}
			}
			return sum / count
		}
		j := jackknife{parts: []int{data, seeds, mostJackknives}}
		for left := range data {
			j.values = append(j.values, without(func(i, _ int) bool { return i == left }))
		}
		for left := range seeds {
			j.values = append(j.values, without(func(_, k int) bool { return k == left }))
		}
		for left := range mostJackknives {
			j.values = append(j.values, without(func(i, k int) bool { return (i*seeds+k)%mostJackknives == left }))
		}
		v := j.variance()
		if times := j.drawn() / v; times < c.leastTimes || times > c.mostTimes || v < c.leastVariance || v > c.mostVariance {
			t.Errorf("%s: variance %g, draws' %g times it", name, v, times)
		}
	}
}

// TestIntervalT: of the mean of 20 lopsided numbers the bootstrap-t interval holds the truth about as often as it says, where the draws'
// quantiles are too low.
func TestIntervalT(t *testing.T) {
	const trials, count, draws = 400, 20, 400
	random := rand.New(rand.NewPCG(3, 4))
	held, plain := 0.0, 0.0
	for range trials {
		x, j := make([]float64, count), jackknife{parts: []int{count}}
		for i := range x {
			x[i] = random.ExpFloat64() * random.ExpFloat64()
		}
		total := sum(x)
		for _, out := range x {
			j.values = append(j.values, (total-out)/(count-1))
		}
		means, often := make([]float64, draws), make([][][]float64, draws)
		for i := range means {
			times := make([]float64, count)
			for range count {
				times[random.IntN(count)]++
			}
			means[i], often[i] = dot(times, x)/count, [][]float64{times}
		}
		low, high := intervalT(total/count, means, j, often)
		held += holds(Number(low), Number(high), 1)
		low, high = interval95(total/count, means, count)
		plain += holds(Number(low), Number(high), 1)
	}
	if held/trials < 0.91 || held/trials > 0.985 || held < plain+0.02*trials {
		t.Errorf("it holds the truth in %g of %d, the draws' quantiles in %g", held, trials, plain)
	}
	same := jackknife{values: []float64{2, 2}, parts: []int{2}}
	if low, high := intervalT(2, []float64{2, 2, 2}, same, nil); low != 2 || high != 2 {
		t.Errorf("of clusters that say the same: %g to %g", low, high)
	}
}
