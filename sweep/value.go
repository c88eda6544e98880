package sweep

import (
	"fmt"
	"math"
	"strconv"
)

// A Kind says which of a Value's fields holds it.
type Kind uint8

// The kinds of a Value.
const (
	None     Kind = iota // undefined: an idle parameter, a scalar that is not decided
	Bool                 // Int is 0 or 1
	Int                  // Int
	Float                // Float, finite
	Relative             // Float times a quantity of the data set, such as 2/lambda_max
	Text                 // Text
	File                 // Text is the hex SHA-256 of a data file's content
	List                 // Text is the entries, each followed by a newline
)

// A Value is one parameter or one scalar. The zero Value is undefined. Values are comparable with ==.
type Value struct {
	Kind  Kind
	Int   int64
	Float float64
	Text  string
}

// IntValue is the integer i.
func IntValue(i int64) Value { return Value{Kind: Int, Int: i} }

// FloatValue is the finite number f; the two zeros are one value.
func FloatValue(f float64) Value { return Value{Kind: Float, Float: f + 0} }

// RelativeValue is times/quantity, where the parameter's description names the quantity.
func RelativeValue(times float64) Value { return Value{Kind: Relative, Float: times + 0} }

// TextValue is the text s.
func TextValue(s string) Value { return Value{Kind: Text, Text: s} }

// BoolValue is b.
func BoolValue(b bool) Value {
	if b {
		return Value{Kind: Bool, Int: 1}
	}
	return Value{Kind: Bool}
}

// FileValue is the data file whose content has this hex SHA-256.
func FileValue(hash string) Value { return Value{Kind: File, Text: hash} }

// ListValue is a list of texts.
func ListValue(entries []string) Value {
	v := Value{Kind: List}
	for _, e := range entries {
		v.Text += e + "\n"
	}
	return v
}

// Defined says whether v is a value at all.
func (v Value) Defined() bool { return v.Kind != None }

// True says whether v is the bool true.
func (v Value) True() bool { return v.Kind == Bool && v.Int == 1 }

// String writes v so that it reads back to the same bits: empty where undefined, a Relative without its quantity.
func (v Value) String() string {
	switch v.Kind {
	case None:
		return ""
	case Bool:
		return strconv.FormatBool(v.Int == 1)
	case Int:
		return strconv.FormatInt(v.Int, 10)
	case Float, Relative:
		return FormatFloat(v.Float)
	case Text, File, List:
		return v.Text
	}
	return fmt.Sprintf("kind %d", v.Kind)
}

// FormatFloat is the shortest decimal that reads back to the same bits.
func FormatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// hash spreads values over 64 bits; equal values have equal hashes. It is kept nowhere.
func (v Value) hash() uint64 {
	h := mix(uint64(v.Kind)+1, uint64(v.Int))
	h = mix(h, math.Float64bits(v.Float))
	for i := range len(v.Text) {
		h = (h ^ uint64(v.Text[i])) * 0x100000001b3
	}
	return mix(h, 1)
}

// String is the kind in words.
func (k Kind) String() string {
	return [...]string{"undefined", "bool", "integer", "number", "relative", "text", "file", "list"}[min(k, List)]
}
