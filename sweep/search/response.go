package search

import "github.com/widthlaw/widthlaw/agent/gd/elementary"

// The response is that of the law (docs/law.md), with a share of lucky runs beside the lapses:
//
//	P(success at m) = luck + (1 - luck - lapse) sigmoid(slope (log m - log m*) + logit(level))
//
// so that m* has the probability level, lapses aside.
const luck = 0.005

// The slopes are those of log m, from as good as flat to a step, eight to a factor of two.
const (
	flattest = 0.5
	slopes   = 57

	coarseSlope = 8 // of them make one of the first look
	slopeCells  = (slopes-1)/coarseSlope + 1
)

// lapses: so close that a threshold hardly moves from one to the next.
var lapses = [...]float64{0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.055, 0.07, 0.09, 0.115, 0.15, 0.2}

const (
	coarseLapse = 3
	lapseCells  = (len(lapses)-1)/coarseLapse + 1
)

// A nuisance is one slope with one lapse.
type nuisance struct {
	logSlope float64
	prior    float64   // its log
	success  []float64 // the log of P, by threshold less position, from -size on
	failures []float64 // the log of 1 - P
}

// newNuisances are all of them, by slope and then by lapse.
func newNuisances(level, step float64, size int) []nuisance {
	list := make([]nuisance, 0, slopes*len(lapses))
	for i := range slopes {
		slope := flattest * elementary.Exp(float64(ln2/8)*float64(i))
		for j, lapse := range lapses {
			n := nuisance{logSlope: elementary.Log(slope), prior: prior(i, j), success: make([]float64, 2*size+1), failures: make([]float64, 2*size+1)}
			for d := range n.success {
				x := float64(float64(slope*step)*float64(size-d)) + logit(level)
				p := luck + float64((1-luck-lapse)*sigmoid(x))
				n.success[d], n.failures[d] = elementary.Log(p), elementary.Log(1-p)
			}
			list = append(list, n)
		}
	}
	return list
}

// prior is the log of a wide bump over the slopes, as likely at 8 as it is four times less likely at the ends, times the density
// of Beta(1, 20) over the lapses.
func prior(slope, lapse int) float64 {
	far := float64(slope-slopes/2) / (slopes / 2)
	width := lapses[min(lapse+1, len(lapses)-1)] - lapses[max(lapse-1, 0)]
	return float64(-1.39*float64(far*far)) + float64(19*elementary.Log(1-lapses[lapse])) + elementary.Log(width)
}

func sigmoid(x float64) float64 {
	if x < 0 {
		e := elementary.Exp(max(x, -700))
		return e / (1 + e)
	}
	return 1 / (1 + elementary.Exp(max(-x, -700)))
}
