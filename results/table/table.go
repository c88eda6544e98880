// Package table writes a sweep's points and curves as CSV, JSON lines and Parquet, row by row in constant memory. Start with
// column.go, which says what the columns are; csv.go, jsonl.go and parquet.go each write them down.
//
// The columns are stable: index, key, the trainer's parameters in the order of its table, state, its scalars likewise, then
// "<curve>_final" of the recorded curves, then provenance; for curves index, key, step, the curves. What is undefined
// (an idle parameter, a scalar that is not decided, the outcome of a point that has none) is empty in CSV and null in the
// others. Every number reads back to the same bits.
package table

import (
	"fmt"
	"io"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Header says what the columns are of.
type Header struct {
	Trainer *sweep.Trainer
	Curves  []string // recorded ones, of all points; names of Trainer.Curves in any order
}

// A Row is one point.
type Row struct {
	Index   uint64 // in the sweep's space
	Key     sweep.Key
	Point   sweep.Point
	State   sweep.State
	Outcome *sweep.Outcome // nil: the point has none
}

// Formats are the names that New knows.
var Formats = []string{"csv", "jsonl", "parquet"}

// A Writer writes a table. Close must be called for the table to be whole; it does not close what is written to.
type Writer struct {
	columns []column
	fill    func(Row, func([]cell) error) error
	encoder encoder
}

// An encoder writes records of the same columns.
type encoder interface {
	record(cells []cell) error
	close() error
}

// New writes a row a point.
func New(w io.Writer, format string, h Header) (*Writer, error) {
	return newWriter(w, format, pointColumns(h))
}

// NewCurves writes a row a recorded step; a point without curves has none.
func NewCurves(w io.Writer, format string, h Header) (*Writer, error) {
	return newWriter(w, format, curveColumns(h))
}

func newWriter(w io.Writer, format string, s shape) (*Writer, error) {
	seen := map[string]bool{}
	for _, c := range s.columns {
		if seen[c.name] {
			return nil, fmt.Errorf("two columns are called %q: rename the trainer's parameter or scalar", c.name)
		}
		seen[c.name] = true
	}
	t := &Writer{columns: s.columns, fill: s.fill}
	var err error
	switch format {
	case "csv":
		t.encoder, err = newCSV(w, s.columns)
	case "jsonl":
		t.encoder = newJSONL(w, s.columns)
	case "parquet":
		t.encoder = newParquet(w, s.columns)
	default:
		err = fmt.Errorf("unknown format %q: choose among %v", format, Formats)
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// Write adds a point, or its steps.
func (t *Writer) Write(r Row) error { return t.fill(r, t.encoder.record) }

// Close writes what is still held back.
func (t *Writer) Close() error { return t.encoder.close() }
