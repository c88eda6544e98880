package sweep

import (
	"slices"
	"testing"
)

// TestCells wants every kept point of a searched space in one cell, under one seed, at one value, and nothing else.
func TestCells(t *testing.T) {
	spec, err := Parse([]*Trainer{toy()}, "spec.yaml", []byte(`
name: cells
trainer: toy
fixed: {d: 10}
grid:
  data_seed: [5, 6, 5]
  n: [1, 2, 3]
  m: {search: [8, 12], resolution: 1.5}
  data: [sphere, pairs]
  angle: [0.1, 0.2]
  seed: 0..3
where: "n != 2 and (n == 1 or seed != 1)"
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	values := spec.Search.Values()
	if !slices.Equal(values, []int64{8, 9, 10, 11, 12}) || spec.Search.Level != SearchLevel {
		t.Fatalf("%v at %g", values, spec.Search.Level)
	}
	cells, found := spec.Cells(), map[uint64]bool{}
	if cells.Count != 12 || cells.SeedCount != 12 {
		t.Errorf("%d cells with %d seeds", cells.Count, cells.SeedCount)
	}
	for cell := range cells.Count {
		next := cells.Seeds(cell)
		for at, ok := next(); ok; at, ok = next() {
			for digit := range values {
				index := cells.At(at, digit)
				p, kept := spec.Space.Point(index)
				if c, d := cells.Of(index); !kept || c != cell || d != uint64(digit) || p.Int("m") != values[digit] || found[index] {
					t.Fatalf("index %d of cell %d and digit %d: kept %v, cell %d, digit %d, m %d", index, cell, digit, kept, c, d, p.Int("m"))
				}
				if again, ok := spec.Space.Find(p); !ok || again != index {
					t.Fatalf("index %d is found at %d", index, again)
				}
				found[index] = true
			}
		}
	}
	if points, exact := spec.Space.Count(); !exact || points != uint64(len(found)) {
		t.Errorf("%d points in cells, %d in the space", len(found), points)
	}
}

// TestSearchOf wants the search of a spec whose data file is not here.
func TestSearchOf(t *testing.T) {
	text := "name: s\ntrainer: toy\nfixed: {data: file, path: gone.csv, n: 3}\ngrid: {m: {search: [1, 4], resolution: 2, level: 0.5}, seed: 0..9}\n"
	if s := SearchOf([]*Trainer{toy()}, []byte(text)); s == nil || s.Low != 1 || s.High != 4 || s.Level != 0.5 || s.Resolution != 2 {
		t.Errorf("%+v", s)
	}
	if s := SearchOf([]*Trainer{toy()}, []byte("name: s\ntrainer: toy\ngrid: {m: [1, 4]}\n")); s != nil {
		t.Errorf("a list is no search: %+v", s)
	}
}
