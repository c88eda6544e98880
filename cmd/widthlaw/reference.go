package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/widthlaw/widthlaw/sweep"
)

// The reference pages of docs/ are made of what the program itself knows; a test compares them, and `make generate` makes them again.
//
//go:generate go test -run TestReferencePages . -update

// trainerReference is a trainer's table in Markdown.
func trainerReference(t *sweep.Trainer) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## Trainer %s\n\nVersion %d: %s.\n\n", t.Name, t.Version, t.Summary)
	b.WriteString("| parameter | takes | default | what |\n|---|---|---|---|\n")
	for i := range t.Params {
		p := &t.Params[i]
		is, doc := p.Is, p.Doc
		if p.Default == nil {
			is = "–"
		}
		if len(p.When) > 0 {
			doc += " (where " + sweep.WhenText(p.When) + ")"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", p.Name, p.Wants(), is, doc)
	}
	b.WriteString("\n| curve | what |\n|---|---|\n")
	for _, c := range t.Curves {
		fmt.Fprintf(&b, "| `%s` | %s |\n", c.Name, c.Doc)
	}
	b.WriteString("\n| scalar | what |\n|---|---|\n")
	for _, s := range t.Scalars {
		fmt.Fprintf(&b, "| `%s` | %s |\n", s.Name, s.Doc)
	}
	return b.String()
}

// verbReference is every verb's help in Markdown.
func verbReference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# The verbs\n\nMade by `make generate` from `widthlaw VERB --help`.\n\n")
	fmt.Fprintf(&b, "%s\n", root.Long)
	for _, g := range root.Groups() {
		fmt.Fprintf(&b, "\n## %s\n", strings.TrimSuffix(g.Title, ":"))
		for _, cmd := range root.Commands() {
			if cmd.GroupID == g.ID {
				writeVerb(&b, cmd)
			}
		}
	}
	b.WriteString("\n## Every verb\n\n```text\n" + flagText(root.PersistentFlags()) + "```\n")
	return b.String()
}

func writeVerb(b *strings.Builder, cmd *cobra.Command) {
	long, _, _ := strings.Cut(cmd.Long, "\n\nParameters of trainer") // they have a page of their own
	if long == "" {
		long = cmd.Short + "."
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n```text\n%s\n```\n", strings.TrimPrefix(cmd.CommandPath(), "widthlaw "), long, cmd.Example)
	if flags := flagText(cmd.LocalNonPersistentFlags()); flags != "" {
		fmt.Fprintf(b, "\n```text\n%s```\n", flags)
	}
	for _, sub := range cmd.Commands() {
		writeVerb(b, sub)
	}
}

// flagText is the flags' help, without defaults that are this machine's own.
func flagText(flags *pflag.FlagSet) string {
	machines := map[string]string{"threads": "0", "binary": ""} // what pflag takes for no default
	var kept pflag.FlagSet
	flags.VisitAll(func(f *pflag.Flag) {
		shown := *f
		if none, ok := machines[f.Name]; ok {
			shown.DefValue = none
		}
		if f.Name != "help" {
			kept.AddFlag(&shown)
		}
	})
	return kept.FlagUsages()
}
