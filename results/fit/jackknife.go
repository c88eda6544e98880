package fit

import "math"

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

// variance is that over data seeds; crossed, that over data seeds, and that over seeds less that over units, which has what is each unit's own
// in it once more (Cameron, Gelbach & Miller 2011, J. Bus. Econ. Statist. 29, 238-249), unless that is less than nothing.
func (j jackknife) variance() float64 {
	v := j.covariances(j)
	if len(v) < 3 {
		return sum(v)
	}
	return v[0] + max(v[1]-v[2], 0)
}

// drawn is the variance of draws of both seeds: these count what is each unit's own three times, about the sample's mean.
func (j jackknife) drawn() float64 {
	v := j.covariances(j)
	if len(v) < 3 {
		return sum(v)
	}
	left := func(p int) float64 { return 1 - 1/float64(j.parts[p]) }
	return v[0]*left(0) + v[1]*left(1) + j.units()
}

// units is the part of drawn that is each unit's own; 0 where seeds are not crossed.
func (j jackknife) units() float64 {
	if len(j.parts) < 3 {
		return 0
	}
	return j.covariances(j)[2] * (1 - 1/float64(j.parts[0])) * (1 - 1/float64(j.parts[1]))
}

// redrawn is the variance over data seeds and over seeds in a draw that has clusters so often, the influence of each being as it was.
func redrawn(deviations, often [][]float64) (variance float64) {
	for p, times := range often {
		n := float64(len(times))
		mean, square := dot(times, deviations[p])/n, 0.0
		for k, d := range deviations[p] {
			square += times[k] * (d - mean) * (d - mean)
		}
		variance += square * (n - 1) / n
	}
	return variance
}
