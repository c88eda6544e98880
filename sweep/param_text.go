package sweep

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ParseParam reads a parameter as a person writes it: `m=64`, `lr=0.5/lambda_max`, `columns=a,b`. The text says what is
// wrong and what to write instead, and is empty if nothing is. A FileType gives the path as a Text: whoever asks reads
// the file and puts its hash in the path's place.
func (t *Trainer) ParseParam(name, text string) (Value, string) {
	p := t.Param(name)
	if p == nil {
		return Value{}, fmt.Sprintf("unknown parameter %q of trainer %s%s", name, t.Name, didYouMean(name, t.paramNames()))
	}
	if p.Type == ListType {
		return ListValue(strings.Split(text, ",")), ""
	}
	return p.parse(text)
}

func (t *Trainer) paramNames() []string {
	names := make([]string, len(t.Params))
	for i, p := range t.Params {
		names[i] = p.Name
	}
	return names
}

// parse reads one value of the parameter.
func (p *Param) parse(text string) (Value, string) {
	v, problem := p.read(strings.TrimSpace(text))
	if problem == "" && v.Kind == Text && p.Type == FileType {
		return v, ""
	}
	if problem == "" {
		problem = p.Accepts(v)
	}
	if problem != "" {
		return Value{}, problem
	}
	return v, ""
}

// read gives text the parameter's type, and leaves the range to Accepts.
func (p *Param) read(text string) (Value, string) {
	unfit := fmt.Sprintf("%s: %q does not fit; write %s", p.Name, text, p.Wants())
	if text == "" {
		return Value{}, fmt.Sprintf("%s: has no value; write %s", p.Name, p.Wants())
	}
	if times, ok := p.relative(text); ok {
		if v, ok := parseNumber(times); ok {
			return RelativeValue(v.number()), ""
		}
		return Value{}, unfit
	}
	switch p.Type {
	case IntType, FloatType:
		v, ok := parseNumber(text)
		if !ok {
			return Value{}, unfit
		}
		return p.ofNumber(v)
	case BoolType:
		if text != "true" && text != "false" {
			return Value{}, unfit
		}
		return BoolValue(text == "true"), ""
	case TextType:
		if p.Choices != nil && !slices.Contains(p.Choices, text) {
			return Value{}, fmt.Sprintf("%s: unknown choice %q%s", p.Name, text, didYouMean(text, p.Choices))
		}
	case ListType:
		return ListValue([]string{text}), ""
	}
	return TextValue(text), ""
}

// ofNumber gives a number the parameter's type: 1e3 is the integer 1000; 2.5 is no integer.
func (p *Param) ofNumber(v Value) (Value, string) {
	if p.Type == FloatType {
		return FloatValue(v.number()), ""
	}
	if v.Kind == Float {
		i, ok := integral(v.Float)
		switch {
		case v.Float != math.Trunc(v.Float):
			return Value{}, fmt.Sprintf("%s: %s is not an integer; write %s", p.Name, v, p.Wants())
		case !ok:
			return Value{}, fmt.Sprintf("%s: %s does not fit 64 bits; write %s", p.Name, v, p.Wants())
		}
		v = IntValue(i)
	}
	return v, ""
}

// relative cuts TIMES out of TIMES/quantity.
func (p *Param) relative(text string) (times string, ok bool) {
	if p.Relative == "" {
		return "", false
	}
	times, quantity, ok := strings.Cut(strings.ReplaceAll(text, " ", ""), "/")
	return times, ok && strings.Trim(quantity, "()") == strings.Trim(p.Relative, "()")
}

// decimal is the grammar of numbers: no hexadecimal, no underscores, no infinities.
var decimal = regexp.MustCompile(`^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$`)

// parseNumber reads an integer of 64 bits, else a finite float.
func parseNumber(text string) (Value, bool) {
	if i, err := strconv.ParseInt(text, 10, 64); err == nil {
		return IntValue(i), true
	}
	if !decimal.MatchString(text) {
		return Value{}, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return FloatValue(f), err == nil
}

// number is an Int, a Float or a Relative as a float64.
func (v Value) number() float64 {
	if v.Kind == Int {
		return float64(v.Int)
	}
	return v.Float
}

// integral is f as an integer of 64 bits, if it is one.
func integral(f float64) (int64, bool) {
	if f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}
