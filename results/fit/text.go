package fit

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// WriteText writes the analysis for people: success by width, needed widths, exponents, warnings, then the theory.
func (a *Analysis) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: the needed width, by event\n", a.Sweep)
	for i := range a.Laws {
		l := &a.Laws[i]
		fmt.Fprintf(&b, "\n== %s ==\n", l.heading())
		if l.decided() {
			fmt.Fprintf(&b, "%d runs, %d of them censored\n\n%s\n", l.Runs, l.Censored, l.sharesTitle())
			l.writeShares(&b)
			b.WriteString("\n")
			writeLines(&b, "", "", fmt.Sprintf("needed width at level %g, %s", l.Level, l.neededTitle()), 130)
			l.writeNeeded(&b)
		}
		l.writeLine(&b)
		l.writeModel(&b)
		l.writeCrossings(&b)
		for _, warning := range l.Warnings {
			writeWrapped(&b, warning.Text)
		}
	}
	if len(a.Search) > 0 {
		b.WriteString("\n")
		a.writeSearch(&b)
	}
	a.writeTheory(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteSummary writes the first table of needed widths that closes a run: of one event alone. all is the command that says the rest.
func (a *Analysis) WriteSummary(w io.Writer, event, all string) error {
	var b strings.Builder
	if a.writeSearch(&b); b.Len() > 0 {
		b.WriteString("\n")
	}
	for i := range a.Laws {
		l := &a.Laws[i]
		if l.Event != event {
			continue
		}
		switch {
		case l.Sought == nil:
			fmt.Fprintf(&b, "needed width for %s, at level %g (95 %% interval over data seeds)\n", l.heading(), l.Level)
			if l.decided() {
				l.writeNeeded(&b)
			}
		case l.Apart != "" && l.Line != nil:
			b.WriteString(l.heading() + "\n")
		}
		l.writeLine(&b)
		if n := len(l.Warnings); n > 0 {
			fmt.Fprintf(&b, "  ! %s: see `%s`\n", plural(n, "warning"), all)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (l *Law) decided() bool { return l.Runs > l.Censored }

// heading is the event and what tells its family from the others.
func (l *Law) heading() string { return l.Event + l.Apart }

// sharesTitle is that of the success by width.
func (l *Law) sharesTitle() string {
	if l.Sought != nil {
		return fmt.Sprintf("success by width, neighbouring ones together until they have %d runs, and one in %d of the cell's (share, 95 %% Wilson interval below)", leastRuns, mostGroups)
	}
	return "success by width (share, 95 % Wilson interval below)"
}

// neededTitle says by which methods needed widths are found.
func (l *Law) neededTitle() string {
	if l.Sought != nil {
		return l.Sought.words(l.Event) + ", and by the law (95 % interval over data seeds)"
	}
	return "cell by cell and by the law (95 % intervals over data seeds)"
}

// across is how many columns of widths a table has at most.
const across = 8

// writeShares writes a row a cell and a column a width, eight columns at a time; beside a search each cell has widths of its own.
func (l *Law) writeShares(b *strings.Builder) {
	if l.Sought != nil {
		writeTable(b, l.groupRows(across))
		return
	}
	for chunk := range slices.Chunk(l.widths(), across) {
		writeTable(b, l.shareRows(chunk))
	}
}

// widths are all that any cell has.
func (l *Law) widths() []int64 {
	var widths []int64
	for _, c := range l.Cells {
		for _, w := range c.Widths {
			widths = append(widths, w.M)
		}
	}
	slices.Sort(widths)
	return slices.Compact(widths)
}

func (l *Law) shareRows(widths []int64) [][]string {
	head := append(l.cellHead(), "m =")
	for _, m := range widths {
		head = append(head, strconv.FormatInt(m, 10))
	}
	rows := [][]string{head}
	for _, c := range l.Cells {
		shares, intervals := append(l.cellNames(c), ""), append(make([]string, len(l.cellHead())), "")
		for _, m := range widths {
			share, interval := c.share(m)
			shares, intervals = append(shares, share), append(intervals, interval)
		}
		rows = append(rows, shares, intervals)
	}
	return rows
}

// share is a width's share of successes and its interval, as text; "." where none was decided, empty where not swept.
func (c Cell) share(m int64) (share, interval string) {
	i := slices.IndexFunc(c.Widths, func(w Width) bool { return w.M == m })
	if i < 0 {
		return "", ""
	}
	return c.Widths[i].share()
}

func (w Width) share() (share, interval string) {
	if w.Runs == 0 {
		return ".", ""
	}
	return fmt.Sprintf("%.2f", w.Share()), fmt.Sprintf("%s–%s", hundredths(w.Low), hundredths(w.High))
}

// hundredths writes a share short: .05, 1
func hundredths(p float64) string {
	s := fmt.Sprintf("%.2f", p)
	if s == "1.00" || s == "0.00" {
		return s[:1]
	}
	return s[1:]
}

func (l *Law) cellHead() []string {
	head := []string{"n"}
	if varies(l.Cells, func(c Cell) Number { return c.D }) {
		head = append(head, "d")
	}
	if varies(l.Cells, func(c Cell) Number { return c.Angle }) {
		head = append(head, "angle")
	}
	return append(head, "λ0")
}

func (l *Law) cellNames(c Cell) []string {
	names := []string{cellText(c.N)}
	if varies(l.Cells, func(c Cell) Number { return c.D }) {
		names = append(names, cellText(c.D))
	}
	if varies(l.Cells, func(c Cell) Number { return c.Angle }) {
		names = append(names, cellText(c.Angle))
	}
	return append(names, cellText(c.Lambda0))
}

func cellText(x Number) string {
	if !x.Defined() {
		return "–"
	}
	return short(float64(x))
}

func (l *Law) writeNeeded(b *strings.Builder) { writeTable(b, l.neededRows()) }

func (l *Law) neededRows() [][]string {
	head := append(l.cellHead(), "runs", "needed m", "interval")
	if l.Line != nil {
		head = append(head, "by the law", "interval")
	}
	rows := [][]string{head}
	for i, c := range l.Cells {
		t, runs := l.Thresholds[i], uint64(0)
		for _, w := range c.Widths {
			runs += w.Runs
		}
		row := append(l.cellNames(c), strconv.FormatUint(runs, 10), t.needed(), t.interval())
		if l.Line != nil {
			row = append(row, t.byLaw()...)
		}
		rows = append(rows, row)
	}
	return rows
}

// byLaw is what the law says of the cell, with its interval.
func (t Threshold) byLaw() []string {
	switch {
	case t.Law == nil:
		return []string{"–", ""}
	case !t.Law.Low.Defined() && !t.Law.High.Defined():
		return []string{cellText(t.Law.M), "~"}
	}
	return []string{cellText(t.Law.M), t.Law.interval()}
}

// interval is [80, 130]; ~ for an end that is none.
func (n *Needed) interval() string {
	end := func(x Number) string {
		if !x.Defined() {
			return "~"
		}
		return short(float64(x))
	}
	return "[" + end(n.Low) + ", " + end(n.High) + "]"
}

// needed is the width as text: 104, > 512, ≤ 16, or – where nothing is known.
func (t Threshold) needed() string {
	switch {
	case t.Inside:
		return short(float64(t.M))
	case t.Low.Defined():
		return "> " + short(float64(t.Low))
	case t.High.Defined():
		return "≤ " + short(float64(t.High))
	}
	return "–"
}

// interval is [80, 130]; an end beyond the swept widths is open.
func (t Threshold) interval() string {
	switch {
	case !t.Inside:
		return ""
	case !t.Low.Defined() && !t.High.Defined():
		return "~"
	}
	low, high := "< …", "… >"
	if t.Low.Defined() {
		low = short(float64(t.Low))
	}
	if t.High.Defined() {
		high = short(float64(t.High))
	}
	return "[" + low + ", " + high + "]"
}

// writeLine writes the law in a line: ~ for what the data does not tell.
func (l *Law) writeLine(b *strings.Builder) {
	if l.Line == nil {
		return
	}
	parts := []string{"n^" + l.Exponents.N.text(), "λ0^" + l.Exponents.Lambda0.text()}
	if l.Exponents.D != nil {
		parts = append(parts, "d^"+l.Exponents.D.text())
	}
	along := ""
	if text := l.alongText(); text != "" {
		along = "; along this sweep m ∼ " + text
	}
	law := strings.Join(parts, " · ")
	if strings.Contains(law, "~") {
		law += " (~: this data cannot tell)"
	}
	fmt.Fprintf(b, "law: m ∼ %s, from %s%s\n", law, plural(l.Line.Cells, "cell"), along)
}

// text is 1.02 [0.91, 1.13], or ~; with what it is as censored runs are read where that is more than the interval.
func (e Exponent) text() string {
	if !e.Told {
		return "~"
	}
	text := exponentText(float64(e.Value), float64(e.Low), float64(e.High))
	if e.Read != nil {
		text += fmt.Sprintf(" (%s to %s as censored runs are read)", alone(e.Read.Low), alone(e.Read.High))
	}
	return text
}

func alone(x Number) string { return exponentText(float64(x), math.NaN(), math.NaN()) }

// exponentText is 1.02 [0.91, 1.13]; without its interval where there is none.
func exponentText(value, low, high float64) string {
	s := fmt.Sprintf("%.2f", value)
	if !math.IsNaN(low) && !math.IsNaN(high) {
		s = fmt.Sprintf("%.2f [%.2f, %.2f]", value, low, high)
	}
	return strings.ReplaceAll(s, "-", "−")
}

// writeModel writes what stands behind the law: the other interval, the slope and the lapse, the rival forms, the censored runs read
// otherwise.
func (l *Law) writeModel(b *strings.Builder) {
	if l.Line == nil || l.Model == nil {
		return
	}
	fmt.Fprintf(b, "     logit of success rises by %s for each factor e of width; lapse %s", short(float64(l.Model.Slope)), short(float64(l.Model.Lapse)))
	var fieller []string
	say := func(name string, e *Exponent) {
		if e != nil && e.Told && e.Fieller.Low.Defined() {
			fieller = append(fieller, strings.ReplaceAll(fmt.Sprintf("%s [%.2f, %.2f]", name, e.Fieller.Low, e.Fieller.High), "-", "−"))
		}
	}
	for _, t := range l.Line.Terms {
		say(symbol(t.Name), l.exponent(t.Name))
	}
	say("n along the sweep", l.Along)
	say("d along it", l.AlongD)
	if len(fieller) > 0 {
		fmt.Fprintf(b, "; by Fieller: %s", strings.Join(fieller, ", "))
	}
	b.WriteString("\n")
	if len(l.Forms) > 0 {
		writeTable(b, l.formRows())
	}
}

func (l *Law) formRows() [][]string {
	rows := [][]string{{"form", "loss a run, n left out", "worse by", "standard error"}}
	for _, f := range l.Forms {
		rows = append(rows, []string{f.Formula, cellText(f.Loss), cellText(f.Worse), cellText(f.Error)})
	}
	return rows
}

// value is the exponent alone, or ~.
func (e Exponent) value() string {
	if !e.Told {
		return "~"
	}
	return alone(e.Value)
}
