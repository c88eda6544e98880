package sweep

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"
)

// toy is a trainer with a parameter of every kind, shaped like a real one: relative values, idle parameters, defaults
// that depend on others, a data file that sets n and d, and rules across parameters. It trains nothing.
func toy() *Trainer {
	is := func(param string, in ...string) []When { return []When{{param, in}} }
	fixed := func(v Value) func(Point) Value { return func(Point) Value { return v } }
	one, zero := IntValue(1), IntValue(0)
	return &Trainer{
		Name: "toy", Version: 3, Summary: "trains nothing",
		Params: []Param{
			{Name: "data", Type: TextType, Choices: []string{"sphere", "pairs", "file"}, Default: fixed(TextValue("sphere")), Doc: "the kind of inputs"},
			{Name: "path", Type: FileType, When: is("data", "file"), Doc: "a CSV file"},
			{Name: "columns", Type: ListType, When: is("data", "file"), Default: fixed(ListValue(nil)), Is: "all", Doc: "the columns to use"},
			{Name: "n", Type: IntType, Min: one, Doc: "samples", Upto: true},
			{Name: "d", Type: IntType, Min: one, Doc: "input dimension"},
			{Name: "m", Type: IntType, Min: one, Searched: true, Doc: "width"},
			{Name: "seed", Type: IntType, Min: zero, Default: fixed(zero), Is: "0", Doc: "keys the random numbers", Seed: true},
			{Name: "data_seed", Type: IntType, Min: zero, Default: func(p Point) Value { return p.Get("seed") }, Is: "seed", Doc: "keys the data's", Seed: true},
			{
				Name: "pairs", Type: IntType, Min: one, When: is("data", "pairs"), Is: "n/2 rounded down", Doc: "near pairs",
				Default: func(p Point) Value { return IntValue(p.Int("n") / 2) },
			},
			{Name: "angle", Type: FloatType, Min: FloatValue(0), Max: FloatValue(math.Pi), Open: true, When: is("data", "pairs"), Doc: "of a pair"},
			{Name: "lr", Type: FloatType, Min: FloatValue(0), Open: true, Relative: "lambda_max", Default: fixed(RelativeValue(1)), Is: "1/lambda_max", Doc: "step size"},
			{Name: "steps", Type: IntType, Min: zero, Relative: "(eta*lambda0)", Default: fixed(RelativeValue(32)), Is: "32/(eta*lambda0)", Doc: "the budget"},
			{Name: "steps_limit", Type: IntType, Min: one, Default: fixed(IntValue(1_000_000)), Is: "1000000", Doc: "bounds a relative budget"},
			{Name: "stop_at_fit", Type: BoolType, Default: fixed(BoolValue(true)), Is: "true", Doc: "end at the fit"},
			{Name: "labels", Type: TextType, Choices: []string{"gaussian", "teacher"}, Default: fixed(TextValue("gaussian")), Is: "gaussian", Doc: "the labels"},
			{Name: "noise", Type: FloatType, Min: FloatValue(0), When: is("labels", "teacher"), Default: fixed(FloatValue(0)), Is: "0", Doc: "of the teacher"},
			{Name: "init", Type: TextType, Choices: []string{"standard", "symmetric"}, Default: fixed(TextValue("standard")), Is: "standard", Doc: "the start"},
			{Name: "note", Type: TextType, Default: fixed(TextValue("")), Is: "empty", Doc: "any text"},
		},
		Curves: []Curve{
			{Name: "loss", Doc: "L(k)"},
			{Name: "accuracy", Doc: "share of right signs", When: is("labels", "teacher")},
			{Name: "lambda_min", Doc: "least eigenvalue", Eigenvalues: true},
		},
		Scalars:        []Scalar{{Name: "lambda0", Kind: Float, Doc: "least eigenvalue at infinite width"}, {Name: "event_fit", Kind: Bool, Doc: "fits"}},
		Events:         []string{"fit", "rate"},
		Judges:         map[string]string{"rate": "lambda_min"},
		Check:          toyCheck,
		SpectrumParams: []string{"n", "d", "data", "pairs", "angle", "path"},
		CostParams:     []string{"n", "d", "m", "lr", "steps", "steps_limit"},
		Spectrum: func(p Point) (Spectrum, error) {
			if p.Text("data") == "file" {
				return Spectrum{}, errors.New("a toy reads no files")
			}
			return Spectrum{Lambda0: 1 / float64(p.Int("n")), LambdaMax: float64(p.Int("d"))}, nil
		},
		Cost:      toyCost,
		DataShape: toyShape,
	}
}

func toyCheck(p Point) []Mistake {
	var out []Mistake
	if p.Text("data") == "pairs" && 2*p.Int("pairs") > p.Int("n") {
		out = append(out, Mistake{"pairs", fmt.Sprintf("pairs: 2 * %d is more than n = %d; write at most n/2", p.Int("pairs"), p.Int("n"))})
	}
	if p.Text("init") == "symmetric" && p.Int("m")%2 == 1 {
		out = append(out, Mistake{"m", fmt.Sprintf("m: %d is odd, and init: symmetric pairs the neurons; write an even m", p.Int("m"))})
	}
	return out
}

func toyCost(p Point, s Spectrum) Cost {
	eta := p.Get("lr").Float
	if p.Get("lr").Kind == Relative {
		eta /= s.LambdaMax
	}
	steps := p.Int("steps")
	if v := p.Get("steps"); v.Kind == Relative {
		steps = p.Int("steps_limit")
		if s.Lambda0 > 0 {
			steps = min(steps, int64(math.Ceil(v.Float/(eta*s.Lambda0))))
		}
	}
	size := float64(p.Int("n")) * float64(p.Int("d")) * float64(p.Int("m"))
	return Cost{Flops: 4 * size * float64(1+steps), Steps: steps, Memory: 8 * p.Int("n") * p.Int("m")}
}

// toyShape reads a CSV file without a header: a row a sample, a column a dimension.
func toyShape(path string, p Point) (map[string]Value, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows := strings.Split(strings.TrimSpace(string(text)), "\n")
	d := len(strings.Split(rows[0], ","))
	if c := p.Get("columns").list(); len(c) > 0 {
		d = len(c)
	}
	return map[string]Value{"n": IntValue(int64(len(rows))), "d": IntValue(int64(d))}, nil
}
