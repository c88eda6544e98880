package plot

// portions part places with so many runs each into neighbouring ones that are drawn together, [from, to), where there are more than `most`:
// a search tries many widths a few times each. Each portion has its share of the runs at least.
func portions(runs []int, most int) (parts [][2]int) {
	all := 0
	for _, count := range runs {
		all += count
	}
	least := 1 // whatever it is where they are few
	if len(runs) > most {
		least = max(1, (all+most-1)/most)
	}
	from, sum := 0, 0
	for i, count := range runs {
		if sum += count; sum >= least {
			parts, from, sum = append(parts, [2]int{from, i + 1}), i+1, 0
		}
	}
	if from < len(runs) { // too few for a portion of their own
		if len(parts) == 0 {
			return [][2]int{{0, len(runs)}}
		}
		parts[len(parts)-1][1] = len(runs)
	}
	return parts
}
