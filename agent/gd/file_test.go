package gd

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// filePoint is a point that trains on a file; text has n and d, unless the file is to say.
func filePoint(t testing.TB, text string) sweep.Point {
	t.Helper()
	trainer := TwoLayer()
	given := map[string]sweep.Value{
		"m": sweep.IntValue(1), "n": sweep.IntValue(1), "d": sweep.IntValue(1),
		"data": sweep.TextValue("file"), "path": sweep.FileValue(strings.Repeat("0", 64)),
	}
	for arg := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(arg, "=")
		v, wrong := trainer.ParseParam(name, value)
		if wrong != "" {
			t.Fatal(wrong)
		}
		given[name] = v
	}
	p, mistakes := trainer.Complete(given, sweep.DefaultRecord())
	if len(mistakes) > 0 {
		t.Fatalf("%s: %v", text, mistakes)
	}
	return p
}

// load makes the data set of a file, n and d as the file says.
func load(t testing.TB, path, text string) (*dataset, error) {
	t.Helper()
	shape, err := dataShape(path, filePoint(t, text))
	if err != nil {
		return nil, err
	}
	p := filePoint(t, fmt.Sprintf("n=%d d=%d %s", shape["n"].Int, shape["d"].Int, text))
	return makeDataset(t.Context(), p, func(_ context.Context, hash string) (string, error) {
		if hash != p.Text("path") {
			t.Errorf("asked for the file %s", hash)
		}
		return path, nil
	})
}

func writeFile(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

const asItIs = " normalise=none labels=file label="

func TestCSV(t *testing.T) {
	want := dataset{N: 2, D: 2, X: []float64{1, 2.5, 4, 5}, Y: []float64{-3, 6}}
	for name, c := range map[string]struct{ text, params string }{
		"header":             {"a,b,y\n1,2.5,-3\n4,5,6\n", asItIs + "y"},
		"by number":          {"a,b,y\n1,2.5,-3\n4,5,6\n", asItIs + "2"},
		"from the end":       {"1,2.5,-3\n4,5,6\n", asItIs + "-1"},
		"no header":          {"1,2.5,-3\n4,5,6", asItIs + "2"},
		"label first":        {"y,a,b\n-3,1,2.5\n6,4,5\n", asItIs + "y"},
		"columns":            {"id,b,a,y\nx,2.5,1,-3\nz,5,4,6\n", "columns=a,b" + asItIs + "y"},
		"columns by number":  {"x,2.5,1,-3\nz,5,4,6\n", "columns=2,1" + asItIs + "3"},
		"a number as a name": {"2020,b,y\n1,2.5,-3\n4,5,6\n", asItIs + "y"},
		"windows, BOM":       {"\ufeffa,b,y\r\n1,2.5,-3\r\n4,5,6\r\n", asItIs + "y"},
		"spaces, comments":   {"# made by hand\n a , b , y\n 1 , 2.50 ,-3e0\n\n# more\n4, +5 ,6\n", asItIs + "y"},
		"quotes":             {"\"a, in cm\",b,\"y\"\n\"1\",2.5,-3\n4,5,6\n", asItIs + "y"},
	} {
		got, err := load(t, writeFile(t, c.text), c.params)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.N != want.N || got.D != want.D || !slices.Equal(got.X, want.X) || !slices.Equal(got.Y, want.Y) {
			t.Errorf("%s: %v, want %v", name, *got, want)
		}
	}
}

// TestFileRows: lengths, the first n rows alone, and labels that are made.
func TestFileRows(t *testing.T) {
	ds, err := load(t, writeFile(t, "3,4\n-1e90,1e90\n1e-300,0\n5,12\n"), "")
	if err != nil {
		t.Fatal(err)
	}
	h := math.Sqrt(0.5)
	near(t, "rows of length 1", ds.X, []float64{0.6, 0.8, -h, h, 1, 0, 5. / 13, 12. / 13}, 1e-15)
	y := make([]float64, 4)
	newStream(0, forY).normals(y, 0)
	if !slices.Equal(ds.Y, y) {
		t.Errorf("labels %v, want %v", ds.Y, y)
	}
	path := writeFile(t, "1,0\n0,1\n0,0\nnot,numbers\n")
	p := filePoint(t, "n=2 d=2 labels=rademacher")
	ds, err = makeDataset(t.Context(), p, func(context.Context, string) (string, error) { return path, nil })
	if err != nil || ds.N != 2 {
		t.Errorf("what follows the first n rows matters: %v", err)
	}
}

func TestNPY(t *testing.T) {
	want := dataset{N: 4, D: 2, X: []float64{3, 4, 5, -12, 8, 15, -7, 24}, Y: []float64{-1, 2, 0, 1}}
	files, err := filepath.Glob("testdata/npy/*-[CF].npy")
	if err != nil || len(files) != 16 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range append(files, "testdata/npy/version2.npy", "testdata/npy/version3.npy") {
		got, err := load(t, path, asItIs+"2")
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got.N != want.N || got.D != want.D || !slices.Equal(got.X, want.X) || !slices.Equal(got.Y, want.Y) {
			t.Errorf("%s: %v, want %v", path, *got, want)
		}
	}
	for name, x := range map[string][]float64{
		"unsigned": {3, 4, 1, 5, 12, 2, 8, 15, 0, 7, 24, 1}, "bool": {1, 1, 0, 1, 0, 1, 1, 1, 0, 0, 1, 1}, "column": {3, 5, 8, -7},
	} {
		got, err := load(t, "testdata/npy/"+name+".npy", "normalise=none")
		if err != nil || !slices.Equal(got.X, x) {
			t.Errorf("%s: %v, want %v, %v", name, got, x, err)
		}
	}
}

// TestBrokenFiles: what is wrong, where, and what to do.
func TestBrokenFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, params, want string }{
		"empty":              {"", "", "no rows of numbers; write"},
		"names alone":        {"a,b\n", "", "no rows of numbers; write"},
		"NaN":                {"a,b\n1,2\n3,NaN\n", "", `line 3, column 1 (b): "NaN" is not a number; remove the row`},
		"infinity":           {"1,2\n-inf,4\n", "", `line 2, column 0: "-inf" is too large; remove the row`},
		"out of range":       {"1,2\n3,1e999\n", "", `line 2, column 1: "1e999" is too large`},
		"too large":          {"1,2\n3,1e101\n", "normalise=none", `line 2, column 1: "1e101" is too large`},
		"no number":          {"a,b\n1,2\n3,four\n", "", `line 3, column 1 (b): "four" is not a number; write one`},
		"missing":            {"1,2\n3,\n", "", `line 2, column 1: "" is not a number`},
		"mixed first line":   {"x,2020\n3,4\n", "", `line 1, column 0: "x" is not a number`},
		"ragged":             {"a,b\n1,2\n3\n", "", "line 3 has 1 columns, but the first line has 2; make"},
		"semicolons":         {"1;2\n3;4\n", "labels=file label=1", `the first line is one column, "1;2"; write commas`},
		"blanks":             {"1 2\n3 4\n", "", `line 2, column 0 (1 2): "3 4" is not a number; write commas`},
		"quote":              {"a,b\n1,\"2\n", "", "line 2"},
		"a row of zeros":     {"a,b\n1,2\n0,-0\n", "", "row 1 (the first is 0, names not counted) is all zeros and has no direction; remove it"},
		"label unknown":      {"a,b\n1,2\n", "labels=file label=c", `label: there is no column "c"; choose among a, b, or 0 to 1`},
		"label unnamed":      {"1,2\n", "labels=file label=c", `label: there is no column "c"; the columns have no names, choose among 0 to 1`},
		"label too far":      {"1,2\n", "labels=file label=2", "choose among 0 to 1"},
		"column unknown":     {"a,b\n1,2\n", "columns=a,c", `columns: there is no column "c"; choose`},
		"label among inputs": {"a,b\n1,2\n", "columns=a,b labels=file label=b", `columns: "b" is the label; remove it`},
		"column twice":       {"a,b\n1,2\n", "columns=a,0", `columns: "0" is there twice; remove one`},
		"two of a name":      {"a,a\n1,2\n", "columns=a", `two columns are called "a"; choose by number`},
		"label alone":        {"a\n1\n", "labels=file label=a", "no column is left for the inputs; the file needs"},
		"ZIP":                {"PK\x03\x04....", "", "ZIP archive, such as an NPZ file; write"},
		"cut magic":          {"\x93NUMPY", "", "cut short within its header; write it again"},
		"version":            {"\x93NUMPY\x09\x00\x00\x00", "", "version 9 of the NPY format is not known; write"},
		"long header":        {"\x93NUMPY\x02\x00\xff\xff\xff\xff", "", "a header of 4294967295 bytes"},
		"cut header":         {"\x93NUMPY\x01\x00\x20\x00{'descr'", "", "cut short within its header"},
		"no header":          {"\x93NUMPY\x01\x00\x04\x00{'d'", "", "is no plain array of numbers; convert"},
		"cut array":          {npy("(3, 2)", 40), "", "cut short; write it again"},
		"vast array":         {npy("(9223372036854775807, 4611686018427387904)", 40), "", "reshape"},
		"vast rows":          {npy("(9223372036854775807, 3)", 40), "", "cut short; write it again"},
		"no columns":         {npy("(3, 0)", 40), "", "reshape"},
		"vast columns":       {npy("(0, 100000000000000000)", 40), "", "no rows of numbers; write"},
	} {
		broken(t, name, writeFile(t, c.text), c.params, c.want)
	}
	for name, want := range map[string]string{
		"three": "shape (2, 2, 2) is no table; reshape", "none": "shape () is no table", "complex": "elements of type <c16 are not read; convert",
		"half": "elements of type <f2", "text": "elements of type <U1", "record": "no plain array of numbers; convert",
		"nan": "row 1, column 1 (the first is 0): NaN is not a number; remove", "empty": "no rows of numbers", "zeros": "row 1 (the first is 0",
	} {
		broken(t, name, "testdata/npy/wrong-"+name+".npy", "", want)
	}
	if _, err := load(t, filepath.Join(t.TempDir(), "missing"), ""); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("a missing file: %v", err)
	}
	path := writeFile(t, "1,2\n3,4\n")
	for text, want := range map[string]string{
		"n=3 d=2": "n is 3, but the file has 2 rows; write a smaller n", "n=2 d=3": "d is 3, but 2 columns are inputs; leave d out",
	} {
		_, err := makeDataset(t.Context(), filePoint(t, text), func(context.Context, string) (string, error) { return path, nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

func npy(shape string, bytes int) string {
	header := "{'descr': '<f8', 'fortran_order': False, 'shape': " + shape + ", }\n"
	return npyMagic + "\x01\x00" + string([]byte{byte(len(header)), 0}) + header + strings.Repeat("\x00", bytes)
}

func broken(t *testing.T, name, path, params, want string) {
	t.Helper()
	if ds, err := load(t, path, params); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, %v, want an error with %q", name, ds, err, want)
	}
}

func unwrapAll(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

// FuzzFile: whatever a file holds, an error or a data set of finite numbers comes out.
func FuzzFile(f *testing.F) {
	f.Add([]byte("a,b,y\n1,2,3\n4,5,6\n"), "y")
	f.Add([]byte(npy("(2, 2)", 32)), "1")
	f.Add([]byte("\"\n,"), "")
	f.Fuzz(func(t *testing.T, text []byte, label string) {
		path := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(path, text, 0o666); err != nil {
			t.Fatal(err)
		}
		p := filePoint(t, "n=1 d=1 labels=file label=0")
		p.Values = slices.Clone(p.Values)
		p.Values[slices.IndexFunc(p.Trainer.Params, func(x sweep.Param) bool { return x.Name == "label" })] = sweep.TextValue(label)
		ds, err := readFile(path, p, math.MaxInt)
		if err != nil {
			return
		}
		if ds.N < 1 || ds.D < 1 || len(ds.X) != ds.N*ds.D || label != "" && len(ds.Y) != ds.N {
			t.Errorf("a data set of %d x %d with %d numbers and %d labels", ds.N, ds.D, len(ds.X), len(ds.Y))
		}
		for _, v := range append(ds.X, ds.Y...) {
			if !(math.Abs(v) <= largest) {
				t.Errorf("%v came through", v)
			}
		}
	})
}
