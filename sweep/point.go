package sweep

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Point is one full assignment of a trainer's parameters.
type Point struct {
	Trainer *Trainer
	Values  []Value // of Trainer.Params[i]; None exactly where the parameter is idle
	Record  Record  // Invariant: its curves apply to the point
}

// Get is the value of a parameter, None where it is idle or not yet known.
func (p Point) Get(name string) Value {
	i := p.Trainer.index(name)
	if i < 0 {
		return Value{}
	}
	if p.Trainer.read != nil {
		p.Trainer.read(i)
	}
	return p.Values[i]
}

// Int is Get of an integer; 0 where the parameter is idle.
func (p Point) Int(name string) int64 { return p.Get(name).Int }

// Float is Get of a number; 0 where the parameter is idle. Of a Relative it is TIMES.
func (p Point) Float(name string) float64 { return p.Get(name).Float }

// Text is Get of a text; "" where the parameter is idle.
func (p Point) Text(name string) string { return p.Get(name).Text }

// True is Get of a bool; false where the parameter is idle.
func (p Point) True(name string) bool { return p.Get(name).True() }

// Records says whether a curve is recorded.
func (p Point) Records(curve string) bool { return slices.Contains(p.Record.Curves, curve) }

// index is the place of a parameter in the table, or -1.
func (t *Trainer) index(name string) int {
	for i := range t.Params {
		if t.Params[i].Name == name {
			return i
		}
	}
	return -1
}

// Param is the row of a parameter, or nil.
func (t *Trainer) Param(name string) *Param {
	if i := t.index(name); i >= 0 {
		return &t.Params[i]
	}
	return nil
}

// Curve is the row of a curve, or nil.
func (t *Trainer) Curve(name string) *Curve {
	for i := range t.Curves {
		if t.Curves[i].Name == name {
			return &t.Curves[i]
		}
	}
	return nil
}

// holds says whether all conditions hold at p, as far as p is known.
func holds(p Point, when []When) bool {
	for _, w := range when {
		if !slices.Contains(w.In, p.Get(w.Param).String()) {
			return false
		}
	}
	return true
}

// Complete makes a point of the given parameters: it fills in the defaults, leaves out what is idle, and finds every
// mistake. Without a mistake the point is valid. Given parameters that are idle are left out silently: whether that is a
// mistake depends on the rest of the spec. Recorded curves that do not apply are left out likewise.
func (t *Trainer) Complete(given map[string]Value, record Record) (Point, []Mistake) {
	p := Point{Trainer: t, Values: make([]Value, len(t.Params))}
	var mistakes []Mistake
	missing := false
	for i := range t.Params {
		param := &t.Params[i]
		if !holds(p, param.When) {
			continue
		}
		v, ok := given[param.Name]
		if !ok || !v.Defined() {
			switch {
			case param.Default == nil:
				mistakes = append(mistakes, Mistake{param.Name, fmt.Sprintf("%s is missing%s; give it a value: %s", param.Name, param.because(), param.Doc)})
				missing = true
			case !missing:
				p.Values[i] = param.Default(p)
			}
			continue
		}
		if text := param.Accepts(v); text != "" {
			mistakes = append(mistakes, Mistake{param.Name, text})
			missing = true
			continue
		}
		p.Values[i] = v
	}
	p.Record.At = record.At
	for _, name := range record.Curves {
		c := t.Curve(name)
		switch {
		case c == nil:
			mistakes = append(mistakes, Mistake{"record", fmt.Sprintf("unknown curve %q; choose among %s", name, t.curveNames())})
		case holds(p, c.When):
			p.Record.Curves = append(p.Record.Curves, name)
		}
	}
	slices.Sort(p.Record.Curves)
	p.Record.Curves = slices.Compact(p.Record.Curves)
	if len(mistakes) == 0 && t.Check != nil {
		mistakes = t.Check(p)
	}
	return p, mistakes
}

func (t *Trainer) curveNames() string { return strings.Join(t.curveList(), ", ") }

func (t *Trainer) curveList() []string {
	names := make([]string, len(t.Curves))
	for i, c := range t.Curves {
		names[i] = c.Name
	}
	return names
}

// because says in words when a parameter with conditions is asked for.
func (p *Param) because() string {
	if len(p.When) == 0 {
		return ""
	}
	return " (asked for where " + WhenText(p.When) + ")"
}

// WhenText says conditions in words: "data is pairs and labels is teacher or teacher-sign".
func WhenText(when []When) string {
	parts := make([]string, len(when))
	for i, w := range when {
		parts[i] = w.Param + " is " + strings.Join(w.In, " or ")
	}
	return strings.Join(parts, " and ")
}

// Accepts says what is wrong with a value of this parameter and what to write instead; "" if nothing is.
func (p *Param) Accepts(v Value) string {
	if v.Kind == Relative && p.Relative != "" {
		if !(v.Float > 0) {
			return fmt.Sprintf("%s: TIMES/%s needs TIMES > 0, not %s", p.Name, p.Relative, v)
		}
		return ""
	}
	ok := false
	switch p.Type {
	case IntType:
		ok = v.Kind == Int && !(p.Min.Defined() && v.Int < p.Min.Int) && !(p.Max.Defined() && v.Int > p.Max.Int)
	case FloatType:
		ok = v.Kind == Float && p.inRange(v.Float)
	case BoolType:
		ok = v.Kind == Bool
	case TextType:
		ok = v.Kind == Text && (p.Choices == nil || slices.Contains(p.Choices, v.Text))
	case FileType:
		ok = v.Kind == File
	case ListType:
		ok = v.Kind == List
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("%s: %s does not fit; write %s", p.Name, quoteIfText(v), p.Wants())
}

func (p *Param) inRange(f float64) bool {
	if p.Min.Defined() && (f < p.Min.Float || p.Open && f == p.Min.Float) {
		return false
	}
	return !p.Max.Defined() || f < p.Max.Float || !p.Open && f == p.Max.Float
}

func quoteIfText(v Value) string {
	if v.Kind == Text {
		return strconv.Quote(v.Text)
	}
	return v.String()
}

// Wants says in words what the parameter accepts: "an integer >= 1", "a number in (0, 3.14), or TIMES/lambda_max".
func (p *Param) Wants() string {
	var s string
	switch p.Type {
	case IntType:
		s = "an integer" + p.rangeText()
	case FloatType:
		s = "a number" + p.rangeText()
	case BoolType:
		s = "true or false"
	case TextType:
		s = "a text"
		if p.Choices != nil {
			s = strings.Join(p.Choices, " or ")
		}
	case FileType:
		s = "the path of a file"
	case ListType:
		s = "a list of texts"
	}
	if p.Relative != "" {
		s += ", or TIMES/" + p.Relative
	}
	return s
}

func (p *Param) rangeText() string {
	low, high := " >= ", " <= "
	if p.Open {
		low, high = " > ", " < "
	}
	switch {
	case p.Min.Defined() && p.Max.Defined():
		return low + p.Min.String() + " and" + high + p.Max.String()
	case p.Min.Defined():
		return low + p.Min.String()
	case p.Max.Defined():
		return high + p.Max.String()
	}
	return ""
}
