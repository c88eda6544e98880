package table

import (
	"encoding/json"
	"math"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A column has one type in all its rows.
type column struct {
	name     string
	kind     kind
	required bool // never undefined
}

// A kind is a column's type where the format has types.
type kind uint8

const (
	integer   kind = iota
	number         // float64
	truth          // bool
	text           // also of what may be a number or relative to a data set, and of lists, which are JSON
	timestamp      // UTC
)

// A cell is a value of any column; the zero cell is undefined.
type cell struct {
	value    sweep.Value
	quantity string    // what a Relative is relative to
	at       time.Time // of a timestamp
}

// A shape is columns, and how rows fill them. Cells are in columns' order and valid until the next record.
type shape struct {
	columns []column
	fill    func(Row, func([]cell) error) error
}

var provenance = []column{
	{name: "host", kind: text},
	{name: "agent", kind: text},
	{name: "kernel", kind: text},
	{name: "version", kind: text},
	{name: "revision", kind: text},
	{name: "started", kind: timestamp},
	{name: "finished", kind: timestamp},
	{name: "attempts", kind: integer},
	{name: "threads", kind: integer},
	{name: "seconds", kind: number},
}

func pointColumns(h Header) shape {
	columns := []column{{"index", integer, true}, {"key", text, true}}
	for i := range h.Trainer.Params {
		p := &h.Trainer.Params[i]
		columns = append(columns, column{name: p.Name, kind: paramKind(p)})
	}
	columns = append(columns, column{"state", text, true})
	scalars := scalarColumns(h)
	columns = append(append(columns, scalars...), provenance...)
	record := make([]cell, 0, len(columns))
	return shape{columns, func(r Row, emit func([]cell) error) error {
		record = append(record[:0], integerCell(int64(r.Index)), textCell(r.Key.String()))
		for i, v := range r.Point.Values {
			record = append(record, cell{value: v, quantity: h.Trainer.Params[i].Relative})
		}
		record = append(record, textCell(r.State.String()))
		var outcome sweep.Outcome
		if r.Outcome != nil {
			outcome = *r.Outcome
		}
		for _, c := range scalars {
			record = append(record, finite(outcome.Scalars[c.name]))
		}
		if r.Outcome == nil {
			return emit(append(record, make([]cell, len(provenance))...))
		}
		return emit(appendProvenance(record, outcome.Provenance))
	}}
}

func paramKind(p *sweep.Param) kind {
	switch {
	case p.Relative != "":
		return text
	case p.Type == sweep.IntType:
		return integer
	case p.Type == sweep.FloatType:
		return number
	case p.Type == sweep.BoolType:
		return truth
	}
	return text
}

// scalarColumns are the trainer's scalars, then the last values of recorded curves, as far as they are no scalars already.
func scalarColumns(h Header) []column {
	kinds := map[sweep.Kind]kind{sweep.Int: integer, sweep.Float: number, sweep.Bool: truth}
	var columns []column
	for _, s := range h.Trainer.Scalars {
		k, ok := kinds[s.Kind]
		if !ok {
			k = text
		}
		columns = append(columns, column{name: s.Name, kind: k})
	}
	for _, name := range recorded(h) {
		final := column{name: name + "_final", kind: number}
		if !slices.ContainsFunc(columns, func(c column) bool { return c.name == final.name }) {
			columns = append(columns, final)
		}
	}
	return columns
}

// recorded are the header's curves in the order of the trainer's table.
func recorded(h Header) []string {
	var names []string
	for _, c := range h.Trainer.Curves {
		if slices.Contains(h.Curves, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}

func appendProvenance(record []cell, p sweep.Provenance) []cell {
	for _, s := range []string{p.Host, p.Agent, p.Kernel, p.Version, p.Revision} {
		record = append(record, textCell(s))
	}
	return append(record, cell{at: p.Started.UTC()}, cell{at: p.Finished.UTC()},
		integerCell(int64(p.Attempts)), integerCell(int64(p.Threads)), numberCell(p.Seconds))
}

func curveColumns(h Header) shape {
	columns := []column{{"index", integer, true}, {"key", text, true}, {"step", integer, true}}
	names := recorded(h)
	for _, name := range names {
		columns = append(columns, column{name: name, kind: number})
	}
	record := make([]cell, len(columns))
	return shape{columns, func(r Row, emit func([]cell) error) error {
		if r.Outcome == nil {
			return nil
		}
		record[0], record[1] = integerCell(int64(r.Index)), textCell(r.Key.String())
		for i, step := range r.Outcome.Curves.Step {
			record[2] = integerCell(step)
			for j, name := range names {
				record[3+j] = cell{}
				if values := r.Outcome.Curves.Values[name]; values != nil {
					record[3+j] = numberCell(values[i])
				}
			}
			if err := emit(record); err != nil {
				return err
			}
		}
		return nil
	}}
}

func integerCell(i int64) cell { return cell{value: sweep.IntValue(i)} }
func textCell(s string) cell   { return cell{value: sweep.TextValue(s)} }

// numberCell is undefined for what is no finite number.
func numberCell(f float64) cell { return finite(sweep.FloatValue(f)) }

func finite(v sweep.Value) cell {
	if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
		return cell{}
	}
	return cell{value: v}
}

func (c cell) defined() bool { return c.value.Defined() || !c.at.IsZero() }

// text is the cell in words, as the user would write it; empty if undefined.
func (c cell) text() string {
	switch {
	case !c.at.IsZero():
		return c.at.Format(time.RFC3339Nano)
	case c.value.Kind == sweep.Relative:
		return c.value.String() + "/" + c.quantity
	case c.value.Kind == sweep.List:
		return string(quoteList(c.value))
	}
	return c.value.String()
}

func quoteList(v sweep.Value) []byte {
	b, err := json.Marshal(v.Entries())
	if err != nil {
		panic(err) // strings can always be written
	}
	return b
}
