package sweep

import (
	"encoding/hex"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; run go test -update and review the file", err)
	}
	if text != string(want) {
		t.Errorf("%s differs:\n--- got\n%s\n--- want\n%s", path, text, want)
	}
}

var aHash = strings.Repeat("0123456789abcdef", 4)

// The points of the golden file; together they use every tag.
func goldenPoints() []string {
	return []string{
		"n=10 d=3 m=4",
		"n=10 d=3 m=4 seed=7 lr=0.1 steps=100 record=loss at=log:60",
		"n=10 d=3 m=4 seed=7 data_seed=8 lr=0.5/lambda_max steps=16/(eta*lambda0) stop_at_fit=false",
		"n=10 d=3 m=4 data=pairs pairs=2 angle=0.05 record=lambda_min,loss at=every:10",
		"n=10 d=3 m=4 data=pairs angle=1e-300 record= at=all",
		"n=9223372036854775807 d=1 m=1 labels=teacher noise=0.25 record=accuracy,lambda_min,loss at=log:2 note=größe",
		"n=5 d=2 m=1 data=file path=" + aHash + " columns=b,a",
	}
}

// pointOf makes a point as `widthlaw point` would; a path is its hash.
func pointOf(t interface{ Fatalf(string, ...any) }, trainer *Trainer, text string) Point {
	given, record := map[string]Value{}, DefaultRecord()
	for field := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "record":
			record.Curves = strings.FieldsFunc(value, func(r rune) bool { return r == ',' })
		case "at":
			record.At, _ = ParseSchedule(value)
		case "path":
			given[name] = FileValue(value)
		default:
			v, problem := trainer.ParseParam(name, value)
			if problem != "" {
				t.Fatalf("%s: %s", field, problem)
			}
			given[name] = v
		}
	}
	p, mistakes := trainer.Complete(given, record)
	if len(mistakes) > 0 {
		t.Fatalf("%s: %v", text, mistakes)
	}
	return p
}

func TestGoldenPoints(t *testing.T) {
	var b strings.Builder
	for _, text := range goldenPoints() {
		encoded := pointOf(t, toy(), text).Encode(nil)
		fmt.Fprintf(&b, "%s\n  key %s\n  %s\n", text, KeyOf(encoded), hex.EncodeToString(encoded))
	}
	golden(t, "points.golden", b.String())
}

func TestGoldenOutcome(t *testing.T) {
	o := Outcome{
		Scalars: map[string]Value{
			"lambda0": FloatValue(0.25), "stopped": TextValue("fit"), "steps_done": IntValue(-3), "event_fit": BoolValue(true),
			"event_rate": {}, "late_rate": FloatValue(math.NaN()), "zero": FloatValue(math.Copysign(0, -1)),
		},
		Curves: Curves{Step: []int64{0, 1, 2, 4, 8, 16, 32, 64, 128}, Values: map[string][]float64{
			"loss": {9, 8, 7, 6, 5, 4, 3, 2, 1}, "pl": {1, math.NaN(), 1, 1, 1, 1, 1, 1, math.NaN()},
		}},
	}
	golden(t, "outcome.golden", hex.EncodeToString(o.Encode(nil))+"\n")
}

// drawValue is any value that the parameter accepts.
func drawValue(t *rapid.T, p *Param) Value {
	switch {
	case p.Relative != "" && rapid.Bool().Draw(t, "relative"):
		return RelativeValue(rapid.Float64Range(1e-9, 1e9).Draw(t, p.Name))
	case p.Choices != nil:
		return TextValue(rapid.SampledFrom(p.Choices).Draw(t, p.Name))
	}
	switch p.Type {
	case IntType:
		return IntValue(rapid.Int64Range(max(0, p.Min.Int), 1<<40).Draw(t, p.Name))
	case FloatType:
		return FloatValue(rapid.Float64Range(1e-9, 3).Draw(t, p.Name))
	case BoolType:
		return BoolValue(rapid.Bool().Draw(t, p.Name))
	case FileType:
		return FileValue(hex.EncodeToString(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, p.Name)))
	case ListType:
		return ListValue(rapid.SliceOf(rapid.StringMatching(`[a-z]*`)).Draw(t, p.Name))
	}
	return TextValue(rapid.String().Draw(t, p.Name))
}

func drawPoint(t *rapid.T, trainer *Trainer) (Point, bool) {
	given := map[string]Value{}
	for i := range trainer.Params {
		p := &trainer.Params[i]
		if p.Default == nil || rapid.Bool().Draw(t, "give "+p.Name) {
			given[p.Name] = drawValue(t, p)
		}
	}
	at := rapid.SampledFrom([]Schedule{{Kind: All}, {Every, 7}, {Log, 60}, {Log, 2}}).Draw(t, "at")
	curves := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"loss", "accuracy", "lambda_min"}), rapid.ID).Draw(t, "curves")
	p, mistakes := trainer.Complete(given, Record{curves, at})
	return p, len(mistakes) == 0
}

func TestPointRoundTrip(t *testing.T) {
	trainers := []*Trainer{toy()}
	rapid.Check(t, func(t *rapid.T) {
		p, ok := drawPoint(t, trainers[0])
		if !ok {
			t.Skip("a rule across parameters")
		}
		back, err := DecodePoint(trainers, p.Encode(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(back.Values, p.Values) || !slices.Equal(back.Record.Curves, p.Record.Curves) || back.Record.At != p.Record.At {
			t.Fatalf("decoded %v, want %v", back, p)
		}
	})
}

func TestOutcomeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Outcome{Scalars: map[string]Value{}, Curves: Curves{Values: map[string][]float64{}}}
		for _, name := range rapid.SliceOfDistinct(rapid.String(), rapid.ID).Draw(t, "scalars") {
			o.Scalars[name] = rapid.SampledFrom([]Value{{}, IntValue(-1), FloatValue(0.1), TextValue("x"), BoolValue(false)}).Draw(t, "value")
		}
		steps := rapid.SliceOfDistinct(rapid.Int64(), rapid.ID).Draw(t, "steps")
		slices.Sort(steps)
		o.Curves.Step = steps
		for _, name := range rapid.SliceOfDistinct(rapid.String(), rapid.ID).Draw(t, "curves") {
			o.Curves.Values[name] = rapid.SliceOfN(rapid.Float64(), len(steps), len(steps)).Draw(t, "values")
		}
		b := o.Encode(nil)
		back, err := DecodeOutcome(b)
		if err != nil {
			t.Fatal(err)
		}
		if string(back.Encode(nil)) != string(b) {
			t.Fatal("decoding changes the bytes")
		}
	})
}

func FuzzDecodePoint(f *testing.F) {
	trainers := []*Trainer{toy()}
	for _, text := range goldenPoints() {
		f.Add(pointOf(f, trainers[0], text).Encode(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := DecodePoint(trainers, b); err == nil && string(p.Encode(nil)) != string(b) {
			t.Fatal("accepted bytes that Encode does not write")
		}
	})
}

func FuzzDecodeOutcome(f *testing.F) {
	f.Add(Outcome{Scalars: map[string]Value{"a": IntValue(1)}, Curves: Curves{Step: []int64{0, 5}, Values: map[string][]float64{"loss": {1, 2}}}}.Encode(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := DecodeOutcome(b); err == nil && string(o.Encode(nil)) != string(b) {
			t.Fatal("accepted bytes that Encode does not write")
		}
	})
}

func TestParseParam(t *testing.T) {
	cases := []struct{ name, text, want string }{
		{"m", "64", "64"},
		{"m", "1e3", "1000"},
		{"m", "2.5", "m: 2.5 is not an integer; write an integer >= 1"},
		{"m", "0", "m: 0 does not fit; write an integer >= 1"},
		{"m", "1e30", "m: 1e+30 does not fit 64 bits; write an integer >= 1"},
		{"m", "0x10", `m: "0x10" does not fit; write an integer >= 1`},
		{"m", "", "m: has no value; write an integer >= 1"},
		{"lr", "1e-3", "0.001"},
		{"lr", "2/lambda_max", "2"},
		{"lr", "2 / lambda_max", "2"},
		{"lr", "2/lambda0", `lr: "2/lambda0" does not fit; write a number > 0, or TIMES/lambda_max`},
		{"lr", "-1/lambda_max", "lr: TIMES/lambda_max needs TIMES > 0, not -1"},
		{"lr", "NaN", `lr: "NaN" does not fit; write a number > 0, or TIMES/lambda_max`},
		{"lr", "1e999", `lr: "1e999" does not fit; write a number > 0, or TIMES/lambda_max`},
		{"steps", "32/(eta*lambda0)", "32"},
		{"steps", "32/eta*lambda0", "32"},
		{"data", "pair", `data: unknown choice "pair"; did you mean "pairs"?`},
		{"stop_at_fit", "yes", `stop_at_fit: "yes" does not fit; write true or false`},
		{"columns", "a,b", "a\nb\n"},
		{"path", "x.csv", "x.csv"},
		{"widht", "1", `unknown parameter "widht" of trainer toy; choose among data, path, columns, n, d, m, seed, data_seed, pairs, angle, lr, steps, steps_limit, stop_at_fit, labels, noise, init, note`},
	}
	for _, c := range cases {
		v, problem := toy().ParseParam(c.name, c.text)
		if got := v.String() + problem; got != c.want {
			t.Errorf("%s=%s:\n got %s\nwant %s", c.name, c.text, got, c.want)
		}
	}
}
