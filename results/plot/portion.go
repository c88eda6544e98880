package plot

import "github.com/widthlaw/widthlaw/results/fit"

// portions part places with so many runs each into neighbouring ones that are drawn together, [from, to), where there are more than `most`:
// a search tries many widths a few times each. Each portion has its share of the runs at least.
func portions(runs []uint64, most int) [][2]int {
	least := uint64(1) // whatever it is where they are few
	if len(runs) > most {
		all := uint64(0)
		for _, count := range runs {
			all += count
		}
		least = max(1, (all+uint64(most)-1)/uint64(most))
	}
	return fit.Neighbours(runs, least)
}
