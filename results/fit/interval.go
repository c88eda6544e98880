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
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: k - 1}.Quantile(0.975) * math.Sqrt(k/(k-1))
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
// interval95 takes, and with crossed seeds as far from the estimate as their spread says. NaN as there.
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
	z, a, spread := z95, j.acceleration(), j.spread(clusters)
	crossed := wider && len(j.parts) > 1
	if wider && !crossed {
		z = expanded(clusters)
	}
	at := func(z float64) float64 {
		w := z0 + z
		if bend := 1 - a*w; bend > 0 {
			return quantile(told, distuv.UnitNormal.CDF(z0+w/bend))
		}
		return quantile(told, distuv.UnitNormal.CDF(math.Copysign(8, w)))
	}
	low, high = at(-z), at(z)
	if crossed { // Student's quantiles are too far out for these draws to have them
		by := spread.scale * spread.quantile() / z95
		low, high = estimate-by*(estimate-low), estimate+by*(high-estimate)
	}
	return low, high
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
