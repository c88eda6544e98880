package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// interval95 is the bootstrap's expanded percentile interval (Hesterberg 2015, The American Statistician 69, 371-386, section
// 4.3): the draws' quantiles at Phi(-+ t sqrt(K/(K-1))), t Student's quantile for K clusters, which makes up for the
// bootstrap's narrowness at small K. Isotonic regression is not smooth: there BCa, whose corrections rest on smoothness, held
// the truth less often than this does (coverage_test.go).
//
// Draws may be infinite: so may the ends be. Draws that are NaN say nothing; where more than a twentieth do, or there is no
// estimate, the ends are NaN.
func interval95(estimate float64, draws []float64, clusters int) (low, high float64) {
	told := make([]float64, 0, len(draws))
	for _, x := range draws {
		if !math.IsNaN(x) {
			told = append(told, x)
		}
	}
	if math.IsNaN(estimate) || len(told) == 0 || 20*(len(draws)-len(told)) > len(draws) {
		return math.NaN(), math.NaN()
	}
	slices.Sort(told)
	k := float64(clusters)
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: k - 1}.Quantile(0.975)
	share := distuv.UnitNormal.CDF(-t * math.Sqrt(k/(k-1)))
	i := min(int(share*float64(len(told)+1)), (len(told)-1)/2)
	i = max(i, 1)
	return told[i-1], told[len(told)-i]
}
