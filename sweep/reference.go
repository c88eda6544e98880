package sweep

import (
	"fmt"
	"strings"
	"text/tabwriter"
)

// Reference is the trainer's tables of parameters, curves and scalars for a terminal: --help prints it.
func (t *Trainer) Reference() string {
	var b strings.Builder
	fmt.Fprintf(&b, "trainer %s, version %d: %s\n", t.Name, t.Version, t.Summary)
	for _, table := range t.tables() {
		fmt.Fprintf(&b, "\n%s\n", table.title)
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, row := range table.rows {
			fmt.Fprintf(w, "  %s\n", strings.Join(row, "\t"))
		}
		w.Flush()
	}
	return b.String()
}

// ReferenceMarkdown is the same for the documentation.
func (t *Trainer) ReferenceMarkdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Trainer `%s`, version %d\n\n%s.\n", t.Name, t.Version, t.Summary)
	escape := strings.NewReplacer("|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_")
	for _, table := range t.tables() {
		fmt.Fprintf(&b, "\n### %s\n\n| %s |\n|%s\n", table.title, strings.Join(table.columns, " | "), strings.Repeat("---|", len(table.columns)))
		for _, row := range table.rows {
			cells := []string{"`" + row[0] + "`"}
			for _, cell := range row[1:] {
				cells = append(cells, escape.Replace(cell))
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	return b.String()
}

// A referenceTable is one part of the reference.
type referenceTable struct {
	title   string
	columns []string
	rows    [][]string
}

func (t *Trainer) tables() []referenceTable {
	params := referenceTable{title: "Parameters", columns: []string{"name", "takes", "default", "what"}}
	for i := range t.Params {
		p := &t.Params[i]
		is := p.Is
		if p.Default == nil {
			is = "must be given"
		}
		params.rows = append(params.rows, []string{p.Name, p.Wants(), is, p.Doc + only("where", p.When)})
	}
	curves := referenceTable{title: "Curves", columns: []string{"name", "unit", "what"}}
	for _, c := range t.Curves {
		curves.rows = append(curves.rows, []string{c.Name, c.Unit, c.Doc + only("recorded where", c.When)})
	}
	scalars := referenceTable{title: "Scalars", columns: []string{"name", "kind", "what"}}
	for _, s := range t.Scalars {
		scalars.rows = append(scalars.rows, []string{s.Name, s.Kind.String(), s.Doc})
	}
	scalars.rows = append(scalars.rows, []string{"<curve>_final", Float.String(), "a recorded curve's value at the last step"})
	return []referenceTable{params, curves, scalars}
}

func only(where string, when []When) string {
	if len(when) == 0 {
		return ""
	}
	return "; only " + where + " " + WhenText(when)
}
