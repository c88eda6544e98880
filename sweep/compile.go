package sweep

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
)

// compile makes an expression of a node, or reports what is wrong and gives nil.
func (c *compiler) compile(n ast.Node) *expression {
	var e *expression
	switch n := n.(type) {
	case *ast.IntegerNode:
		v := num{kind: intNum, i: int64(n.Value)}
		e = &expression{number: func(*scope) num { return v }}
	case *ast.FloatNode:
		v := num{kind: floatNum, f: n.Value}
		e = &expression{number: func(*scope) num { return v }}
	case *ast.BoolNode:
		e = &expression{class: boolClass, truth: func(*scope) bool { return n.Value }}
	case *ast.StringNode:
		e = &expression{class: textClass, text: func(*scope) (string, bool) { return n.Value, true }, literal: true, constant: n.Value}
	case *ast.IdentifierNode:
		e = c.name(n)
	case *ast.UnaryNode:
		e = c.unary(n)
	case *ast.BinaryNode:
		e = c.binary(n)
	case *ast.BuiltinNode:
		e = c.call(n, n.Name, n.Arguments)
	case *ast.CallNode:
		if f, ok := n.Callee.(*ast.IdentifierNode); ok {
			e = c.call(n, f.Value, n.Arguments)
		} else {
			c.refuse(n, "this call")
		}
	default:
		c.refuse(n, c.word(n))
	}
	if e != nil {
		e.from = leftmost(n)
	}
	return e
}

// leftmost is the first character of a node; a binary node's own location is its operator's.
func leftmost(n ast.Node) int {
	for {
		b, ok := n.(*ast.BinaryNode)
		if !ok {
			return n.Location().From
		}
		n = b.Left
	}
}

// word names what is not allowed.
func (c *compiler) word(n ast.Node) string {
	switch n.(type) {
	case *ast.ConditionalNode:
		return "a condition ? :"
	case *ast.ArrayNode:
		return "a list outside of `in [...]`"
	case *ast.MemberNode, *ast.ChainNode, *ast.SliceNode:
		return "access by . or []"
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		return "a variable"
	case *ast.NilNode:
		return "nil"
	}
	return "this"
}

func (c *compiler) refuse(n ast.Node, what string) *expression {
	c.report(n.Location().From, fmt.Sprintf("%s is not allowed; %s", what, Allowed))
	return nil
}

func (c *compiler) name(n *ast.IdentifierNode) *expression {
	t, ok := c.terms(n.Value)
	if !ok {
		c.report(n.Location().From, fmt.Sprintf("unknown name %q%s", n.Value, didYouMean(n.Value, c.names())))
		return nil
	}
	if t.bad {
		return nil
	}
	if t.refuse != "" {
		c.report(n.Location().From, t.refuse)
		return nil
	}
	if !slices.Contains(c.slots, t.slot) {
		c.slots = append(c.slots, t.slot)
	}
	slot := t.slot
	switch t.class {
	case textClass:
		return &expression{class: textClass, choices: t.choices, text: func(s *scope) (string, bool) {
			v := &s.values[slot]
			return v.Text, v.Kind == Text
		}}
	case boolClass:
		return &expression{class: boolClass, truth: func(s *scope) bool { return s.values[slot].True() }}
	}
	return &expression{number: func(s *scope) num {
		switch v := &s.values[slot]; v.Kind {
		case Int:
			return num{kind: intNum, i: v.Int}
		case Float:
			return num{kind: floatNum, f: v.Float}
		}
		return num{}
	}}
}

// wants compiles a node and checks its class.
func (c *compiler) wants(n ast.Node, want class, by string) *expression {
	e := c.compile(n)
	if e != nil && e.class != want {
		c.report(e.from, fmt.Sprintf("%s needs %s, and this is %s; %s", by, want, e.class, Allowed))
		return nil
	}
	return e
}

func (c *compiler) unary(n *ast.UnaryNode) *expression {
	switch n.Operator {
	case "not":
		if e := c.wants(n.Node, boolClass, "not"); e != nil {
			return &expression{class: boolClass, truth: func(s *scope) bool { return !e.truth(s) }}
		}
	case "-":
		if e := c.wants(n.Node, numberClass, "-"); e != nil {
			return &expression{number: func(s *scope) num { return s.negate(e.number(s)) }}
		}
	case "+":
		return c.wants(n.Node, numberClass, "+")
	case "!":
		return c.refuse(n, "! (write not)")
	default:
		return c.refuse(n, n.Operator)
	}
	return nil
}

func (c *compiler) binary(n *ast.BinaryNode) *expression {
	switch n.Operator {
	case "+", "-", "*", "/", "%":
		x, y := c.wants(n.Left, numberClass, n.Operator), c.wants(n.Right, numberClass, n.Operator)
		if x == nil || y == nil {
			return nil
		}
		return &expression{number: arithmetic(n.Operator, x.number, y.number)}
	case "and", "or":
		return c.logical(n, n.Operator)
	case "&&":
		if c.chained(n) {
			return c.logical(n, "and")
		}
		return c.refuse(n, "&& (write and)")
	case "||":
		return c.refuse(n, "|| (write or)")
	case "==", "!=", "<", "<=", ">", ">=":
		return c.comparison(n)
	case "in":
		return c.membership(n)
	case "**", "^":
		return c.refuse(n, n.Operator+" (a power: its bits depend on the platform)")
	}
	return c.refuse(n, n.Operator)
}

// chained says whether the parser made this && of a chain such as 1 < m < 5.
func (c *compiler) chained(n *ast.BinaryNode) bool {
	runes := []rune(c.source)
	from := n.Location().From
	return from < len(runes) && runes[from] != '&'
}

func (c *compiler) logical(n *ast.BinaryNode, operator string) *expression {
	x, y := c.wants(n.Left, boolClass, operator), c.wants(n.Right, boolClass, operator)
	if x == nil || y == nil {
		return nil
	}
	a, b := x.truth, y.truth
	if operator == "or" {
		return &expression{class: boolClass, truth: func(s *scope) bool { return a(s) || b(s) }}
	}
	return &expression{class: boolClass, truth: func(s *scope) bool { return a(s) && b(s) }}
}

func (c *compiler) comparison(n *ast.BinaryNode) *expression {
	x, y := c.compile(n.Left), c.compile(n.Right)
	if x == nil || y == nil {
		return nil
	}
	equality := n.Operator == "==" || n.Operator == "!="
	switch {
	case x.class != y.class:
		c.report(y.from, fmt.Sprintf("%s compares %s with %s; compare like with like", n.Operator, x.class, y.class))
		return nil
	case x.class != numberClass && !equality:
		c.report(n.Location().From, fmt.Sprintf("%s compares numbers, and this is %s; use == or !=", n.Operator, x.class))
		return nil
	case x.class == textClass:
		if !c.choice(x, y) || !c.choice(y, x) {
			return nil
		}
		return textEquality(n.Operator == "!=", x.text, y.text)
	case x.class == boolClass:
		unequal := n.Operator == "!="
		return &expression{class: boolClass, truth: func(s *scope) bool { return (x.truth(s) != y.truth(s)) == unequal }}
	}
	return &expression{class: boolClass, truth: ordering(n.Operator, x.number, y.number)}
}

func textEquality(unequal bool, x, y func(*scope) (string, bool)) *expression {
	return &expression{class: boolClass, truth: func(s *scope) bool {
		a, ok := x(s)
		b, also := y(s)
		return (ok && also && a == b) != unequal
	}}
}

// choice reports a literal that is none of the choices of what it is compared with.
func (c *compiler) choice(named, literal *expression) bool {
	if named.choices == nil || !literal.literal || slices.Contains(named.choices, literal.constant) {
		return true
	}
	c.report(literal.from, choose("choice", literal.constant, named.choices))
	return false
}

func (c *compiler) membership(n *ast.BinaryNode) *expression {
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		c.report(n.Right.Location().From, "in needs a list; write name in [1, 2] or name in [\"a\", \"b\"]")
		return nil
	}
	x := c.compile(n.Left)
	if x == nil {
		return nil
	}
	var any []func(*scope) bool
	for _, item := range list.Nodes {
		y := c.wants(item, x.class, "in")
		if y == nil || !c.choice(x, y) {
			return nil
		}
		switch x.class {
		case numberClass:
			any = append(any, ordering("==", x.number, y.number))
		case textClass:
			any = append(any, textEquality(false, x.text, y.text).truth)
		default:
			any = append(any, func(s *scope) bool { return x.truth(s) == y.truth(s) })
		}
	}
	return &expression{class: boolClass, truth: func(s *scope) bool {
		return slices.ContainsFunc(any, func(f func(*scope) bool) bool { return f(s) })
	}}
}

// call compiles one of the eight functions.
func (c *compiler) call(n ast.Node, name string, arguments []ast.Node) *expression {
	f, ok := functions[name]
	if !ok {
		return c.refuse(n, name+"()")
	}
	if several := name == "min" || name == "max"; len(arguments) == 0 || len(arguments) > 1 && !several {
		write := name + "(x)"
		if several {
			write = name + "(x, y)"
		}
		c.report(n.Location().From, fmt.Sprintf("%s does not take %d arguments; write %s", name, len(arguments), write))
		return nil
	}
	var numbers []func(*scope) num
	for _, a := range arguments {
		e := c.wants(a, numberClass, name)
		if e == nil {
			return nil
		}
		numbers = append(numbers, e.number)
	}
	if len(numbers) == 1 {
		x := numbers[0]
		return &expression{number: func(s *scope) num { return f(s, x(s), x(s)) }}
	}
	fold := numbers[0]
	for _, y := range numbers[1:] {
		x := fold
		fold = func(s *scope) num { return f(s, x(s), y(s)) }
	}
	return &expression{number: fold}
}
