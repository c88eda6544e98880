package fit

import "strings"

// theoryTitle says what the table's columns are.
func (a *Analysis) theoryTitle() string {
	title := "measured, and what the theory says is enough (*: not read in the paper itself; asks: the formula with constant 1, δ = 0.1, at the largest n with a needed width; ratio: to that"
	if _, any := a.along(); any {
		title += "; along: the exponent of n with λ0 following it as in this sweep"
	}
	return title + ")"
}

func (a *Analysis) writeTheory(b *strings.Builder) {
	b.WriteString("\n")
	writeLines(b, "", "", a.theoryTitle(), 130)
	writeTable(b, a.theoryRows())
}

// along is the exponent with which lambda0 follows n in this sweep, where some law cannot tell the two apart.
func (a *Analysis) along() (drift float64, any bool) {
	for i := range a.Laws {
		if l := &a.Laws[i]; l.Along != nil {
			return l.Line.drift, true
		}
	}
	return 0, false
}

func (a *Analysis) theoryRows() [][]string {
	drift, any := a.along()
	rows := [][]string{{"n^", "λ0^", "along", "", "asks", "ratio", "width", "whose"}}
	for i := range a.Laws {
		l := &a.Laws[i]
		if l.Line == nil {
			continue
		}
		measured, along := "–", ""
		if len(l.Gaps) > 0 {
			measured = cellText(l.Gaps[0].Measured)
		}
		if l.Along != nil {
			along = l.Along.value()
		}
		rows = append(rows, []string{l.Exponents.N.value(), l.Exponents.Lambda0.value(), along, "", measured, "", "measured", l.heading()})
	}
	for _, t := range a.Theory {
		along := t.N
		if t.Lambda0.Defined() {
			along += t.Lambda0 * Number(drift)
		}
		rows = append(rows, a.theoremRow(t, cellText(along)))
	}
	if !any {
		for i, row := range rows {
			rows[i] = append(row[:2:2], row[3:]...)
		}
	}
	return rows
}

func (a *Analysis) theoremRow(t Theorem, along string) []string {
	mark, whose := "", t.Result
	if t.Mark != Paper && t.Mark != Derived {
		mark = "*"
		whose += " [" + string(t.Mark) + "]"
	}
	if t.Setting != "" {
		whose += ": " + t.Setting
	}
	asks, ratio := "", ""
	if g, event := a.gap(t); g != nil {
		asks, ratio, whose = cellText(g.Asks), cellText(g.Ratio), whose+" (to "+event+")"
	}
	return []string{cellText(t.N), cellText(t.Lambda0), along, mark, asks, ratio, t.Width, whose}
}

// gap is a theorem's, to the first law of the event that it is about; nil where there is none.
func (a *Analysis) gap(t Theorem) (*Gap, string) {
	for _, event := range t.events {
		for i := range a.Laws {
			for j, g := range a.Laws[i].Gaps {
				if a.Laws[i].Event == event && g.Result == t.Result && g.width == t.Width {
					return &a.Laws[i].Gaps[j], event
				}
			}
		}
	}
	return nil, ""
}
