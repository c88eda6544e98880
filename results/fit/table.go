package fit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// short is x to three digits, with a real minus, and whole above 1000.
func short(x float64) string {
	s := strconv.FormatFloat(x, 'g', 3, 64)
	switch {
	case math.IsInf(x, 0):
		s = strings.TrimPrefix(fmt.Sprint(x), "+")
	case math.Abs(x) >= 1000 && math.Abs(x) < 1e15:
		s = strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strings.Replace(s, "-", "−", 1)
}

func symbol(term string) string {
	if term == "lambda0" {
		return "λ0"
	}
	return term
}

// writeTable aligns: numbers right, a column with any text left.
func writeTable(b *strings.Builder, rows [][]string) {
	size := make([]int, len(rows[0]))
	text := make([]bool, len(rows[0]))
	for i, row := range rows {
		for j, s := range row {
			size[j] = max(size[j], utf8.RuneCountInString(s))
			text[j] = text[j] || i > 0 && strings.ContainsFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' && r != 'e' })
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for j, s := range row {
			pad := strings.Repeat(" ", size[j]-utf8.RuneCountInString(s))
			if text[j] {
				line.WriteString("  " + s + pad)
			} else {
				line.WriteString("  " + pad + s)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// writeWrapped writes a warning, broken at 110 columns.
func writeWrapped(b *strings.Builder, text string) { writeLines(b, "  ! ", "    ", text, 110) }

// Wrapped is a text in lines of at most so many columns.
func Wrapped(text string, columns int) string {
	var b strings.Builder
	writeLines(&b, "", "", text, columns)
	return b.String()
}

// writeLines writes words, broken at a number of columns, behind what the first line and the others begin with.
func writeLines(b *strings.Builder, first, others, text string, columns int) {
	line, empty := first, true
	for word := range strings.FieldsSeq(text) {
		if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns {
			b.WriteString(line + "\n")
			line, empty = others, true
		}
		if !empty {
			line += " "
		}
		line, empty = line+word, false
	}
	b.WriteString(line + "\n")
}
