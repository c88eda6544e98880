package fit

import (
	"math"
	"strings"
)

// A Table is for a page: its first row is its head.
type Table struct {
	Title string
	Rows  [][]string
}

// Tables are what the text says of a law, and its exponents in full.
func (l *Law) Tables() []Table {
	if !l.decided() {
		return nil
	}
	tables := []Table{{"Success by width: the share, and its 95 % Wilson interval", l.shareRows(l.widths())},
		{"Needed width, cell by cell (isotonic) and by the law, with 95 % intervals over data seeds", l.neededRows()}}
	if l.Sought != nil {
		tables = []Table{{sentence(l.sharesTitle()), l.groupRows(2 * across)}, {"Needed width, " + l.neededTitle(), l.neededRows()}}
	}
	if l.Line != nil {
		tables = append(tables, Table{"Exponents of the needed width, with 95 % intervals", l.exponentRows()})
	}
	if len(l.Forms) > 0 {
		tables = append(tables, Table{"Forms of the law, by how well they foretell the runs at an n left out", l.formRows()})
	}
	if len(l.Crossings) > 0 {
		tables = append(tables, Table{"Crossings of the success of neighbouring n, at the same m d / n, with 95 % intervals over data seeds", l.crossingRows()})
	}
	return tables
}

func (l *Law) exponentRows() [][]string {
	rows := [][]string{{"of", "exponent", "told", "bootstrap (BCa)", "Fieller", "variance inflation", "decades"}}
	add := func(name string, e *Exponent, t Term) {
		told := "no: ~"
		if e.Told {
			told = "yes"
		}
		rows = append(rows, []string{name, cellText(number(t.Exponent)), told, between(t.Low, t.High), between(t.FiellerLow, t.FiellerHigh),
			short(t.Inflation), short(t.Decades)})
	}
	for _, t := range l.Line.Terms {
		add(symbol(t.Name), l.exponent(t.Name), t)
	}
	for _, t := range l.Line.Along {
		e := l.Along
		if t.Name == "d" {
			e = l.AlongD
		}
		add(symbol(t.Name)+" along the sweep", e, t)
	}
	return rows
}

func between(low, high float64) string {
	if math.IsNaN(low) || math.IsNaN(high) {
		return "–"
	}
	return "[" + short(low) + ", " + short(high) + "]"
}

// Sentence is the law in a line.
func (l *Law) Sentence() string {
	var b strings.Builder
	l.writeLine(&b)
	return strings.TrimSpace(b.String())
}

// Heading is the event, and what tells the family from the analysis' others.
func (l *Law) Heading() string { return l.heading() }

// TheoryTable is the theory's beside what was measured.
func (a *Analysis) TheoryTable() Table {
	title := a.theoryTitle()
	return Table{sentence(title), a.theoryRows()}
}

// sentence begins with a capital.
func sentence(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
