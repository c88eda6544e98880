package gd

import (
	"math"

	"github.com/widthlaw/widthlaw/sweep"
)

// params is the table of what a two-layer point is made of. A new row, choice or condition changes no old key as long as the
// rows here keep their name, type and default. The order is that of exports; defaults and conditions look back only.
func params() []sweep.Param {
	var table []sweep.Param
	for _, part := range [][]sweep.Param{networkParams(), trainingParams(), inputParams(), labelParams()} {
		table = append(table, part...)
	}
	return table
}

func networkParams() []sweep.Param {
	return []sweep.Param{
		{Name: "n", Type: sweep.IntType, Min: sweep.IntValue(1), Upto: true, Doc: "number of samples; of a data file, the first n rows"},
		{Name: "d", Type: sweep.IntType, Min: sweep.IntValue(1), Doc: "input dimension"},
		{Name: "m", Type: sweep.IntType, Min: sweep.IntValue(1), Searched: true, Doc: "width: number of hidden neurons"},
		{
			Name: "seed", Type: sweep.IntType, Min: sweep.IntValue(0), Default: always(sweep.IntValue(0)), Is: "0",
			Doc: "keys the random streams of the network's first weights", Seed: true,
		},
		{
			Name: "data_seed", Type: sweep.IntType, Min: sweep.IntValue(0), Is: "seed",
			Default: func(p sweep.Point) sweep.Value { return p.Get("seed") },
			Doc:     "keys the random streams of inputs, labels, teacher and noise", Seed: true,
		},
		choice("objective", "L: squared is 1/2 sum (u - y)^2", "squared"),
		choice("activation", "phi of the hidden neurons", "relu"),
		choice("train", "hidden: the second layer stays as it is", "hidden"),
		choice("init", "standard: rows of W normal, second layer +-1 with equal chance", "standard"),
		choice("precision", "of W, Z and the products", "float64", "float32"),
	}
}

func trainingParams() []sweep.Param {
	return []sweep.Param{
		{
			Name: "lr", Type: sweep.FloatType, Min: sweep.FloatValue(0), Open: true, Relative: "lambda_max",
			Default: always(sweep.RelativeValue(1)), Is: "1/lambda_max",
			Doc: "eta, the step size; relative to the greatest eigenvalue of the data set's infinite-width Gram matrix, stable below 2",
		},
		{
			Name: "steps", Type: sweep.IntType, Min: sweep.IntValue(0), Relative: "(eta*lambda0)",
			Default: always(sweep.RelativeValue(32)), Is: "32/(eta*lambda0)",
			Doc: "the budget, rounded up; a relative one is at least 1,000 where eta lambda0 >= 1, and steps_limit where lambda0 is 0",
		},
		{
			Name: "steps_limit", Type: sweep.IntType, Min: sweep.IntValue(1), Default: always(sweep.IntValue(1_000_000)), Is: "1,000,000",
			Doc: "bounds the budget",
		},
		{
			Name: "loss_below", Type: sweep.FloatType, Min: sweep.FloatValue(0), Open: true, Default: always(sweep.FloatValue(1e-6)), Is: "1e-6",
			Doc: "a fit is a loss of at most loss_below times the loss of the zero function",
		},
		{
			Name: "stop_at_fit", Type: sweep.BoolType, Default: always(sweep.BoolValue(true)), Is: "true",
			Doc: "end at the fit, or go on to the budget",
		},
		{
			Name: "plateau", Type: sweep.IntType, Min: sweep.IntValue(0), Default: always(sweep.IntValue(0)), Is: "0, off",
			Doc: "end where the last PLATEAU steps lowered the least loss by less than a thousandth",
		},
	}
}

func inputParams() []sweep.Param {
	return []sweep.Param{
		choice("data", "where the inputs come from", "sphere", "pairs", "clusters", "file"),
		{
			Name: "pairs", Type: sweep.IntType, Min: sweep.IntValue(0), When: when("data", "pairs"), Is: "n/2 rounded down",
			Default: func(p sweep.Point) sweep.Value { return sweep.IntValue(p.Int("n") / 2) },
			Doc:     "rows 2k and 2k+1 are pairs, for k below this; at most n/2",
		},
		{
			Name: "angle", Type: sweep.FloatType, Min: sweep.FloatValue(0), Max: sweep.FloatValue(math.Pi), Open: true,
			When: when("data", "pairs"), Doc: "between the two inputs of a pair, in radians",
		},
		{
			Name: "clusters", Type: sweep.IntType, Min: sweep.IntValue(1), When: when("data", "clusters"),
			Doc: "number of centres",
		},
		{
			Name: "spread", Type: sweep.FloatType, Min: sweep.FloatValue(0), When: when("data", "clusters"),
			Default: always(sweep.FloatValue(0.1)), Is: "0.1", Doc: "of the normals that are added to a centre",
		},
		{Name: "path", Type: sweep.FileType, When: when("data", "file"), Doc: "a CSV or NPY file, relative to the spec's folder"},
		{
			Name: "columns", Type: sweep.ListType, When: when("data", "file"), Default: always(sweep.Value{}), Is: "all but the label",
			Doc: "the columns that are inputs, by name or by number: 0 is the first, -1 the last",
		},
		{
			Name: "normalise", Type: sweep.TextType, Choices: []string{"rows", "none"}, When: when("data", "file"),
			Default: always(sweep.TextValue("rows")), Is: "rows", Doc: "rows: each input is made of length 1",
		},
	}
}

func labelParams() []sweep.Param {
	return []sweep.Param{
		choice("labels", "where the labels come from", "gaussian", "rademacher", "teacher", "teacher-sign", "file"),
		{
			Name: "label", Type: sweep.TextType, When: append(when("data", "file"), when("labels", "file")...),
			Doc: "the column that is the label, by name or by number: 0 is the first, -1 the last",
		},
		{
			Name: "teacher_width", Type: sweep.IntType, Min: sweep.IntValue(1), When: when("labels", "teacher", "teacher-sign"),
			Doc: "width of the ReLU network that labels the inputs",
		},
		{
			Name: "margin", Type: sweep.FloatType, Min: sweep.FloatValue(0), Default: always(sweep.FloatValue(0)), Is: "0",
			When: append(when("data", "sphere", "pairs"), when("labels", "teacher", "teacher-sign")...),
			Doc:  "inputs on which the teacher's output is smaller in size are passed over",
		},
		{
			Name: "noise", Type: sweep.FloatType, Min: sweep.FloatValue(0), Default: always(sweep.FloatValue(0)), Is: "0",
			When: when("labels", "teacher-sign"), Doc: "chance that a label is flipped, in [0, 1)",
		},
	}
}

// choice is a text parameter whose first choice is the default.
func choice(name, doc string, choices ...string) sweep.Param {
	return sweep.Param{
		Name: name, Type: sweep.TextType, Choices: choices, Default: always(sweep.TextValue(choices[0])), Is: choices[0], Doc: doc,
	}
}

func always(v sweep.Value) func(sweep.Point) sweep.Value {
	return func(sweep.Point) sweep.Value { return v }
}

func when(param string, in ...string) []sweep.When { return []sweep.When{{Param: param, In: in}} }
