// Package fit turns a sweep's results into the law that the sweep was run for: how wide a network must be, as a function
// of the number of samples n and of lambda0, with intervals and with what the data cannot tell.
//
// Feed every result to a Runs, one at a time and in any order, then call Analyze:
//
//	runs := fit.New(trainer)
//	for pt, out := range results {
//		runs.Add(pt, out)
//	}
//	analysis := runs.Analyze(fit.Options{Sweep: "first"})
//	analysis.WriteText(w) // or analysis.WriteJSON(w)
//
// Start reading with runs.go (what is counted) and law.go (what is said); regression.go is the model, line.go the law that it gives,
// bootstrap.go and interval.go how sure that is, isotonic.go the check without a model, sought.go what stands in its place beside a search,
// theory.go is the table printed beside it. The same results give the same answer to the bit: the draws have a seed of
// their own.
package fit

import (
	"encoding/json"
	"io"
	"math"
	"strconv"
)

// Options say how to analyse.
type Options struct {
	Sweep        string  // the sweep's name, for the output
	Level        float64 // success with this probability is "wide enough"; 0 means the search's, or 0.9
	Draws        int     // of the bootstrap; 0 means 2,000, below 0 none: then there are no intervals
	BestRate     bool    // count (data set, seed, width) as a success where any swept learning rate succeeds
	Points, Done uint64  // of the sweep; Done < Points earns every law a warning. Both 0: not said.
	Search       *Search // of a sweep that searches, with the same results; nil: it does not
}

func (o Options) withDefaults() Options {
	switch {
	case o.Level != 0:
	case o.Search != nil:
		o.Level = o.Search.about.Level
	default:
		o.Level = 0.9
	}
	if o.Draws == 0 {
		o.Draws = 2000
	}
	return o
}

// An Analysis is all that is said about a sweep. Its JSON is stable: schema 1.
type Analysis struct {
	Schema int       `json:"schema"`
	Sweep  string    `json:"sweep"`
	Laws   []Law     `json:"laws"` // by event, in the trainer's order, then by family
	Theory []Theorem `json:"theory"`

	Search []Searched `json:"search,omitempty"` // of a sweep that searches; who has a Search fills it in

	Level float64 `json:"-"` // of the laws
}

// WriteJSON writes the analysis for scripts, on one line.
func (a *Analysis) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false) // a formula's > stays one
	return encoder.Encode(a)
}

// A Number is a float64 that may be undefined: NaN, and in JSON null. It is never an infinity.
type Number float64

// Undefined is the Number that is none.
func Undefined() Number { return Number(math.NaN()) }

// number is x, undefined where x is not finite.
func number(x float64) Number {
	if math.IsInf(x, 0) {
		return Undefined()
	}
	return Number(x)
}

// Defined says whether x is a number at all.
func (x Number) Defined() bool { return !math.IsNaN(float64(x)) }

// MarshalJSON writes the shortest decimal that reads back to the same bits, or null.
func (x Number) MarshalJSON() ([]byte, error) {
	if !x.Defined() || math.IsInf(float64(x), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(x))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (x *Number) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*x = Undefined()
		return nil
	}
	f, err := strconv.ParseFloat(string(b), 64)
	*x = Number(f)
	return err
}
