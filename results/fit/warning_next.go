package fit

import "fmt"

// What a warning says to do next: a sweep that searches is told otherwise than a grid.

// others is how to have runs at more widths than one.
func (l *Law) others(smallest, largest int64) string {
	if l.Sought != nil {
		return "let the search go on"
	}
	return "sweep it: `m: " + logAxis(max(smallest/widenBy, leastHelpfulM), largest*widenBy) + "`"
}

// instead is what to do on a grid, or beside a search: of this event, or of another one.
func (l *Law) instead(grid string, search func(s *Sought) string) string {
	switch {
	case l.Sought == nil:
		return grid
	case l.Sought.Event != l.Event:
		return fmt.Sprintf("the widths were chosen for %s: search for this event in a sweep of its own, `success: %s`", l.Sought.Event, l.Event)
	}
	return search(l.Sought)
}

// wider is how to find a needed width that is above the swept ones, or a search's bounds.
func (l *Law) wider(smallest, largest, by int64) string {
	return l.instead("go wider: `m: "+logAxis(smallest, largest*by)+"`",
		func(s *Sought) string { return "go wider: `m: " + s.axis(s.Low, s.High*by) + "`" })
}

// narrower is the same for one below.
func (l *Law) narrower(smallest, largest, by int64) string {
	return l.instead("go narrower: `m: "+logAxis(max(smallest/by, leastHelpfulM), largest)+"`",
		func(s *Sought) string { return "go narrower: `m: " + s.axis(max(s.Low/by, 1), s.High) + "`" })
}

// further is what closes intervals that are open.
func (l *Law) further(smallest, largest int64) string {
	return l.instead("sweep more widths, `m: "+logAxis(max(smallest/2, leastHelpfulM), largest*2)+"`, or more seeds",
		func(s *Sought) string {
			return "search further, `m: " + s.axis(max(s.Low/2, 1), s.High*2) + "`, or with more seeds"
		})
}

// axis is a search between other bounds.
func (s *Sought) axis(from, to int64) string {
	return fmt.Sprintf("{search: [%d, %d], resolution: %g}", from, to, s.Resolution)
}

// more is how to have more runs.
func (l *Law) more() string { return l.finer("add seeds") }

// closer is how to have more runs where success begins.
func (l *Law) closer() string { return l.finer("sweep widths more closely about the needed ones") }

func (l *Law) finer(grid string) string {
	return l.instead(grid, func(*Sought) string { return "search with a finer resolution" })
}

// both is how to see the needed width of a cell.
func (l *Law) both() string {
	return l.instead("sweep widths on both sides of the needed one there",
		func(*Sought) string { return "search there between wider bounds" })
}

func (l *Law) swept() string {
	if l.Sought == nil {
		return "swept widths"
	}
	return "search's bounds"
}

// unless is a text that does not hold beside a search.
func (l *Law) unless(text string) string {
	if l.Sought != nil {
		return ""
	}
	return text
}

// shared: runs of one cell that share data sets, which the search does not know of.
func (w *warner) shared(s *sample) {
	if w.law.Sought == nil {
		return
	}
	fewest, runs := 0, 0
	for i := range s.cells {
		sets, decided := s.cells[i].dataSets(s.data)
		if decided > sets && (fewest == 0 || sets < fewest) {
			fewest, runs = sets, decided
		}
	}
	switch {
	case fewest == 1:
		w.warn("shared_data", "all runs of a cell share one data set: its needed width, and the search's interval, are over initial weights on this data set; leave data_seed out, so that it follows seed")
	case fewest > 1:
		w.warn("shared_data", "the runs of a cell share data sets (%d runs on %d), and the search takes them for independent: its intervals are too narrow, the more the data sets differ, while the law's are over data sets; leave data_seed out, so that it follows seed", runs, fewest)
	}
}

// dataSets are how many data sets decided a run of the cell, and how many runs.
func (c *cellSample) dataSets(data []int) (sets, runs int) {
	seen := map[int]bool{}
	for _, tallies := range c.tallies {
		for k := 0; k*c.events < len(tallies); k++ {
			if t := tallies[k*c.events+c.event]; t.success+t.failure > 0 {
				seen[data[k]] = true
				runs += int(t.success + t.failure)
			}
		}
	}
	return len(seen), runs
}
