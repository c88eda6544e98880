package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/widthlaw/widthlaw/sweep"
)

// parameterHelp is the trainers' tables as --help shows them.
func (a *app) parameterHelp() string {
	var b strings.Builder
	for _, t := range a.trainers {
		fmt.Fprintf(&b, "\n\nParameters of trainer %s (%s):\n", t.Name, t.Summary)
		writeParameters(&b, t)
		b.WriteString("\nCurves:\n")
		for _, c := range t.Curves {
			fmt.Fprintf(&b, "  %-16s %s\n", c.Name, c.Doc)
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

func writeParameters(b *strings.Builder, t *sweep.Trainer) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for i := range t.Params {
		p := &t.Params[i]
		is := p.Is
		if is == "" && p.Default == nil {
			is = "must be given"
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\n", p.Name, p.Wants(), is)
	}
	w.Flush()
}
