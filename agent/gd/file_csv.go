package gd

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// readCSV reads at most so many rows. The first line is a header where none of its fields is a number, or where a column is
// chosen by a name that stands there. Lines that begin with # are skipped. Only chosen columns need to be numbers.
func readCSV(r *bufio.Reader, want columnChoice, rows int) (*dataset, error) {
	if bom, _ := r.Peek(3); string(bom) == "\ufeff" {
		_, _ = r.Discard(3) // which Peek has read
	}
	lines := csv.NewReader(r)
	lines.Comment, lines.FieldsPerRecord, lines.ReuseRecord, lines.TrimLeadingSpace = '#', -1, true, true
	fields, err := lines.Read()
	if errors.Is(err, io.EOF) {
		return &dataset{}, nil
	}
	if err != nil {
		return nil, csvError(err)
	}
	if len(fields) == 1 && strings.ContainsAny(fields[0], ";\t") {
		return nil, fmt.Errorf("the first line is one column, %q; write commas between the columns", fields[0])
	}
	t := csvTable{reader: lines, count: len(fields), ds: &dataset{}}
	if isHeader(fields, want) {
		for _, name := range fields {
			t.names = append(t.names, strings.TrimSpace(name))
		}
		fields = nil
	}
	if t.inputs, t.label, err = want.places(t.names, t.count); err != nil {
		return nil, err
	}
	t.ds.D = len(t.inputs)
	for t.ds.N < rows {
		if fields != nil {
			if err := t.add(fields); err != nil {
				return nil, err
			}
		}
		if fields, err = lines.Read(); errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvError(err)
		}
	}
	return t.ds, nil
}

func isHeader(fields []string, want columnChoice) bool {
	number := func(f string) bool {
		_, err := strconv.ParseFloat(strings.TrimSpace(f), 64)
		return err == nil || errors.Is(err, strconv.ErrRange)
	}
	name := func(f string) bool { return !number(f) && want.named(strings.TrimSpace(f)) }
	return !slices.ContainsFunc(fields, number) || slices.ContainsFunc(fields, name)
}

// A csvTable is a file that is being read.
type csvTable struct {
	reader *csv.Reader
	names  []string // nil: no header
	count  int      // of columns
	inputs []int    // their columns
	label  int      // its column, or -1
	ds     *dataset
}

// add appends a row.
func (t *csvTable) add(fields []string) error {
	if len(fields) != t.count {
		line, _ := t.reader.FieldPos(0)
		return fmt.Errorf("line %d has %d columns, but the first line has %d; make all lines equally long", line, len(fields), t.count)
	}
	for _, j := range t.inputs {
		v, err := t.number(fields, j)
		if err != nil {
			return err
		}
		t.ds.X = append(t.ds.X, v)
	}
	if t.label >= 0 {
		v, err := t.number(fields, t.label)
		if err != nil {
			return err
		}
		t.ds.Y = append(t.ds.Y, v)
	}
	t.ds.N++
	return nil
}

// number is field j of a row.
func (t *csvTable) number(fields []string, j int) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(fields[j]), 64)
	var wrong string
	switch {
	case err == nil:
		wrong = usable(v)
	case errors.Is(err, strconv.ErrRange):
		wrong = usable(math.Inf(1))
	case len(fields) == 1 && strings.Contains(fields[0], " "):
		wrong = "is not a number; write commas between the columns"
	default:
		wrong = "is not a number; write one, or choose other columns (a first line of names must not hold numbers)"
	}
	if wrong == "" {
		return v, nil
	}
	name := ""
	if t.names != nil {
		name = fmt.Sprintf(" (%s)", t.names[j])
	}
	line, _ := t.reader.FieldPos(j)
	return 0, fmt.Errorf("line %d, column %d%s: %q %s", line, j, name, fields[j], wrong)
}

func csvError(err error) error {
	if at, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d, character %d: %w; quote a field as \"...\" whole, and a quote in it as \"\"", at.Line, at.Column, at.Err)
	}
	return err
}
