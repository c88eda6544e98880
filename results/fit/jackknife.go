package fit

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// A jackknife is a statistic without one cluster of data seeds each, or one group of them; where seeds are crossed with data seeds,
// then without one seed each, then without one group of units (a data set with its initial weights) each.
type jackknife struct {
	values []float64
	parts  []int // how many of values belong to each part
}

// deviations are the values' from the mean of their part; 0 where one is NaN.
func (j jackknife) deviations() (all [][]float64) {
	values := j.values
	for _, count := range j.parts {
		part := values[:count]
		values = values[count:]
		sum, told := 0.0, 0.0
		for _, x := range part {
			if !math.IsNaN(x) {
				sum, told = sum+x, told+1
			}
		}
		from := make([]float64, count)
		for i, x := range part {
			if !math.IsNaN(x) {
				from[i] = sum/told - x
			}
		}
		all = append(all, from)
	}
	return all
}

// acceleration is BCa's, over data seeds.
func (j jackknife) acceleration() float64 {
	if len(j.parts) == 0 {
		return 0
	}
	square, cube := 0.0, 0.0
	for _, x := range j.deviations()[0] {
		square, cube = square+x*x, cube+x*x*x
	}
	if square == 0 {
		return 0
	}
	return cube / (6 * math.Pow(square, 1.5))
}

// covariances are the jackknife's, part by part: (K-1)/K times the sum of products (MacKinnon, Nielsen & Webb 2023, J. Appl.
// Econometrics 38, 671-694: CV3).
func (j jackknife) covariances(other jackknife) (parts []float64) {
	dx, dy := j.deviations(), other.deviations()
	for p := range dx {
		k := float64(len(dx[p]))
		parts = append(parts, (k-1)/k*dot(dx[p], dy[p]))
	}
	return parts
}

// A spread is how sure a statistic is: its standard error is that of the draws times `scale`, with so many degrees of freedom.
type spread struct{ scale, degrees float64 }

// variance is that over data seeds; crossed, that over data seeds and that over seeds less that over units (Cameron, Gelbach & Miller
// 2011, J. Bus. Econ. Statist. 29, 238-249), and no less than either (MacKinnon, Nielsen & Webb 2021, J. Bus. Econ. Statist. 39,
// 505-519).
func (j jackknife) variance() float64 {
	v := j.covariances(j)
	if len(v) < 3 {
		return sum(v)
	}
	return max(v[0], v[1], v[0]+v[1]-v[2])
}

// spread is that of a statistic of K clusters. Crossed, the draws of both seeds count what belongs to a unit alone three times. Degrees
// of freedom are then Satterthwaite's, of the part over data seeds and what seeds add.
func (j jackknife) spread(clusters int) spread {
	if len(j.parts) < 3 {
		return spread{1, float64(clusters - 1)}
	}
	v := j.covariances(j)
	data, seeds, units := v[0], v[1], v[2]
	k, l := float64(j.parts[0]), float64(j.parts[1])
	drawn := data*(k-1)/k + seeds*(l-1)/l + units*(k-1)/k*(l-1)/l // a draw's variance is that about the sample's mean
	if !(drawn > 0) {
		return spread{1, min(k, l) - 1}
	}
	added := max(seeds-units, 0)
	degrees := (data + added) * (data + added) / (data*data/(k-1) + added*added/(l-1))
	return spread{math.Sqrt(j.variance() / drawn), max(degrees, 1)}
}

// quantile is Student's for a 95 % interval.
func (s spread) quantile() float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: s.degrees}.Quantile(0.975)
}
