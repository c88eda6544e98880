package table

import (
	"encoding/csv"
	"io"
)

type csvEncoder struct {
	w     *csv.Writer
	texts []string
}

func newCSV(w io.Writer, columns []column) (*csvEncoder, error) {
	e := &csvEncoder{csv.NewWriter(w), make([]string, len(columns))}
	for i, c := range columns {
		e.texts[i] = c.name
	}
	return e, e.w.Write(e.texts)
}

func (e *csvEncoder) record(cells []cell) error {
	for i, c := range cells {
		e.texts[i] = c.text()
	}
	return e.w.Write(e.texts)
}

func (e *csvEncoder) close() error {
	e.w.Flush()
	return e.w.Error()
}
