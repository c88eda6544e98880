package sweep

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"go.yaml.in/yaml/v4"
)

// A conjunct is one part of where, split at its top-level `and`.
type conjunct struct {
	*expression
	place place
}

// compiler makes a compiler for the expression in a node.
func (p *parser) compiler(n *yaml.Node, in string) *compiler {
	return &compiler{
		source: n.Value,
		terms:  func(name string) (term, bool) { return p.term(name, in) },
		names:  p.names,
		report: func(character int, text string) { p.add(p.inside(n, character), "%s: %s", in, text) },
	}
}

// names are all that an expression may use.
func (p *parser) names() []string {
	var names []string
	for _, d := range p.order {
		names = append(names, d.name)
	}
	for _, name := range p.spec.Trainer.paramNames() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// use marks the names in an expression as used.
func (p *parser) use(root ast.Node) {
	for n := range identifiers(root) {
		if d := p.declared[n.Value]; d != nil {
			d.used = true
		}
	}
}

// term finds what a name stands for in an expression.
func (p *parser) term(name, in string) (term, bool) {
	d := p.declared[name]
	param := p.spec.Trainer.Param(name)
	t := term{slot: p.slot(name)}
	switch {
	case d == nil && param == nil:
		if strings.HasPrefix(name, "lambda") || name == "eta" {
			t.refuse = fmt.Sprintf("%s belongs to a data set, which an expression does not see; write TIMES/%s values under fixed or grid", name, name)
			return t, true
		}
		return t, false
	case d == nil && in != "where" && !p.shaped(name):
		t.refuse = fmt.Sprintf("%s is not set by this spec; add it under fixed or grid", name)
	case d == nil && param.Relative != "":
		t.refuse = fmt.Sprintf("%s has a default that is relative to each data set, so no number here; add it under fixed or grid as a number", name)
	case d != nil:
		t.bad = d.bad
		if slices.ContainsFunc(d.column.list, func(v Value) bool { return v.Kind == Relative }) {
			t.refuse = fmt.Sprintf("%s has values relative to each data set (TIMES/%s), so no number here; leave it out, or write numbers", name, param.Relative)
		}
	}
	if param == nil {
		var same bool
		if t.class, same = d.column.class(); !same && t.refuse == "" && !t.bad {
			t.refuse = fmt.Sprintf("%s mixes numbers, texts and bools; write values of one kind", name)
		}
		return t, true
	}
	t.choices = param.Choices
	switch param.Type {
	case BoolType:
		t.class = boolClass
	case TextType:
		t.class = textClass
	case FileType, ListType:
		t.refuse = fmt.Sprintf("%s cannot be used in an expression; zip it with a helper axis, and use that", name)
	}
	return t, true
}

// class is that of all of a helper's values.
func (c *column) class() (class, bool) {
	if c.list == nil {
		return numberClass, true
	}
	of := func(v Value) class {
		switch v.Kind {
		case Text:
			return textClass
		case Bool:
			return boolClass
		}
		return numberClass
	}
	for _, v := range c.list {
		if of(v) != of(c.list[0]) {
			return 0, false
		}
	}
	if len(c.list) == 0 {
		return numberClass, true
	}
	return of(c.list[0]), true
}

// slot is the place of a name's value in a scope: parameters by the table, then helpers in the order of the file.
func (p *parser) slot(name string) int {
	if i := p.spec.Trainer.index(name); i >= 0 {
		return i
	}
	slot := len(p.spec.Trainer.Params)
	for _, d := range p.order {
		if d.name == name {
			return slot
		}
		if d.param == nil {
			slot++
		}
	}
	return -1
}

// readFormulas compiles every derive, and puts them into an order in which each needs only those before it.
func (p *parser) readFormulas() {
	for _, d := range p.order {
		if d.section == "derive" && !d.bad {
			before := len(p.mistakes)
			d.formula = p.readFormula(d)
			d.bad = d.formula == nil || len(p.mistakes) > before
		}
	}
	p.orderFormulas()
}

func (p *parser) readFormula(d *declaration) *expression {
	n := resolve(d.source)
	text, ok := p.scalar(d.source, "derive: "+d.name)
	if !ok {
		return nil
	}
	root, character, problem := parseExpression(text)
	if problem != "" {
		p.blind = true
		p.add(p.inside(n, character), "derive: %s: %s", d.name, problem)
		return nil
	}
	p.use(root)
	e := p.compiler(n, "derive: "+d.name).take(root)
	if e == nil {
		return nil
	}
	want := numberClass
	switch d.param.Type {
	case BoolType:
		want = boolClass
	case TextType:
		want = textClass
	case FileType, ListType:
		p.add(d.place, "derive: %s cannot be computed; list its values under fixed or grid", d.name)
		return nil
	}
	if e.class != want {
		p.add(p.inside(n, 0), "derive: %s needs %s, and this is %s; write %s", d.name, want, e.class, d.param.Wants())
		return nil
	}
	return e
}

// orderFormulas sorts p.order's derived declarations topologically and reports a cycle.
func (p *parser) orderFormulas() {
	const fresh, open, closed = 0, 1, 2
	state := map[*declaration]int{}
	var sorted, path []*declaration
	var visit func(d *declaration)
	visit = func(d *declaration) {
		if state[d] == closed || d.formula == nil {
			return
		}
		if state[d] == open {
			var names []string
			for _, on := range path[slices.Index(path, d):] {
				names = append(names, on.name)
				on.bad = true
			}
			p.add(d.place, "derive: %s is computed from itself: %s; compute one of them from axes alone", d.name, strings.Join(append(names, d.name), " <- "))
			return
		}
		state[d] = open
		path = append(path, d)
		for _, slot := range d.formula.slots {
			if on := p.bySlot(slot); on != nil && on.section == "derive" {
				visit(on)
			}
		}
		path = path[:len(path)-1]
		state[d] = closed
		sorted = append(sorted, d)
	}
	for _, d := range p.order {
		visit(d)
	}
	p.formulas = sorted
}

func (p *parser) bySlot(slot int) *declaration {
	for _, d := range p.order {
		if p.slot(d.name) == slot {
			return d
		}
	}
	return nil
}

// readWhere compiles where into its conjuncts.
func (p *parser) readWhere() []conjunct {
	if p.wheres == nil {
		return nil
	}
	n := resolve(p.wheres)
	text, ok := p.scalar(p.wheres, "where")
	if !ok {
		return nil
	}
	root, character, problem := parseExpression(text)
	if problem != "" {
		p.blind = true
		p.add(p.inside(n, character), "where: %s", problem)
		return nil
	}
	p.use(root)
	c := p.compiler(n, "where")
	var out []conjunct
	for _, part := range c.conjuncts(root) {
		e := c.take(part)
		if e == nil {
			continue
		}
		if e.class != boolClass {
			p.add(p.inside(n, e.from), "where: each part is true or false, and this is %s; write a comparison such as m >= 2", e.class)
			continue
		}
		out = append(out, conjunct{e, p.inside(n, e.from)})
	}
	return out
}
