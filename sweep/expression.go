package sweep

import (
	"errors"
	"fmt"
	"iter"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	exprparser "github.com/expr-lang/expr/parser"
)

// # Expressions
//
// `where` and `derive` are read by expr-lang's parser; of its language only what Allowed lists is let through, and that is
// evaluated here, over values of known classes: numbers (integers of 64 bits that never wrap, and floats), texts, bools.
//
//   - An integer and an integer give an integer under + - * %; under / they give a float, as does any float.
//   - round goes half to even, as integer axes do; ceil, floor and round of a float give an integer where it fits.
//   - A name that has no value (a default of a parameter that is idle there) makes arithmetic undefined, a comparison false.
//   - No powers, logarithms or the like: their bits depend on the platform, and keys must not.

// Allowed says in words what an expression may hold.
const Allowed = "an expression knows + - * / %, comparisons, and, or, not, in, ceil, floor, round, min, max, abs, sqrt"

const expressionLimit = 4096 // characters; bounds the parser's recursion

// A class is what an expression or a name stands for.
type class uint8

const (
	numberClass class = iota
	textClass
	boolClass
)

func (c class) String() string { return [...]string{"a number", "a text", "true or false"}[c] }

// A term is a name that expressions may use.
type term struct {
	slot    int
	class   class
	choices []string // of a Text; nil: any
	refuse  string   // why it cannot be used, and what to do
	bad     bool     // a mistake about it is already said
}

// An expression is compiled; the function of its class is set.
type expression struct {
	class  class
	number func(*scope) num
	truth  func(*scope) bool
	text   func(*scope) (string, bool)

	slots    []int    // what it reads
	from     int      // its first character in the source
	literal  bool     // a constant text: compared with choices when it is compiled
	constant string   // of a literal
	choices  []string // of a name with choices
}

// A scope is what expressions are evaluated in.
type scope struct {
	values  []Value // by slot
	problem string  // the first thing that went wrong: an overflow, a remainder by zero
}

// A compiler turns one source into expressions.
type compiler struct {
	source string
	terms  func(name string) (term, bool)
	names  func() []string
	report func(character int, text string)
	slots  []int
}

// parseExpression reads a source. It never panics, whatever the parser does with odd input.
func parseExpression(source string) (root ast.Node, character int, problem string) {
	if len(source) > expressionLimit {
		return nil, 0, fmt.Sprintf("the expression has %d characters; write at most %d", len(source), expressionLimit)
	}
	defer func() {
		if r := recover(); r != nil {
			root, problem = nil, "the expression cannot be read; "+Allowed
		}
	}()
	tree, err := exprparser.Parse(source)
	if err != nil {
		if e, ok := errors.AsType[*file.Error](err); ok {
			return nil, e.From, e.Message + "; " + Allowed
		}
		return nil, 0, err.Error() + "; " + Allowed
	}
	if tree.Node == nil {
		return nil, 0, "the expression is empty; " + Allowed
	}
	return tree.Node, 0, ""
}

// visit is an ast.Visitor.
type visit func(*ast.IdentifierNode) bool

func (f visit) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok {
		f(id)
	}
}

// identifiers are all names in an expression.
func identifiers(root ast.Node) iter.Seq[*ast.IdentifierNode] {
	return func(yield func(*ast.IdentifierNode) bool) {
		more := true
		ast.Walk(&root, visit(func(n *ast.IdentifierNode) bool {
			more = more && yield(n)
			return more
		}))
	}
}

// conjuncts splits a node at its top-level `and`.
func (c *compiler) conjuncts(n ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && (b.Operator == "and" || b.Operator == "&&" && c.chained(b)) {
		return append(c.conjuncts(b.Left), c.conjuncts(b.Right)...)
	}
	return []ast.Node{n}
}

// take compiles one node as an expression of its own, with the slots that it reads.
func (c *compiler) take(n ast.Node) *expression {
	c.slots = nil
	e := c.compile(n)
	if e != nil {
		e.slots = c.slots
	}
	return e
}
