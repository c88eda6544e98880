package fit

import (
	"math"
	"slices"
	"strings"
)

// A Crossing is where the success of two neighbouring n, of one d and angle, is the same at the same m d / n, by isotonic regression:
// below it the larger n succeeds less often, above it more. Curves steepen as n grows, and the crossings of ever larger n tend
// to the threshold of infinite n (finite-size scaling: Binder 1981, Z. Phys. B 43, 119-140).
type Crossing struct {
	D       *Number   `json:"d,omitempty"`     // where d was swept
	Angle   *Number   `json:"angle,omitempty"` // where the angle was swept
	N       [2]Number `json:"n"`
	Load    Number    `json:"load"` // m d / n, the parameters a sample
	Low     Number    `json:"low"`  // 95 %, over data seeds
	High    Number    `json:"high"`
	Success Number    `json:"success"` // there
}

// A meeting is a crossing in one (re)sample; NaN where there is none.
type meeting struct{ logLoad, success float64 }

var noMeeting = meeting{math.NaN(), math.NaN()}

// paired says whether cell i and the one before differ in n alone.
func (s *sample) paired(i int) bool {
	if i == 0 {
		return false
	}
	a, b := s.cells[i-1].key, s.cells[i].key
	return a.d == b.d && a.angle == b.angle && !b.degenerate && !a.degenerate && a.d.Int > 0 && 0 < a.n.Int && a.n.Int < b.n.Int
}

// meet finds where the curve of the larger n rises above that of the smaller; of several places the one where success is nearest
// to 1/2. Nearly all or none is no crossing: there curves touch by chance.
func meet(smaller, larger *curve, logSmaller, logLarger float64) meeting {
	best := noMeeting
	knots := slices.Concat(smaller.shifted(logSmaller), larger.shifted(logLarger))
	slices.Sort(knots)
	from, before, differ := math.NaN(), math.NaN(), math.NaN()
	for _, x := range knots {
		a, b := smaller.logitAt(x-logSmaller), larger.logitAt(x-logLarger)
		d := b - a
		if math.IsNaN(d) || d == 0 {
			continue
		}
		if differ < 0 && d > 0 {
			share := differ / (differ - d)
			at := meeting{from + share*(x-from), sigmoid(before + share*(a-before))}
			if off := math.Abs(at.success - 0.5); off < 0.45 && !(math.Abs(best.success-0.5) <= off) {
				best = at
			}
		}
		from, before, differ = x, a, d
	}
	return best
}

// shifted are the curve's widths as loads.
func (v *curve) shifted(by float64) []float64 {
	out := make([]float64, len(v.logM))
	for i, x := range v.logM {
		out[i] = x + by
	}
	return out
}

// logitAt is the logit of success at a log width, linear between widths; NaN outside.
func (v *curve) logitAt(logM float64) float64 {
	const rounding = 1e-9
	i, _ := slices.BinarySearch(v.logM, logM-rounding)
	if i == len(v.logM) || i == 0 && v.logM[0] > logM+rounding {
		return math.NaN()
	}
	here := softLogit(v.fitted[i], v.runs[i])
	if i == 0 || v.logM[i] <= logM+rounding {
		return here
	}
	before := softLogit(v.fitted[i-1], v.runs[i-1])
	return before + (logM-v.logM[i-1])/(v.logM[i]-v.logM[i-1])*(here-before)
}

// crossings are those that the sample shows, and all but a twentieth of its draws: others are chance.
func (l *Law) crossings(b *bootstrap) (out []Crossing) {
	if b.sample.clusters < leastClusters {
		return nil
	}
	for i := range l.Cells {
		at := b.estimate[i].meeting
		if math.IsNaN(at.logLoad) {
			continue
		}
		larger, smaller := &b.sample.cells[i], &b.sample.cells[i-1]
		low, high := b.interval(func(r []reading) float64 { return r[i].meeting.logLoad }, func(weights []float64) float64 {
			return larger.shareNear(at.logLoad-larger.load(), weights) - smaller.shareNear(at.logLoad-smaller.load(), weights)
		})
		if math.IsNaN(low) || math.IsNaN(high) {
			continue
		}
		t := l.Thresholds[i]
		out = append(out, Crossing{t.D, t.Angle, [2]Number{l.Cells[i-1].N, t.N}, number(math.Exp(at.logLoad)),
			number(math.Exp(low)), number(math.Exp(high)), number(at.success)})
	}
	return out
}

// writeCrossings writes them as a table; nothing where there are none.
func (l *Law) writeCrossings(b *strings.Builder) {
	if len(l.Crossings) > 0 {
		b.WriteString("success of neighbouring n crosses at (m d / n, 95 % interval over data seeds)\n")
		writeTable(b, l.crossingRows())
	}
}

func (l *Law) crossingRows() [][]string {
	c := l.Crossings[0]
	head := []string{"n", "and n"}
	if c.D != nil {
		head = append(head, "d")
	}
	if c.Angle != nil {
		head = append(head, "angle")
	}
	rows := [][]string{append(head, "m d / n", "interval", "success there")}
	for _, c := range l.Crossings {
		row := []string{cellText(c.N[0]), cellText(c.N[1])}
		if c.D != nil {
			row = append(row, cellText(*c.D))
		}
		if c.Angle != nil {
			row = append(row, cellText(*c.Angle))
		}
		rows = append(rows, append(row, cellText(c.Load), between(float64(c.Low), float64(c.High)), hundredths(float64(c.Success))))
	}
	return rows
}
