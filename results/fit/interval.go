package fit

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// In which interval what stands: exponents have BCa's, needed widths by the law the bootstrap-t's, and so have both where seeds are
// crossed with data seeds; needed widths cell by cell have the draws' quantiles. coverage_test.go measures why.

// interval95 is the bootstrap's expanded percentile interval (Hesterberg 2015, The American Statistician 69, 371-386, section
// 4.3): the draws' quantiles at Phi(-+ t sqrt(K/(K-1))), t Student's quantile for K clusters, which makes up for the
// bootstrap's narrowness at small K. Isotonic regression is not smooth: there BCa, whose corrections rest on smoothness, held
// the truth less often than this does (coverage_test.go).
//
// Draws may be infinite: so may the ends be. Draws that are NaN say nothing; where more than a twentieth do, or there is no
// estimate, the ends are NaN.
func interval95(estimate float64, draws []float64, clusters int) (low, high float64) {
	told := toldOf(estimate, draws)
	if told == nil {
		return math.NaN(), math.NaN()
	}
	z := expanded(clusters)
	return quantile(told, distuv.UnitNormal.CDF(-z)), quantile(told, distuv.UnitNormal.CDF(z))
}

// toldOf are the sorted draws that say something; nil where too few do.
func toldOf(estimate float64, draws []float64) []float64 {
	told := make([]float64, 0, len(draws))
	for _, x := range draws {
		if !math.IsNaN(x) {
			told = append(told, x)
		}
	}
	if math.IsNaN(estimate) || len(told) == 0 || 20*(len(draws)-len(told)) > len(draws) {
		return nil
	}
	slices.Sort(told)
	return told
}

// expanded is the normal quantile's stand-in for K clusters.
func expanded(clusters int) float64 {
	k := float64(clusters)
	return student(clusters) * math.Sqrt(k/(k-1))
}

// student is Student's quantile for K clusters.
func student(clusters int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(clusters - 1)}.Quantile(0.975)
}

// quantile is that of sorted draws, the same from both ends.
func quantile(sorted []float64, share float64) float64 {
	n := len(sorted)
	if share > 0.5 {
		i := min(max(int((1-share)*float64(n+1)), 1), (n+1)/2)
		return sorted[n-i]
	}
	i := min(max(int(share*float64(n+1)), 1), (n+1)/2)
	return sorted[i-1]
}

// intervalBCa is the bootstrap's bias-corrected and accelerated interval (Efron 1987, J. Amer. Statist. Assoc. 82, 171-185; DiCiccio
// & Efron 1996, Statist. Sci. 11, 189-228), the acceleration by the jackknife over clusters; with wider, at the quantiles that
// interval95 takes. NaN as there.
func intervalBCa(estimate float64, draws []float64, j jackknife, clusters int, wider bool) (low, high float64) {
	told := toldOf(estimate, draws)
	if told == nil {
		return math.NaN(), math.NaN()
	}
	below := 0.0
	for _, x := range told {
		switch {
		case x < estimate:
			below++
		case x == estimate:
			below += 0.5
		}
	}
	n := float64(len(told))
	z0 := distuv.UnitNormal.Quantile(min(max(below/n, 1/(n+1)), n/(n+1)))
	z, a := z95, j.acceleration()
	if wider {
		z = expanded(clusters)
	}
	at := func(z float64) float64 {
		w := z0 + z
		if bend := 1 - a*w; bend > 0 {
			return quantile(told, distuv.UnitNormal.CDF(z0+w/bend))
		}
		return quantile(told, distuv.UnitNormal.CDF(math.Copysign(8, w)))
	}
	return at(-z), at(z)
}

// intervalT is the bootstrap-t interval (Davison & Hinkley 1997, Bootstrap Methods, section 5.2.1): draws are as many of their own standard
// errors from the estimate as that may be of its own from the truth. Its standard errors are the jackknife's; a draw's are those of
// the same deviations, each cluster counted as often as it was drawn. Where a few data sets stand out, they carry both a needed width and
// its variance: draws without them are low and seem sure, as a sample without them would, and that is what makes the upper end high.
// The quantiles are at Phi(-+ 1.96 sqrt(K/(K-1))): K clusters do not show all that others would. NaN as in interval95.
func intervalT(estimate float64, draws []float64, j jackknife, often [][][]float64) (low, high float64) {
	error, deviations, clusters := math.Sqrt(j.variance()), j.deviations(), slices.Min(j.parts)
	if !(error > 0) { // all clusters say the same
		return interval95(estimate, draws, clusters)
	}
	units, away := j.units(), make([]float64, len(draws))
	for i, x := range draws {
		away[i] = (x - estimate) / math.Sqrt(units+redrawn(deviations, often[i]))
	}
	told := toldOf(estimate, away)
	if told == nil {
		return math.NaN(), math.NaN()
	}
	share := distuv.UnitNormal.CDF(z95 * math.Sqrt(float64(clusters)/float64(clusters-1)))
	return estimate - error*quantile(told, share), estimate - error*quantile(told, 1-share)
}

// fieller is the 95 % interval of ratio = numerator/slope (Fieller 1954, J. R. Statist. Soc. B 16, 175-185): all rho with
// (numerator - rho slope)^2 <= t^2 var(numerator - rho slope). NaN where the slope's own interval holds 0: then that is no
// interval.
func fieller(ratio, slope, varNumerator, covariance, varSlope, t float64) (low, high float64) {
	numerator := ratio * slope
	a := slope*slope - t*t*varSlope
	half := numerator*slope - t*t*covariance
	c := numerator*numerator - t*t*varNumerator
	root := half*half - a*c
	if !(a > 0) || !(root >= 0) {
		return math.NaN(), math.NaN()
	}
	return (half - math.Sqrt(root)) / a, (half + math.Sqrt(root)) / a
}
