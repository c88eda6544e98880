package fit

import "math"

// isotonic fits shares that do not fall with the width: of all such sequences the one nearest to success/runs in squares
// weighted by runs. Pool adjacent violators (Ayer et al. 1955, Ann. Math. Statist. 26, 641-647). Every width
// has runs > 0. The result is written to fitted.
func isotonic(success, runs, fitted []float64) {
	type block struct {
		success, runs float64
		end           int // one past the block's last width
	}
	blocks := make([]block, 0, len(runs))
	for i := range runs {
		b := block{success[i], runs[i], i + 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.success*b.runs < b.success*last.runs {
				break
			}
			b.success, b.runs = b.success+last.success, b.runs+last.runs
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for ; i < b.end; i++ {
			fitted[i] = b.success / b.runs
		}
	}
}

// crossing is the log width at which the fitted shares reach level. Between two widths their logits are taken as linear in log m,
// as success is far straighter on that scale: shares themselves, linear between widths a factor of 2 apart, put the needed width
// for 0.9 some 15 % too high. -Inf: already at the smallest width; +Inf: at none of them.
func crossing(logM, fitted, runs []float64, level float64) float64 {
	for i, p := range fitted {
		switch {
		case !(p >= level):
			continue
		case i == 0:
			return math.Inf(-1)
		}
		before, here := softLogit(fitted[i-1], runs[i-1]), softLogit(p, runs[i])
		share := 1.0
		if here > before {
			share = min(max((logit(level)-before)/(here-before), 0), 1)
		}
		return logM[i-1] + share*(logM[i]-logM[i-1])
	}
	return math.Inf(1)
}

// softLogit is a share's with half a success and half a failure added to its runs: finite where all or none succeeded (Haldane
// 1956, Ann. Hum. Genet. 20, 309-311).
func softLogit(share, runs float64) float64 {
	return math.Log((share*runs + 0.5) / ((1-share)*runs + 0.5))
}
