package sweep

import (
	"math/big"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

const axisForms = "write one value, a list [1, 2, 4], a range 0..9 or 0..100 step 10, {log: [a, b], points: k} or {linear: [a, b], points: k}"

// readAxis reads the values of one axis of grid.
func (p *parser) readAxis(d *declaration, n *yaml.Node) {
	r := resolve(n)
	switch r.Kind {
	case yaml.SequenceNode:
		p.readList(d, r)
	case yaml.MappingNode:
		p.readSpaced(d, r)
	default:
		text, ok := p.scalar(n, d.name)
		if !ok {
			return
		}
		if form := rangeForm.FindStringSubmatch(text); form != nil && d.numeric() {
			p.readRange(d, n, form[1], form[2], form[3])
		} else if v, ok := p.value(d, n); ok {
			d.column.list = []Value{v}
		}
	}
}

// numeric says whether a..b is a range for this name; for a helper it is.
func (d *declaration) numeric() bool {
	return d.param == nil || d.param.Type == IntType || d.param.Type == FloatType
}

func (p *parser) readList(d *declaration, n *yaml.Node) {
	if len(n.Content) == 0 {
		p.add(at(n), "%s: the list is empty; %s", d.name, axisForms)
		return
	}
	if len(n.Content) > listLimit {
		p.add(at(n), "%s: the list has %d values; write at most %d, or a range a..b", d.name, len(n.Content), listLimit)
		return
	}
	d.column.list = make([]Value, 0, len(n.Content))
	for _, item := range n.Content {
		if v, ok := p.value(d, item); ok {
			d.column.list = append(d.column.list, v)
		}
	}
}

// value reads one value of a declared name.
func (p *parser) value(d *declaration, n *yaml.Node) (Value, bool) {
	if d.param != nil && d.param.Type == ListType && resolve(n).Kind == yaml.SequenceNode {
		return p.listValue(d, resolve(n))
	}
	text, ok := p.scalar(n, d.name)
	if !ok {
		return Value{}, false
	}
	if d.param == nil {
		return helperValue(text, resolve(n).Tag), true
	}
	v, problem := d.param.parse(text)
	if problem == "" && d.param.Type == FileType {
		v, problem = p.fileValue(d, text)
	}
	if problem != "" {
		p.add(at(n), "%s", problem)
		return Value{}, false
	}
	return v, true
}

func (p *parser) listValue(d *declaration, n *yaml.Node) (Value, bool) {
	var texts []string
	for _, item := range n.Content {
		text, ok := p.scalar(item, d.name)
		if ok && strings.Contains(text, "\n") {
			p.add(at(item), "%s: an entry has a line break; write it on one line", d.name)
			ok = false
		}
		if !ok {
			return Value{}, false
		}
		texts = append(texts, text)
	}
	return ListValue(texts), true
}

// helperValue is a number, true, false or a text.
func helperValue(text, tag string) Value {
	if tag == "!!bool" && (text == "true" || text == "false") {
		return BoolValue(text == "true")
	}
	if v, ok := parseNumber(text); ok {
		return v
	}
	return TextValue(text)
}

// fileValue resolves a data file to its content's hash.
func (p *parser) fileValue(d *declaration, path string) (Value, string) {
	if p.files == nil {
		return Value{}, d.name + ": data files cannot be read here; run the command where the file is"
	}
	hash, local, err := p.files(path)
	if err != nil {
		return Value{}, d.name + ": cannot read the data file: " + err.Error() + "; check the path, which is relative to the spec's folder"
	}
	v := FileValue(hash)
	if problem := d.param.Accepts(v); problem != "" {
		return Value{}, problem
	}
	p.spec.Files[path], p.local[hash] = hash, local
	return v, ""
}

var rangeForm = regexp.MustCompile(`^\s*([^\s]+?)\s*\.\.\s*([^\s]+?)(?:\s+step\s+([^\s]+))?\s*$`)

// readRange reads a..b and a..b step s.
func (p *parser) readRange(d *declaration, n *yaml.Node, from, to, step string) {
	if step == "" {
		step = "1"
	}
	a, b, s := p.end(d, n, from), p.end(d, n, to), p.end(d, n, step)
	switch {
	case a == nil || b == nil || s == nil:
		return
	case a.quantity != b.quantity || s.quantity && !a.quantity || a.quantity && !s.quantity && step != "1":
		p.add(at(n), "%s: mixes plain numbers and TIMES/%s; write all ends in one way", d.name, d.param.Relative)
		return
	case s.exact.Sign() <= 0:
		p.add(at(n), "%s: the step %s is not positive; write a..b step s with s > 0", d.name, step)
		return
	case a.exact.Cmp(b.exact) > 0:
		p.add(at(n), "%s: %s..%s is reversed; write %s..%s", d.name, from, to, to, from)
		return
	}
	count := new(big.Rat).Sub(b.exact, a.exact)
	count.Quo(count, s.exact)
	if !count.IsInt() {
		whole := new(big.Int).Quo(count.Num(), count.Denom())
		last := new(big.Rat).Mul(new(big.Rat).SetInt(whole), s.exact)
		last.Add(last, a.exact)
		v, _ := rounded(last, last.IsInt())
		p.add(at(n), "%s: %s..%s step %s does not reach %s, and both ends are included; write %s..%s step %s", d.name, from, to, step, to, from, v, step)
		return
	}
	p.fillRange(d, n, a, s, count.Num())
}

// fillRange makes the column of steps+1 values; integers are not listed.
func (p *parser) fillRange(d *declaration, n *yaml.Node, a, s *axisEnd, steps *big.Int) {
	whole := a.exact.IsInt() && s.exact.IsInt() && !a.quantity
	if d.param != nil && d.param.Type == IntType && !whole && !a.quantity {
		p.add(at(n), "%s: the range goes over fractions; write integers, or {linear: [a, b], points: k}, which rounds", d.name)
		return
	}
	if whole && (d.param == nil || d.param.Type == IntType) {
		last := new(big.Int).Mul(steps, s.exact.Num())
		last.Add(last, a.exact.Num())
		if !a.exact.Num().IsInt64() || !last.IsInt64() || !s.exact.Num().IsInt64() || steps.BitLen() > 63 {
			p.add(at(n), "%s: the range does not fit 64 bits; write smaller ends", d.name)
			return
		}
		d.column = column{from: a.exact.Num().Int64(), step: s.exact.Num().Int64(), n: steps.Uint64() + 1}
		for _, end := range []int64{d.column.from, last.Int64()} {
			if problem := d.accepts(IntValue(end)); problem != "" {
				p.add(at(n), "%s", problem)
				return
			}
		}
		return
	}
	if !steps.IsInt64() || steps.Int64() >= listLimit {
		p.add(at(n), "%s: the range has more than %d values; widen the step", d.name, listLimit)
		return
	}
	p.fill(d, n, progression(a.exact, s.exact, steps.Int64()+1), a.quantity)
}

func (d *declaration) accepts(v Value) string {
	if d.param == nil {
		return ""
	}
	return d.param.Accepts(v)
}

// fill makes a listed column of exact numbers.
func (p *parser) fill(d *declaration, n *yaml.Node, numbers []*big.Rat, quantity bool) {
	integer := d.param != nil && d.param.Type == IntType && !quantity
	d.column.list = make([]Value, len(numbers))
	for i, r := range numbers {
		v, ok := rounded(r, integer)
		if quantity {
			v = RelativeValue(v.Float)
		}
		problem := d.accepts(v)
		if !ok {
			problem = d.name + ": a value does not fit 64 bits; write smaller ends"
		}
		if problem != "" {
			p.add(at(n), "%s", problem)
			return
		}
		d.column.list[i] = v
	}
}

// An axisEnd is an end or a step of a range, exactly as written.
type axisEnd struct {
	exact    *big.Rat
	quantity bool // TIMES/quantity
}

func (p *parser) end(d *declaration, n *yaml.Node, text string) *axisEnd {
	e := &axisEnd{}
	number := text
	if d.param != nil {
		if times, ok := d.param.relative(text); ok {
			number, e.quantity = times, true
		}
	}
	var ok bool
	if e.exact, ok = rational(number); !ok {
		p.add(at(n), "%s: %q is no number; %s", d.name, text, axisForms)
		return nil
	}
	return e
}

// readSpaced reads {log: [a, b], points: k} and {linear: [a, b], points: k}.
func (p *parser) readSpaced(d *declaration, n *yaml.Node) {
	if p.searches(n) {
		p.readSearch(d, n)
		return
	}
	var kind string
	var ends, points *yaml.Node
	before := len(p.mistakes)
	for _, e := range p.mapping(n, d.name, []string{"log", "linear", "points"}) {
		switch e.key.Value {
		case "points":
			points = e.value
		default:
			if kind != "" {
				p.add(at(e.key), "%s: both log and linear; keep one of the two", d.name)
			}
			kind, ends = e.key.Value, e.value
		}
	}
	if kind == "" || points == nil {
		if len(p.mistakes) == before {
			p.add(at(n), "%s: an axis in braces needs log or linear, and points; %s", d.name, axisForms)
		}
		return
	}
	count, ok := p.integer(points, d.name+": points", 2, listLimit)
	a, b, fine := p.readEnds(d, kind, ends)
	if !ok || !fine {
		return
	}
	if !d.numeric() {
		p.add(at(n), "%s: takes no numbers; write %s", d.name, d.param.Wants())
		return
	}
	if kind == "linear" {
		p.fill(d, n, linear(a.exact, b.exact, count), a.quantity)
		return
	}
	from, _ := a.exact.Float64()
	to, _ := b.exact.Float64()
	spaced := LogSpaced(from, to, int(count))
	numbers := make([]*big.Rat, len(spaced))
	for i, f := range spaced {
		numbers[i] = new(big.Rat).SetFloat64(f)
	}
	p.fill(d, n, numbers, a.quantity)
}

// readEnds reads [a, b] with a < b, and 0 < a for log.
func (p *parser) readEnds(d *declaration, kind string, n *yaml.Node) (a, b *axisEnd, ok bool) {
	items := p.sequence(n, d.name+": "+kind, "[a, b]")
	if len(items) != 2 {
		if resolve(n).Kind == yaml.SequenceNode {
			p.add(at(n), "%s: %s takes two ends, not %d; write {%s: [a, b], points: k}", d.name, kind, len(items), kind)
		}
		return nil, nil, false
	}
	var ends [2]*axisEnd
	for i, item := range items {
		if text, ok := p.scalar(item, d.name+": an end"); ok {
			ends[i] = p.end(d, item, text)
		}
	}
	a, b = ends[0], ends[1]
	if a == nil || b == nil {
		return nil, nil, false
	}
	low, _ := a.exact.Float64()
	switch {
	case a.quantity != b.quantity:
		p.add(at(n), "%s: mixes a plain number and TIMES/%s; write both ends in one way", d.name, d.param.Relative)
	case kind == "log" && (a.exact.Sign() <= 0 || low == 0):
		p.add(at(items[0]), "%s: a log axis starts above 0; raise the first end, or use linear", d.name)
	case a.exact.Cmp(b.exact) >= 0:
		p.add(at(n), "%s: the ends are reversed or equal; write the smaller one first", d.name)
	default:
		return a, b, true
	}
	return nil, nil, false
}
