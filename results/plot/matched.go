package plot

import (
	"math"

	"github.com/widthlaw/widthlaw/results/fit"
)

// nSlopes are the powers that theory names: as many parameters as samples, and the theorem about the event.
func nSlopes(event string) []slope {
	if event == "init" {
		return []slope{{1, "n", dotted}, {2, "n²: Du et al., Lemma 3.1", dashed}}
	}
	return []slope{{1, "n: parameters", dotted}, {6, "n⁶: Du et al.", dashed}}
}

func lambda0Slopes(event string) []slope {
	if event == "init" {
		return []slope{{-1, "1/λ0", dotted}, {-2, "1/λ0²: Du et al., Lemma 3.1", dashed}}
	}
	return []slope{{-1, "1/λ0", dotted}, {-4, "1/λ0⁴: Du et al.", dashed}}
}

// toMatched moves the needed widths of a group to one lambda0, its geometric mean, by the law's exponent: at a fixed angle lambda0 still
// falls a little as n grows. nil where the law does not tell that exponent.
func toMatched(l *fit.Law) func(l *fit.Law, g group, c fit.Cell) float64 {
	if !l.Exponents.Lambda0.Told {
		return nil
	}
	return func(l *fit.Law, g group, c fit.Cell) float64 {
		return math.Pow(g.lambda0(l)/float64(c.Lambda0), float64(l.Exponents.Lambda0.Value))
	}
}

// lambda0 is the geometric mean over the group's cells.
func (g group) lambda0(l *fit.Law) float64 {
	var logs []float64
	for _, i := range g.cells {
		if x := float64(l.Cells[i].Lambda0); finite(x) {
			logs = append(logs, math.Log(x))
		}
	}
	return math.Exp(mean(logs))
}
