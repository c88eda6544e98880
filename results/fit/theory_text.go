package fit

import (
	"fmt"
	"strconv"
	"strings"
)

// A family's following is how lambda0 follows n in it, where some law cannot tell the two apart.
type following struct {
	apart  string // what tells the family from the others
	drift  float64
	sphere bool
}

// mostFollowing bounds the table's columns of families.
const mostFollowing = 4

// followings are one a family.
func (a *Analysis) followings() (all []following) {
	for i := range a.Laws {
		if l := &a.Laws[i]; l.Along != nil && columnOf(all, l) < 0 && len(all) < mostFollowing {
			all = append(all, following{l.Apart, l.Line.drift, l.onSphere()})
		}
	}
	return all
}

// columnOf is the place of the law's family; -1 where it has none.
func columnOf(all []following, l *Law) int {
	for i, f := range all {
		if f.apart == l.Apart {
			return i
		}
	}
	return -1
}

// theoryTitle says what the table's columns are.
func (a *Analysis) theoryTitle() string {
	title := "measured, and what the theory asks for (*: not read in the paper itself; asks: the formula with constant 1, δ = 0.1, at the cell of the largest n with a needed width; ratio: to that"
	switch all := a.followings(); {
	case len(all) == 1:
		title += "; along: the exponent of n with λ0 following it as in this sweep"
	case len(all) > 1:
		title += "; along: the exponent of n with λ0 following it as in this sweep, a column a family"
	}
	return title + ")"
}

func (a *Analysis) writeTheory(b *strings.Builder) {
	b.WriteString("\n")
	writeLines(b, "", "", a.theoryTitle(), 130)
	writeTable(b, a.theoryRows())
}

func (a *Analysis) theoryRows() [][]string {
	all := a.followings()
	head := []string{"n^", "λ0^"}
	for i := range all {
		name := "along"
		if len(all) > 1 {
			name += " " + strconv.Itoa(i+1)
		}
		head = append(head, name)
	}
	rows := [][]string{append(head, "", "asks", "ratio", "width", "whose")}
	for i := range a.Laws {
		if l := &a.Laws[i]; l.Line != nil {
			rows = append(rows, l.measuredRow(all))
		}
	}
	for _, t := range a.Theory {
		rows = append(rows, a.theoremRow(t, all))
	}
	return rows
}

// measuredRow is the law's, with the cell whose needed width is compared.
func (l *Law) measuredRow(all []following) []string {
	row := []string{l.Exponents.N.value(), l.Exponents.Lambda0.value()}
	for i := range all {
		along := ""
		if l.Along != nil && columnOf(all, l) == i {
			along = l.Along.value()
		}
		row = append(row, along)
	}
	measured, whose := "–", l.heading()
	if len(l.Gaps) > 0 {
		g := l.Gaps[0]
		measured = cellText(g.Measured)
		whose += fmt.Sprintf(" at n = %s, d = %s, λ0 = %s", cellText(g.N), cellText(g.D), cellText(g.Lambda0))
	}
	return append(row, "", measured, "", "measured", whose)
}

func (a *Analysis) theoremRow(t Theorem, all []following) []string {
	mark, whose := "", t.Result
	if t.Mark != Paper && t.Mark != Derived {
		mark = "*"
		whose += " [" + string(t.Mark) + "]"
	}
	if t.Setting != "" {
		whose += ": " + t.Setting
	}
	asks, ratio := "", ""
	if g, law := a.gap(t); g != nil {
		asks, ratio, whose = wide(g.Asks), wide(g.Ratio), whose+" (to "+law.heading()+")"
	}
	row := []string{cellText(t.N), cellText(t.Lambda0)}
	for _, f := range all {
		row = append(row, cellText(t.along(f.drift, f.sphere)))
	}
	return append(row, mark, asks, ratio, t.Width, whose)
}

// wide is a number of any size: from a million on with an exponent.
func wide(x Number) string {
	if x >= 1e6 {
		return strconv.FormatFloat(float64(x), 'g', 3, 64)
	}
	return cellText(x)
}

// gap is a theorem's, to the first law of the event that it is about; nil where there is none.
func (a *Analysis) gap(t Theorem) (*Gap, *Law) {
	for _, event := range t.events {
		for i := range a.Laws {
			for j, g := range a.Laws[i].Gaps {
				if a.Laws[i].Event == event && g.Result == t.Result && g.width == t.Width {
					return &a.Laws[i].Gaps[j], &a.Laws[i]
				}
			}
		}
	}
	return nil, nil
}
