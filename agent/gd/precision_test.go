package gd

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// singlePoints are of both forms, of odd sizes and of several blocks, in float32.
var singlePoints = []string{
	"n=1 d=1 m=1 steps=5 lr=0.1",
	"n=33 d=9 m=131 steps=40 lr=0.3 labels=rademacher",
	"n=33 d=40 m=131 steps=40 lr=0.3 labels=rademacher",
	"n=70 d=17 m=64 steps=60 seed=3",
	"n=65 d=65 m=70 steps=60 seed=3 data=pairs angle=0.1",
	"n=20 d=8 m=400 lr=2.5 steps=300 seed=4",
	"n=20 d=8 m=30 steps=300 loss_below=1e-2 stop_at_fit=false seed=5",
}

// singleBits is the SHA-256 of their outcomes, and as definite as goldenBits.
const singleBits = "100ff44098662842ca7c62ecaa826aab7f0bf27cb3b5759bb4ba95bec3295478"

// TestSingleBits: every kernel and any number of threads yield the same bits in float32 too.
func TestSingleBits(t *testing.T) {
	for _, kern := range kernel.Names() {
		for _, threads := range []int{1, 3} {
			trainer, sum := TwoLayer(), sha256.New()
			for _, text := range singlePoints {
				p := point(t, trainer, text+" precision=float32", nil)
				o, err := trainer.Run(t.Context(), sweep.Job{Point: p, Threads: threads, Kernel: kern})
				if err != nil {
					t.Fatal(err)
				}
				sum.Write(o.Encode(nil))
			}
			if got := hex.EncodeToString(sum.Sum(nil)); got != singleBits {
				t.Errorf("kernel %s, %d threads: the bits are %s, want %s", kern, threads, got, singleBits)
			}
		}
	}
}

// TestSingleAgrees: while few patterns have had time to differ, a trajectory in float32 is that in float64 but for float32's rounding.
func TestSingleAgrees(t *testing.T) {
	trainer := TwoLayer()
	for _, text := range []string{
		"n=33 d=9 m=300 steps=20 lr=0.3", "n=33 d=40 m=300 steps=20 lr=0.3", "n=100 d=20 m=256 steps=20", "n=50 d=100 m=100 steps=20",
	} {
		double := runPoint(t, trainer, point(t, trainer, text, nil), 1)
		single := runPoint(t, trainer, point(t, trainer, text+" precision=float32", nil), 1)
		for curve, tolerance := range map[string]float64{
			"loss": 1e-5, "max_move": 1e-5, "mean_move": 1e-5, "gradient_norm": 1e-5, "pattern_changes": 0.05, "lambda_min": 0.05,
		} {
			for k, want := range double.Curves.Values[curve] {
				got, first := single.Curves.Values[curve][k], double.Curves.Values[curve][0]
				if !(math.Abs(got-want) <= tolerance*max(math.Abs(want), 1e-2*math.Abs(first), 1e-3)) {
					t.Errorf("%s: %s at step %d is %v in float32, %v in float64", text, curve, k, got, want)
					break
				}
			}
		}
		if double.Scalars["lambda0"] != single.Scalars["lambda0"] || double.Scalars["eta"] != single.Scalars["eta"] {
			t.Errorf("%s: the data set's own numbers depend on the precision", text)
		}
	}
}

// TestDu2019Single is one width of the figures of Du, Zhai, Poczos, Singh (2019), against a float32 pilot of the same streams.
func TestDu2019Single(t *testing.T) {
	trainer := TwoLayer()
	p := point(t, trainer, "n=1000 d=1000 m=500 lr=0.5 steps=100 precision=float32 stop_at_fit=false", &sweep.Record{
		Curves: []string{"loss", "max_move", "pattern_changes"}, At: sweep.Schedule{Kind: sweep.Every, Count: 10},
	})
	v := runPoint(t, trainer, p, 2).Curves.Values
	for what, pair := range map[string][2]float64{ // near a fit, patterns follow rounding: by a hundredth
		"pattern_changes":   {v["pattern_changes"][10], 0.0284},
		"max_move":          {v["max_move"][10], 2.780},
		"L(10) beside L(0)": {v["loss"][1] / v["loss"][0], 0.0207},
	} {
		if math.Abs(pair[0]-pair[1]) > 2e-2*pair[1] {
			t.Errorf("%s is %v, in the pilot %v", what, pair[0], pair[1])
		}
	}
}
