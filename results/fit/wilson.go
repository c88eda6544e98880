package fit

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// z95 is the normal quantile of a two-sided 95 % interval.
var z95 = distuv.UnitNormal.Quantile(0.975)

// Wilson is the 95 % score interval of a share of which `successes` of `runs` is the sample (Wilson 1927, J. Amer. Statist.
// Assoc. 22, 209-212); it treats the runs as independent, which inits on one data set are not quite. Without runs it is all
// of [0, 1].
func Wilson(successes, runs uint64) (low, high float64) {
	if runs == 0 {
		return 0, 1
	}
	n, p, z2 := float64(runs), float64(successes)/float64(runs), z95*z95
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z95 / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	low, high = math.Max(0, centre-half), math.Min(1, centre+half)
	if successes == 0 {
		low = 0 // what rounding leaves of centre - half
	}
	if successes == runs {
		high = 1
	}
	return low, high
}
