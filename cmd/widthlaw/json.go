package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

// schema is the version of every JSON object that widthlaw prints; it is its first field.
const schema = 1

// An object is a JSON object whose fields keep their order.
type object []field

type field struct {
	name  string
	value any
}

// MarshalJSON writes the fields in order. Floats print so that they read back to the same bits.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		text, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		fmt.Fprintf(&b, "%q:%s", f.name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// print writes the object in a line.
func (o object) print(w io.Writer) error {
	text, err := o.MarshalJSON()
	if err == nil {
		_, err = w.Write(append(text, '\n'))
	}
	return err
}

// number is f, null where it is undefined.
func number(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

// jsonValue is v as JSON has it; p is its row of the table where it is a parameter, else nil.
func jsonValue(v sweep.Value, p *sweep.Param) any {
	switch v.Kind {
	case sweep.None:
		return nil
	case sweep.Bool:
		return v.True()
	case sweep.Int:
		return v.Int
	case sweep.Float:
		return v.Float
	case sweep.List:
		return v.Entries()
	case sweep.Relative:
		return v.String() + "/" + p.Relative
	}
	return v.Text
}

// curve is a recorded curve, null where it is undefined.
func curve(values []float64) []any {
	list := make([]any, len(values))
	for i, f := range values {
		list[i] = number(f)
	}
	return list
}

func provenanceJSON(p sweep.Provenance) object {
	return object{
		{"host", p.Host},
		{"agent", p.Agent},
		{"kernel", p.Kernel},
		{"version", p.Version},
		{"revision", p.Revision},
		{"started", p.Started.UTC().Format(time.RFC3339Nano)},
		{"finished", p.Finished.UTC().Format(time.RFC3339Nano)},
		{"attempts", p.Attempts},
		{"threads", p.Threads},
		{"seconds", number(p.Seconds)},
	}
}

// outputFlag adds --output to a verb that prints for people and for programs.
func outputFlag(cmd *cobra.Command) *string {
	format := cmd.Flags().String("output", "text", "print `text` or json")
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *format != "text" && *format != "json" {
			return usage("write --output text or --output json", "--output %s is unknown", *format)
		}
		return run(cmd, args)
	}
	return format
}
