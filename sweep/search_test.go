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

// crossedSpec is a search with an axis a of data seeds and an axis b of seeds.
func crossedSpec(t *testing.T, a, b, rest string) (*Spec, *Cells) {
	t.Helper()
	spec, err := Parse([]*Trainer{toy()}, "spec.yaml", []byte("name: c\ntrainer: toy\nfixed: {n: 3, d: 10}\ngrid:\n  data_seed: "+a+
		"\n  m: {search: [8, 12], resolution: 1.2}\n  seed: "+b+"\n"+rest), nil)
	if err != nil {
		t.Fatal(err)
	}
	return spec, spec.Cells()
}

// TestCrossedSeeds wants a new data set and new initial weights for every run as long as there are some, and each pair once.
func TestCrossedSeeds(t *testing.T) {
	for _, c := range []struct {
		a, b        string
		fresh, runs int // runs until the shorter axis is used up, runs in all
		rest        string
	}{
		{"0..29", "0..199", 30, 6000, ""},
		{"0..199", "0..29", 30, 6000, ""},
		{"0..6", "0..6", 7, 49, ""},
		{"[3]", "0..6", 1, 7, ""},
		{"0..5", "0..8", 6, 54, ""},
		{"[7, 8, 7, 9]", "0..8", 2, 27, ""},
		{"0..99", "0..99", 1, 45, "where: seed > data_seed + 90\n"},
		{"0..9999", "0..9999", 1, 6, "where: seed > data_seed + 9996\n"},
	} {
		spec, cells := crossedSpec(t, c.a, c.b, c.rest)
		next, pairs, runs := cells.Seeds(0), map[[2]int64]bool{}, 0
		seeds, data := map[int64]bool{}, map[int64]bool{}
		for at, ok := next(); ok; at, ok = next() {
			p, kept := spec.Space.Point(at)
			seed, set := p.Int("seed"), p.Int("data_seed")
			if !kept || pairs[[2]int64{seed, set}] {
				t.Fatalf("%s, %s: run %d has seed %d and data_seed %d, kept: %v", c.a, c.b, runs, seed, set, kept)
			}
			pairs[[2]int64{seed, set}], seeds[seed], data[set] = true, true, true
			if runs++; runs <= c.fresh && (len(seeds) < runs || len(data) < runs) {
				t.Errorf("%s, %s: the first %d runs have %d seeds and %d data sets", c.a, c.b, runs, len(seeds), len(data))
			}
		}
		if _, ok := next(); ok || runs != c.runs {
			t.Errorf("%s, %s, %s: %d runs, want %d, and then none", c.a, c.b, c.rest, runs, c.runs)
		}
	}
}

// TestCrossedThrice wants each combination of three axes once, and a new digit of each while there are some.
func TestCrossedThrice(t *testing.T) {
	trainer := toy()
	trainer.Param("pairs").Seed = true
	spec, err := Parse([]*Trainer{trainer}, "spec.yaml", []byte("name: c\ntrainer: toy\nfixed: {n: 50, d: 10, data: pairs, angle: 1}\n"+
		"grid:\n  pairs: 1..4\n  data_seed: 0..5\n  m: {search: [8, 12], resolution: 1.2}\n  seed: 0..9\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	next, found := spec.Cells().Seeds(0), map[uint64]bool{}
	for at, ok := next(); ok; at, ok = next() {
		p, _ := spec.Space.Point(at)
		if n := int64(len(found)); n < 4 && (p.Int("pairs") != n+1 || p.Int("data_seed") != n || p.Int("seed") != n) {
			t.Errorf("run %d has pairs %d, data_seed %d, seed %d", n, p.Int("pairs"), p.Int("data_seed"), p.Int("seed"))
		}
		if found[at] {
			t.Fatalf("index %d comes twice", at)
		}
		found[at] = true
	}
	if len(found) != 240 {
		t.Errorf("%d runs, want 240", len(found))
	}
}

// TestOneAxisOfSeeds wants the order of indexes where no seeds are crossed: searches that exist go on as they were.
func TestOneAxisOfSeeds(t *testing.T) {
	spec, err := Parse([]*Trainer{toy()}, "spec.yaml", []byte("name: c\ntrainer: toy\nfixed: {n: 3, d: 10}\n"+
		"grid:\n  data_seed: [9, 8, 7]\n  m: {search: [8, 12], resolution: 1.2}\n  seed: [4, 5, 6]\nzip: [[seed, data_seed]]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	next := spec.Cells().Seeds(0)
	for _, want := range [][2]int64{{4, 9}, {5, 8}, {6, 7}} {
		at, ok := next()
		if p, kept := spec.Space.Point(at); !ok || !kept || p.Int("seed") != want[0] || p.Int("data_seed") != want[1] {
			t.Errorf("seed %d, data_seed %d; want %v", p.Int("seed"), p.Int("data_seed"), want)
		}
	}
}
