package sweep

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// A SpecMistake is one thing that is wrong with a spec.
type SpecMistake struct {
	Line, Column int // from 1; Column counts characters
	Text         string
}

// A SpecError is everything that is wrong with a spec.
type SpecError struct {
	Filename string
	Text     []byte
	Mistakes []SpecMistake // Invariant: not empty; sorted by position
}

// printed bounds how many mistakes Error shows.
const printed = 50

// Error shows each mistake as file:line:column: text, the source line below it and a caret below the column.
func (e *SpecError) Error() string {
	var b strings.Builder
	lines := bytes.Split(e.Text, []byte("\n"))
	for i, m := range e.Mistakes {
		if i == printed {
			fmt.Fprintf(&b, "and %d more mistakes\n", len(e.Mistakes)-printed)
			break
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s\n", e.Filename, m.Line, m.Column, m.Text)
		if m.Line <= len(lines) {
			writeSource(&b, string(bytes.TrimRight(lines[m.Line-1], "\r")), m.Column)
		}
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// writeSource shows the part of a line around a column, and a caret.
func writeSource(b *strings.Builder, line string, column int) {
	const width = 160
	runes := []rune(strings.ToValidUTF8(line, "?"))
	if start := column - width/2; len(runes) > width && start > 0 {
		start = min(start, len(runes))
		runes, column = runes[start:], column-start
	}
	if len(runes) > width {
		runes = runes[:width]
	}
	fmt.Fprintf(b, "    %s\n    ", string(runes))
	for i := 0; i < column-1; i++ {
		if i < len(runes) && runes[i] == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
	}
	b.WriteString("^\n")
}

// A place is a position in a spec.
type place struct{ line, column int }

func at(n *yaml.Node) place { return place{n.Line, n.Column} }

// mistakes are collected while a spec is read.
type mistakes []SpecMistake

func (m *mistakes) add(p place, format string, args ...any) {
	*m = append(*m, SpecMistake{max(1, p.line), max(1, p.column), fmt.Sprintf(format, args...)})
}

// sorted are the mistakes by position, no two equal.
func (m mistakes) sorted() []SpecMistake {
	slices.SortStableFunc(m, func(a, b SpecMistake) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(m)
}
