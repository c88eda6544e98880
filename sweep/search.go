package sweep

import "math"

// A Search asks for the needed value of a parameter (the width m) in place of listing values: the least one at which the
// spec's success has the probability Level. It is written as {search: [low, high], resolution: r, level: p}.
//
// What is tried is decided run by run, by package search; here it is only said what may be tried: an axis of whole numbers,
// so that every point that a search can ask for has an index and a key as in any other sweep.
type Search struct {
	Param      string
	Low, High  int64   // Invariant: 1 <= Low < High <= SearchHigh
	Resolution float64 // Invariant: >= SearchResolution. A cell ends when its interval is from x to at most x*Resolution^2
	Level      float64 // Invariant: in (0, 1)

	axis int // of the space
}

// What a search can be asked for.
const (
	SearchHigh       = 1 << 40
	SearchResolution = 1.02
	SearchLevel      = 0.9 // where the spec has none
	SearchMargin     = 2   // how far beyond the bounds the needed value is looked for, in octaves
)

// PerOctave is how many steps of the search's grid make a factor of two: so many that three of them or more are in an interval
// that ends a cell. Searches down to a resolution of 1.045 share one grid, so that a finer one repeats what a coarser one ran.
func (s Search) PerOctave() int {
	per := 32
	for 2*math.Log2(s.Resolution)*float64(per) < 3 && per < 1<<10 {
		per *= 2
	}
	return per
}

// Vague says whether the bounds alone say as much as the resolution asks for, so that every cell would end before its first run. Before that
// the needed value may be anywhere in log m between SearchMargin below the bounds and SearchMargin above; its central 95 % count.
func (s Search) Vague() bool {
	const half, rounding = 0.025, 0.02 // of the grid's steps
	low, high := math.Log(float64(s.Low)), math.Log(float64(s.High))
	margin := SearchMargin * math.Ln2
	from := low - margin + half*(high-low+2*margin)
	return 2*math.Log(s.Resolution) >= high-from-rounding
}

// Values are what may be tried, in order: whole numbers at the steps of the grid, and both bounds.
func (s Search) Values() []int64 {
	per := s.PerOctave()
	values := []int64{s.Low}
	for octave := int64(1); octave < s.High; octave *= 2 {
		for _, f := range LogSpaced(float64(octave), float64(2*octave), per+1)[:per] {
			if v := int64(math.RoundToEven(f)); v > values[len(values)-1] && v < s.High {
				values = append(values, v)
			}
		}
	}
	return append(values, s.High)
}
