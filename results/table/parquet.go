package table

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/widthlaw/widthlaw/sweep"
)

const (
	groupRows = 8192 // a row group is what is held in memory until it is written
	batchRows = 256
)

type parquetEncoder struct {
	w       *parquet.GenericWriter[any]
	columns []column
	rows    []parquet.Row // Invariant: the first used ones wait to be written; their storage is used again
	used    int
}

func newParquet(w io.Writer, columns []column) *parquetEncoder {
	group := parquet.Group{}
	for _, c := range columns {
		group[c.name] = c.node()
	}
	fields := group.Fields() // by name
	place := func(f parquet.Field) int {
		return slices.IndexFunc(columns, func(c column) bool { return c.name == f.Name() })
	}
	slices.SortFunc(fields, func(a, b parquet.Field) int { return place(a) - place(b) })
	schema := parquet.NewSchema("widthlaw", ordered{group, fields})
	return &parquetEncoder{
		w: parquet.NewGenericWriter[any](w, schema, parquet.Compression(&zstd.Codec{}), parquet.MaxRowsPerRowGroup(groupRows),
			parquet.KeyValueMetadata("widthlaw.schema", "1"), parquet.CreatedBy("widthlaw", "1", "")),
		columns: columns, rows: make([]parquet.Row, batchRows),
	}
}

// ordered is a group whose fields keep the columns' order.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

func (c column) node() parquet.Node {
	var n parquet.Node
	switch c.kind {
	case integer:
		n = parquet.Int(64)
	case number:
		n = parquet.Leaf(parquet.DoubleType)
	case truth:
		n = parquet.Leaf(parquet.BooleanType)
	case timestamp:
		n = parquet.Timestamp(parquet.Microsecond)
	default:
		n = parquet.String()
		if c.name != "key" { // few different ones
			n = parquet.Encoded(n, &parquet.RLEDictionary)
		}
	}
	if c.required {
		return n
	}
	return parquet.Optional(n)
}

func (e *parquetEncoder) record(cells []cell) error {
	row := e.rows[e.used][:0]
	for i, c := range cells {
		v, err := c.parquet(e.columns[i])
		if err != nil {
			return err
		}
		level := 0
		if c.defined() && !e.columns[i].required {
			level = 1
		}
		row = append(row, v.Level(0, level, i))
	}
	e.rows[e.used] = row
	if e.used++; e.used == batchRows {
		return e.flush()
	}
	return nil
}

func (e *parquetEncoder) flush() error {
	_, err := e.w.WriteRows(e.rows[:e.used])
	e.used = 0
	return err
}

func (e *parquetEncoder) close() error {
	if err := e.flush(); err != nil {
		return err
	}
	return e.w.Close()
}

func (c cell) parquet(in column) (parquet.Value, error) {
	switch kind := c.value.Kind; {
	case !c.defined():
		return parquet.NullValue(), nil
	case in.kind == text:
		return parquet.ByteArrayValue([]byte(strings.ToValidUTF8(c.text(), "\uFFFD"))), nil
	case in.kind == timestamp && !c.at.IsZero():
		return parquet.Int64Value(c.at.UnixMicro()), nil
	case in.kind == integer && kind == sweep.Int:
		return parquet.Int64Value(c.value.Int), nil
	case in.kind == number && kind == sweep.Float:
		return parquet.DoubleValue(c.value.Float), nil
	case in.kind == truth && kind == sweep.Bool:
		return parquet.BooleanValue(c.value.Int == 1), nil
	}
	return parquet.Value{}, fmt.Errorf("column %s cannot hold %q: the trainer's table gives it another type", in.name, c.text())
}
