package gd

import (
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// golden is one line of testdata/golden.json.gz: what the reference made of a case.
type golden struct {
	Case    string
	Scalars map[string]any
	Curves  map[string][]*float64
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	f, err := os.Open("testdata/golden.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var g golden
		if err := json.Unmarshal(lines.Bytes(), &g); err != nil {
			t.Fatal(err)
		}
		all = append(all, g)
	}
	if lines.Err() != nil || len(all) < 50 {
		t.Fatalf("%d cases, %v", len(all), lines.Err())
	}
	return all
}

// point reads a case as the reference's command line writes it. All curves that apply are recorded unless a schedule is given.
func point(t testing.TB, trainer *sweep.Trainer, text string, record *sweep.Record) sweep.Point {
	t.Helper()
	given := map[string]sweep.Value{}
	for arg := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(arg, "=")
		v, wrong := trainer.ParseParam(name, value)
		if wrong != "" {
			t.Fatal(wrong)
		}
		given[name] = v
	}
	if record == nil {
		record = &sweep.Record{At: sweep.Schedule{Kind: sweep.All}}
		for _, c := range trainer.Curves {
			record.Curves = append(record.Curves, c.Name)
		}
	}
	p, mistakes := trainer.Complete(given, *record)
	if len(mistakes) > 0 {
		t.Fatalf("%s: %v", text, mistakes)
	}
	return p
}

func runPoint(t testing.TB, trainer *sweep.Trainer, p sweep.Point, threads int) sweep.Outcome {
	t.Helper()
	o, err := trainer.Run(t.Context(), sweep.Job{Point: p, Threads: threads})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestGolden compares every curve and every scalar of the golden cases.
func TestGolden(t *testing.T) {
	trainer := TwoLayer()
	for _, g := range readGolden(t) {
		t.Run(strings.ReplaceAll(g.Case, " ", ","), func(t *testing.T) {
			compare(t, g, runPoint(t, trainer, point(t, trainer, g.Case, nil), 1))
		})
	}
}

// goldenBits is the SHA-256 of all golden cases' outcomes, as they are encoded. It is the same with every kernel, on every platform
// and with every build. Where a change of the arithmetic makes it another, the trainer's Version has to rise with it.
const goldenBits = "84e035b8d0215f5ab5f769f46846dd2bf6101532fd9a5360dcaf5b6f20187e3c"

func TestGoldenBits(t *testing.T) {
	for _, kern := range kernel.Names() {
		trainer, sum := TwoLayer(), sha256.New()
		for _, g := range readGolden(t) {
			o, err := trainer.Run(t.Context(), sweep.Job{Point: point(t, trainer, g.Case, nil), Threads: 2, Kernel: kern})
			if err != nil {
				t.Fatal(err)
			}
			sum.Write(o.Encode(nil))
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != goldenBits {
			t.Errorf("kernel %s: the golden cases' bits are %s, want %s", kern, got, goldenBits)
		}
	}
}

func compare(t *testing.T, g golden, o sweep.Outcome) {
	t.Helper()
	lambdaMax, initial := g.Scalars["lambda_max"].(float64), g.Scalars["loss_initial"].(float64)
	scale := func(name string) float64 {
		switch {
		case strings.HasPrefix(name, "lambda"):
			return lambdaMax
		case strings.HasPrefix(name, "loss"):
			return 1e-10 * initial
		}
		return 1e-3
	}
	agree := func(name string, x, y float64) bool {
		return math.Abs(x-y) <= 1e-9*max(math.Abs(x), math.Abs(y), scale(name))
	}
	// Near the end of a long training the residuals are rounding errors of the outputs, and patterns follow them.
	sound := 0
	for sound < len(g.Curves["loss"]) && *g.Curves["loss"][sound] > 1e-10*initial {
		sound++
	}
	lost := func(curve string) bool {
		return curve != "loss" && sound < len(g.Curves["loss"]) && g.Curves[curve] != nil
	}
	for name, want := range g.Scalars {
		if lost(strings.TrimSuffix(name, "_final")) || name == "lambda_min_least" && lost("lambda_min") {
			continue // no more than rounding
		}
		got, ok := o.Scalars[name]
		if !ok {
			t.Errorf("no scalar %s", name)
			continue
		}
		switch want := want.(type) {
		case nil:
			if got.Defined() {
				t.Errorf("%s is %v, want it undefined", name, got)
			}
		case bool:
			if got != sweep.BoolValue(want) {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		case string:
			if got != sweep.TextValue(want) {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		case float64:
			value := got.Float
			if got.Kind == sweep.Int {
				value = float64(got.Int)
			}
			if !got.Defined() || !agree(name, value, want) {
				t.Errorf("%s is %v, want %v", name, got, want)
			}
		}
	}
	for name, want := range g.Curves {
		got := o.Curves.Values[name]
		if len(got) != len(want) || len(o.Curves.Step) != len(want) {
			t.Errorf("curve %s has %d values at %d steps, want %d", name, len(got), len(o.Curves.Step), len(want))
			continue
		}
		for k, w := range want {
			if k >= sound && name != "loss" {
				break
			}
			if w == nil && !math.IsNaN(got[k]) || w != nil && !agree(name, got[k], *w) {
				t.Errorf("%s at step %d is %v, want %v", name, k, got[k], value(w))
				break
			}
		}
	}
	for name := range o.Curves.Values {
		if g.Curves[name] == nil {
			t.Errorf("the reference has no curve %s", name)
		}
	}
}

func value(f *float64) any {
	if f == nil {
		return "undefined"
	}
	return *f
}
