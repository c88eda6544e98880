package gd

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// goldenDataset is a case of testdata/datasets.json: what the reference makes of it. X is nil for large ones.
type goldenDataset struct {
	Case      string
	X, Y      []float64
	Lambda0   float64
	LambdaMax float64 `json:"lambda_max"`
}

func noFile(context.Context, string) (string, error) { return "", errors.New("no file here") }

func mustMake(t *testing.T, text string) *dataset {
	t.Helper()
	ds, err := makeDataset(t.Context(), point(t, TwoLayer(), "m=1 "+text, nil), noFile)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return ds
}

func TestGoldenDatasets(t *testing.T) {
	text, err := os.ReadFile("testdata/datasets.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []goldenDataset
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 30 {
		t.Fatalf("%d cases, want 30 or more", len(all))
	}
	for _, g := range all {
		ds := mustMake(t, g.Case)
		if g.X != nil {
			near(t, g.Case+": X", ds.X, g.X, 4e-15)
			near(t, g.Case+": y", ds.Y, g.Y, 4e-15)
		}
		s := spectrumOf(t, ds, 1)
		near(t, g.Case+": lambda0, lambda_max", []float64{s.Lambda0, s.LambdaMax}, []float64{g.Lambda0, g.LambdaMax}, 1e-13*max(1, g.LambdaMax))
		if s2 := spectrumOf(t, ds, 2); s2 != s {
			t.Errorf("%s: two threads find %v, one finds %v", g.Case, s2, s)
		}
	}
}

func bestKernel(t *testing.T) *kernel.Set {
	t.Helper()
	kern, err := kernel.Choose("")
	if err != nil {
		t.Fatal(err)
	}
	return kern
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= tolerance*max(1, math.Abs(want[i]))) {
			t.Errorf("%s: value %d is %v, want %v", what, i, got[i], want[i])
			return
		}
	}
}

// TestKnownLambda0: least eigenvalues measured independently of the reference, to the digits that they were noted with.
func TestKnownLambda0(t *testing.T) {
	for _, c := range []struct {
		text string
		want float64
	}{
		{"n=50 d=50", .226},
		{"n=100 d=50", .189},
		{"n=200 d=50", .156},
		{"n=400 d=50", .123},
		{"n=100 d=1000", .372},
		{"n=100 d=10", .059},
		{"n=200 d=10", .051},
		{"n=400 d=10", .043},
		{"n=40 d=20 data=pairs pairs=1 angle=0.0156", .00252},
	} {
		if got := spectrumOf(t, mustMake(t, c.text), 2).Lambda0; math.Abs(got-c.want) > 0.12*c.want {
			t.Errorf("%s: lambda0 = %v, want about %v", c.text, got, c.want)
		}
	}
}

func TestSpecialPositions(t *testing.T) {
	set := func(d int, x ...float64) *dataset { return &dataset{N: len(x) / d, D: d, X: x} }
	for _, c := range []struct {
		name string
		ds   *dataset
		want spectrum
	}{
		{"one input", set(2, 0.6, 0.8), spectrum{0.5, 0.5, 0.5}},
		{"two equal inputs", set(2, 0.6, 0.8, 0.6, 0.8), spectrum{0, 0, 1}},
		{"two opposite inputs", set(2, 0.6, 0.8, -0.6, -0.8), spectrum{0.5, 0.5, 0.5}},
		{"two orthogonal inputs", set(2, 1, 0, 0, 1), spectrum{0.5, 0.5, 0.5}},
		{"lengths 2 and 4", set(2, 2, 0, 0, 4), spectrum{2, 2, 8}},
		{"an input of zeros", set(2, 1, 0, 0, 0), spectrum{0, 0, 0.5}},
	} {
		s := spectrumOf(t, c.ds, 1)
		near(t, c.name, []float64{s.Lambda0, s.Lambda0Hidden, s.LambdaMax}, []float64{c.want.Lambda0, c.want.Lambda0Hidden, c.want.LambdaMax}, 1e-15)
	}
}

// TestPrefixes: what has fewer samples is the beginning of what has more.
func TestPrefixes(t *testing.T) {
	for _, text := range []string{
		"d=5 labels=rademacher", "d=3 data=clusters clusters=4", "d=4 data=pairs pairs=3 angle=0.2 labels=teacher teacher_width=3",
		"d=4 labels=teacher-sign teacher_width=5 margin=0.2 noise=0.3",
	} {
		short, long := mustMake(t, "n=7 "+text), mustMake(t, "n=300 "+text)
		if !slices.Equal(short.X, long.X[:len(short.X)]) || !slices.Equal(short.Y, long.Y[:7]) {
			t.Errorf("%s: 7 samples are not the first of 300", text)
		}
	}
}

func TestMargin(t *testing.T) {
	text := "n=500 d=6 labels=teacher teacher_width=4 margin=0.4"
	for i, y := range mustMake(t, text).Y {
		if math.Abs(y) < 0.4 {
			t.Errorf("label %d is %v, within the margin", i, y)
		}
	}
	_, err := makeDataset(t.Context(), point(t, TwoLayer(), "m=1 n=5 d=6 labels=teacher teacher_width=4 margin=50", nil), noFile)
	if err == nil || !strings.Contains(err.Error(), "0 of the first 5000 inputs") || !strings.Contains(err.Error(), "lower") {
		t.Errorf("a margin that nothing has: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = makeDataset(ctx, point(t, TwoLayer(), "m=1 n=5 d=6 labels=teacher teacher_width=4000000 margin=50", nil), noFile)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestDatasetBits pins X, y and the spectrum to the bit, for every kind of data.
func TestDatasetBits(t *testing.T) {
	h := sha256.New()
	put := func(values ...float64) {
		for _, v := range values {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(v)))
		}
	}
	for _, text := range []string{
		"n=33 d=7", "n=20 d=6 data=pairs angle=0.3 labels=rademacher", "n=40 d=5 data=clusters clusters=7 labels=teacher teacher_width=9",
		"n=30 d=4 labels=teacher-sign teacher_width=5 margin=0.1 noise=0.2",
	} {
		ds := mustMake(t, text)
		s := spectrumOf(t, ds, 3)
		put(ds.X...)
		put(ds.Y...)
		put(s.Lambda0, s.LambdaMax)
	}
	const want = "afa04763540fab43c2613b8d3bdcb7553bb173772dc17127215d3f87d05bae18"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the data sets' bits have changed: %s, want %s", got, want)
	}
}

func spectrumOf(t *testing.T, ds *dataset, threads int) spectrum {
	t.Helper()
	s, err := ds.spectrum(t.Context(), bestKernel(t), threads)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSpectrumStops wants nothing computed once the context has ended.
func TestSpectrumStops(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for _, text := range []string{"n=60 d=7", "n=300 d=7"} { // pair by pair, block by block
		ds, kern := mustMake(t, text), bestKernel(t)
		if _, err := ds.spectrum(ended, kern, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: got %v, not the context's error", text, err)
		}
		withPool(2, func(p *pool) error {
			if slices.ContainsFunc(ds.hiddenGram(ended, kern, p), func(h float64) bool { return h != 0 }) {
				t.Errorf("%s: went on after the context had ended", text)
			}
			return nil
		})
	}
}
