package fit

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestSpread: of crossed seeds, what is each run's own counts once and not three times; what runs of a seed share has as many degrees of
// freedom as there are seeds.
func TestSpread(t *testing.T) {
	const data, seeds = 60, 12
	random := rand.New(rand.NewPCG(8, 9))
	shared := make([]float64, seeds)
	for i := range shared {
		shared[i] = 10 * random.NormFloat64()
	}
	for name, c := range map[string]struct {
		share                       float64 // of what runs of a seed share
		leastScale, mostScale       float64
		leastDegrees, mostDegrees   float64
		leastVariance, mostVariance float64
	}{
		"own":    {0, 0.5, 0.8, 20, 200, 0.7 / data / seeds, 2.0 / data / seeds},
		"shared": {1, 0.9, 1.2, seeds - 2, seeds + 1, 30.0 / seeds, 200.0 / seeds},
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
		s, v := j.spread(data), j.variance()
		if s.scale < c.leastScale || s.scale > c.mostScale || s.degrees < c.leastDegrees || s.degrees > c.mostDegrees || v < c.leastVariance || v > c.mostVariance {
			t.Errorf("%s: %+v, variance %g", name, s, v)
		}
	}
	if s := (jackknife{values: []float64{1, 2, 4}, parts: []int{3}}).spread(3); s.scale != 1 || s.degrees != 2 || math.IsNaN(s.quantile()) {
		t.Errorf("one way: %+v", s)
	}
}
