package gd

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/widthlaw/widthlaw/sweep"
)

// fileDataset is the first n rows of a point's data file.
func fileDataset(ctx context.Context, p sweep.Point, file func(ctx context.Context, hash string) (string, error)) (*dataset, error) {
	path, err := file(ctx, p.Text("path"))
	if err != nil {
		return nil, err
	}
	ds, err := readFile(path, p, int(p.Int("n")))
	if err != nil {
		return nil, fmt.Errorf("data file: %w", err)
	}
	if n := int(p.Int("n")); n > ds.N {
		return nil, fmt.Errorf("data file: n is %d, but the file has %d rows; write a smaller n, or leave it out", n, ds.N)
	}
	if d := int(p.Int("d")); d != ds.D {
		return nil, fmt.Errorf("data file: d is %d, but %d columns are inputs; leave d out, or choose columns", d, ds.D)
	}
	if p.Text("normalise") == "rows" {
		if err := ds.normalise(); err != nil {
			return nil, fmt.Errorf("data file: %w", err)
		}
	}
	if p.Text("labels") == "file" {
		return ds, nil
	}
	return ds, ds.label(ctx, p)
}

// dataShape is what a data file says of a point: n, all of its rows, and d. It reads and checks the whole file.
func dataShape(path string, p sweep.Point) (map[string]sweep.Value, error) {
	ds, err := readFile(path, p, math.MaxInt)
	if err == nil && p.Text("normalise") == "rows" {
		err = ds.normalise()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return map[string]sweep.Value{"n": sweep.IntValue(int64(ds.N)), "d": sweep.IntValue(int64(ds.D))}, nil
}

// readFile reads the first rows of a CSV or NPY file, told apart by their first bytes.
func readFile(path string, p sweep.Point, rows int) (*dataset, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(f)
	magic, err := r.Peek(len(npyMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	want := choiceOf(p)
	var ds *dataset
	switch {
	case string(magic) == npyMagic:
		ds, err = readNPY(r, info.Size(), want, rows)
	case strings.HasPrefix(string(magic), "PK\x03\x04"):
		err = errors.New("this is a ZIP archive, such as an NPZ file; write the one array with numpy.save, or as CSV")
	default:
		ds, err = readCSV(r, want, rows)
	}
	if err == nil && ds.N == 0 {
		err = errors.New("it has no rows of numbers; write a row a sample, with commas between the columns")
	}
	return ds, err
}

// normalise makes each input length 1.
func (ds *dataset) normalise() error {
	for i := range ds.N {
		row, size := ds.row(i), 0.0
		for _, v := range row {
			size = max(size, math.Abs(v))
		}
		if size == 0 {
			return fmt.Errorf("row %d (the first is 0, names not counted) is all zeros and has no direction; remove it, or write normalise: none", i)
		}
		_, e := math.Frexp(size) // by an exact power of two, so that squares neither overflow nor vanish
		for j, v := range row {
			row[j] = math.Ldexp(v, -e)
		}
		unit(row)
	}
	return nil
}

// largest is what an input or a label may be in size: its square, and sums of squares, stay far from overflowing.
const largest = 1e100

// usable says what is wrong with a number of a data file; "" if nothing is.
func usable(v float64) string {
	switch {
	case math.IsNaN(v):
		return "is not a number; remove the row, or fill in a number"
	case !(math.Abs(v) <= largest):
		return "is too large; remove the row, or scale the column so that numbers are at most 1e100 in size"
	}
	return ""
}

// A columnChoice is which columns are wanted, each by name or by number. The first number is 0, -1 is the last column.
type columnChoice struct {
	inputs []string // nil: all but the label
	label  string   // empty: none
}

func choiceOf(p sweep.Point) columnChoice {
	c := columnChoice{label: p.Text("label")}
	if v := p.Get("columns"); v.Defined() {
		c.inputs = v.Entries()
	}
	return c
}

// named says whether a chosen column is called so.
func (c columnChoice) named(name string) bool {
	return name == c.label || slices.Contains(c.inputs, name)
}

// places finds the chosen columns among count columns, which may have names. label is -1 where none is wanted.
func (c columnChoice) places(names []string, count int) (inputs []int, label int, err error) {
	label = -1
	if c.label != "" {
		if label, err = place(c.label, names, count); err != nil {
			return nil, 0, fmt.Errorf("label: %w", err)
		}
	}
	if c.inputs == nil {
		for j := range count {
			if j != label {
				inputs = append(inputs, j)
			}
		}
	}
	for _, name := range c.inputs {
		j, err := place(name, names, count)
		switch {
		case err != nil:
			return nil, 0, fmt.Errorf("columns: %w", err)
		case j == label:
			return nil, 0, fmt.Errorf("columns: %q is the label; remove it, or choose another label", name)
		case slices.Contains(inputs, j):
			return nil, 0, fmt.Errorf("columns: %q is there twice; remove one", name)
		}
		inputs = append(inputs, j)
	}
	if len(inputs) == 0 {
		return nil, 0, errors.New("no column is left for the inputs; the file needs a column beside the label")
	}
	return inputs, label, nil
}

// place is the column of that name, else of that number.
func place(name string, names []string, count int) (int, error) {
	name = strings.TrimSpace(name)
	if j := slices.Index(names, name); j >= 0 {
		if slices.Contains(names[j+1:], name) {
			return 0, fmt.Errorf("two columns are called %q; choose by number, the first is 0", name)
		}
		return j, nil
	}
	j, err := strconv.Atoi(name)
	if err == nil && j < 0 {
		j += count
	}
	if err == nil && 0 <= j && j < count {
		return j, nil
	}
	if names == nil {
		return 0, fmt.Errorf("there is no column %q; the columns have no names, choose among 0 to %d", name, count-1)
	}
	return 0, fmt.Errorf("there is no column %q; choose among %s, or 0 to %d", name, some(names), count-1)
}

// some lists names, a few of many.
func some(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}
