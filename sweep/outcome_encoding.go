package sweep

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

// # The canonical encoding of an outcome's deterministic part
//
// Two computations of a point agree exactly if these bytes are equal; the digest of a sweep is made of them.
//
//	"widthlaw outcome 1\n"
//	uint32    number of scalars, then each, sorted by name: text name, tag, payload (as in a point's encoding;
//	          'n', without payload, is undefined)
//	uint32    number of recorded steps, then each as 8 bytes
//	uint32    number of curves, then each, sorted by name: text name, a bit a step (the first step is the least
//	          significant bit of the first byte; 1: defined), then 8 bytes IEEE bits for each defined value
//
// All integers are big-endian. No NaN and no infinity is in it.
const outcomeMagic = "widthlaw outcome 1\n"

// Encode appends the canonical encoding of o's deterministic part. A NaN or an infinity among the scalars becomes undefined.
func (o Outcome) Encode(b []byte) []byte {
	b = append(b, outcomeMagic...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(o.Scalars)))
	for _, name := range slices.Sorted(maps.Keys(o.Scalars)) {
		v := o.Scalars[name]
		if math.IsNaN(v.Float) || math.IsInf(v.Float, 0) {
			v = Value{}
		}
		b = putValue(putText(b, name), v)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(o.Curves.Step)))
	for _, k := range o.Curves.Step {
		b = binary.BigEndian.AppendUint64(b, uint64(k))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(o.Curves.Values)))
	for _, name := range slices.Sorted(maps.Keys(o.Curves.Values)) {
		b = putText(b, name)
		b = putCurve(b, o.Curves.Values[name])
	}
	return b
}

func putCurve(b []byte, values []float64) []byte {
	at := len(b)
	b = append(b, make([]byte, (len(values)+7)/8)...)
	for i, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		b[at+i/8] |= 1 << (i % 8)
		b = binary.BigEndian.AppendUint64(b, math.Float64bits(v+0))
	}
	return b
}

// DecodeOutcome is the inverse of Encode. Whatever it accepts encodes to the same bytes.
func DecodeOutcome(b []byte) (Outcome, error) {
	malformed := fmt.Errorf("outcome: %w", ErrEncoding)
	r := reader{rest: b}
	if string(r.take(len(outcomeMagic))) != outcomeMagic {
		return Outcome{}, malformed
	}
	o := Outcome{Scalars: map[string]Value{}, Curves: Curves{Values: map[string][]float64{}}}
	for range r.uint32() {
		name := r.text()
		o.Scalars[name] = r.value()
		if r.bad {
			return Outcome{}, malformed
		}
	}
	steps := int64(r.uint32())
	if steps*8 > int64(len(r.rest)) {
		return Outcome{}, malformed
	}
	if steps > 0 {
		o.Curves.Step = make([]int64, steps)
	}
	for i := range o.Curves.Step {
		o.Curves.Step[i] = int64(r.uint64())
		r.bad = r.bad || i > 0 && o.Curves.Step[i] <= o.Curves.Step[i-1]
	}
	for range r.uint32() {
		name := r.text()
		o.Curves.Values[name] = r.curve(int(steps))
		if r.bad {
			return Outcome{}, malformed
		}
	}
	if r.bad || len(r.rest) > 0 || string(o.Encode(nil)) != string(b) {
		return Outcome{}, malformed
	}
	return o, nil
}

func (r *reader) curve(steps int) []float64 {
	bits := r.take((steps + 7) / 8)
	if r.bad {
		return nil
	}
	values := make([]float64, steps)
	for i := range values {
		values[i] = math.NaN()
		if bits[i/8]>>(i%8)&1 == 1 {
			values[i] = math.Float64frombits(r.uint64())
		}
	}
	return values
}
