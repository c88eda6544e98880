package search

import "github.com/widthlaw/widthlaw/agent/gd/elementary"

// A Usual is what a cell is expected to take before anything is known.
type Usual struct {
	Runs    float64
	ByDigit []float64 // Runs, by where they are tried
}

// usualSlope is that of the response of which a search is foreseen.
const usualSlope = 6

// Usual guesses what a cell takes: the mean over searches of three responses without lapses, whose thresholds part the range between the
// bounds into four.
func (r *Rule) Usual() Usual {
	const responses, limit = 3, 20000
	u := Usual{ByDigit: make([]float64, len(r.values))}
	span := float64(r.ends[1] - r.ends[0])
	for i := range responses {
		threshold := float64(r.ends[0]) + float64(span*float64(i+1))/(responses+1)
		var t Tally
		for t.Runs < limit {
			_, digits := r.Next(&t)
			if len(digits) == 0 {
				break
			}
			for _, d := range digits {
				p := sigmoid(float64(usualSlope*float64(r.step*(float64(r.position[d])-threshold))) + logit(r.target.Level))
				chance := float64(float64(t.Runs) * 0.7548776662466927)
				t.Add(d, chance-float64(int(chance)) < p)
				u.ByDigit[d] += 1. / responses
				u.Runs += 1. / responses
			}
		}
	}
	return u
}

// UsualRuns is about what Usual says, at once: the error of log m* falls with the root of the runs (docs/law.md).
func (r *Rule) UsualRuns() float64 {
	x := float64(2*usualSlope) * elementary.Log(r.target.Resolution)
	return 30 + 390/x/x
}

// Excess is by how much a finding's interval is wider than what ends a cell, in the log: 1 is narrow enough.
func (r *Rule) Excess(f Finding) float64 {
	return (elementary.Log(f.High) - elementary.Log(f.Low)) / 2 / elementary.Log(r.target.Resolution)
}
