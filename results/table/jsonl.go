package table

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/widthlaw/widthlaw/sweep"
)

// jsonlEncoder writes an object a line, "schema" first, then the columns in order. A parameter that may be relative to the
// data set is a number where it is plain and a string where it is relative.
type jsonlEncoder struct {
	w     *bufio.Writer
	names [][]byte // `,"name":`
	line  []byte
}

func newJSONL(w io.Writer, columns []column) *jsonlEncoder {
	e := &jsonlEncoder{w: bufio.NewWriterSize(w, 64<<10)}
	for _, c := range columns {
		e.names = append(e.names, append(append([]byte{','}, quote(c.name)...), ':'))
	}
	return e
}

func (e *jsonlEncoder) record(cells []cell) error {
	e.line = append(e.line[:0], `{"schema":1`...)
	for i, c := range cells {
		e.line = append(append(e.line, e.names[i]...), c.json()...)
	}
	e.line = append(e.line, '}', '\n')
	_, err := e.w.Write(e.line)
	return err
}

func (e *jsonlEncoder) close() error { return e.w.Flush() }

func (c cell) json() []byte {
	switch c.value.Kind {
	case sweep.Bool, sweep.Int, sweep.Float:
		return []byte(c.value.String())
	case sweep.List:
		return quoteList(c.value)
	}
	if !c.defined() {
		return []byte("null")
	}
	return quote(c.text())
}

func quote(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings can always be written
	}
	return b
}
