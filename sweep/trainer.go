package sweep

import (
	"context"
	"io"
)

// A Trainer is a value that describes one kind of training and runs it. The spec's errors, the planner, --help, the
// documentation and the exports all read this one table; nothing else in the system knows a trainer's parameters.
type Trainer struct {
	Name    string
	Version int // Invariant: grows whenever a default or a result's bits change; it is in every key.
	Summary string

	Params  []Param // Invariant: a Default, a Check and a When read only parameters before their own.
	Curves  []Curve
	Scalars []Scalar // in the order of exports; "<curve>_final" of each recorded curve follows them
	Events  []string // what `success` may name: scalar "event_<name>" each

	Judges map[string]string // by event: the curve that must be recorded for it to be decided; others need none

	// Check finds what is wrong with a point whose parameters are each in range. nil: nothing can be.
	Check func(p Point) []Mistake

	// SpectrumParams name what the spectrum of a data set depends on, its seeds left out, its size n first; CostParams
	// what the cost does.
	SpectrumParams, CostParams []string
	Spectrum                   func(p Point) (Spectrum, error) // computed, for one data set
	Cost                       func(p Point, s Spectrum) Cost
	DataShape                  func(path string, p Point) (map[string]Value, error) // parameters that a data file itself sets: n (its rows: Param.Upto), d; the path of p is not read

	// Run trains one point. It returns ctx's error soon after ctx ends.
	Run func(ctx context.Context, job Job) (Outcome, error)

	read func(param int) // told of each parameter that Point.Get is asked for; see dependence.go
}

// A Param is one row of the table.
type Param struct {
	Name     string
	Type     Type
	Min, Max Value               // of Type; None: unbounded. For a float Open excludes them.
	Open     bool                //
	Choices  []string            // of a Text; nil: any text
	Relative string              // the quantity of the form TIMES/quantity, such as "lambda_max"; empty: plain values only
	When     []When              // all must hold, else the parameter is idle at that point
	Default  func(p Point) Value // nil: must be given. It bears undefined values before it.
	Is       string              // the default in words, for people: "n/2 rounded down"
	Seed     bool                // keys random streams: points that differ in it alone are repetitions of one another
	Searched bool                // of an IntType: a spec may ask for the needed value, since success comes with it
	Upto     bool                // a data file's shape is the largest value, and the default: n, the first n rows
	Doc      string
}

// A Type is what a parameter accepts. A Relative is accepted beside it where Param.Relative is set.
type Type uint8

// The types of a parameter.
const (
	IntType Type = iota
	FloatType
	BoolType
	TextType
	FileType // written as a path, kept as the content's hash
	ListType // a list of texts
)

// A When is a condition on another parameter: its value, as text, is one of In.
type When struct {
	Param string
	In    []string
}

// A Curve can be recorded.
type Curve struct {
	Name, Unit, Doc string
	When            []When
	Eigenvalues     bool // costs an eigenvalue decomposition at each recorded step
}

// A Scalar is one number, bool or text of an outcome.
type Scalar struct {
	Name, Doc string
	Kind      Kind
}

// A Mistake is what is wrong with a parameter and what to write instead.
type Mistake struct {
	Param string
	Text  string // ends with the next step
}

// A Spectrum is what relative parameters refer to.
type Spectrum struct {
	Lambda0, LambdaMax float64
}

// A Cost is what a point is expected to take.
type Cost struct {
	Flops  float64 // floating-point operations in all
	Steps  int64
	Memory int64 // bytes, at most
}

// A Job is one point to train.
type Job struct {
	Point    Point
	Threads  int                                                    // Invariant: >= 1. The outcome does not depend on it.
	Kernel   string                                                 // forces a kernel by name; empty: the best of the processor
	Progress func(done, budget int64)                               // called now and then, from one goroutine; may be nil
	File     func(ctx context.Context, hash string) (string, error) // the local path of a data file

	// A training that is interrupted goes on elsewhere, to equal bits, from what it saved. A trainer whose points are short may
	// leave all three alone; each may be nil.
	Resume io.Reader                                       // what Save's write wrote; it was not damaged. Run's error wraps ErrCheckpoint where it is of no use
	Due    func() bool                                     // asked between steps, after ctx: whether Save is to be called now. Who ends ctx may want a checkpoint first
	Save   func(step int64, write func(w io.Writer) error) // step: Checkpoint.Step. Whether the checkpoint was kept is not Run's concern
}
