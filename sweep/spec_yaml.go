package sweep

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// A keyed is one entry of a YAML mapping.
type keyed struct{ key, value *yaml.Node }

// document is the spec's mapping, nil if the text has none.
func (p *parser) document() *yaml.Node {
	if len(p.text) > SpecLimit {
		p.add(place{1, 1}, "the spec has %d bytes; write at most %d: long lists are better as ranges or log axes", len(p.text), SpecLimit)
		return nil
	}
	if !utf8.Valid(p.text) {
		p.add(place{1 + strings.Count(string(p.text[:invalidByte(p.text)]), "\n"), 1}, "this line is not UTF-8 text; save the file as UTF-8")
		return nil
	}
	var root yaml.Node
	if err := yaml.Load(p.text, &root); err != nil {
		p.addSyntax(err)
		return nil
	}
	if len(root.Content) == 0 || resolve(root.Content[0]).Tag == "!!null" {
		p.add(place{1, 1}, "the spec is empty; start with name: my-sweep and trainer: %s", p.trainers[0].Name)
		return nil
	}
	if n := resolve(root.Content[0]); n.Kind == yaml.MappingNode {
		return n
	}
	p.add(at(root.Content[0]), "a spec is a mapping; write name: my-sweep, trainer: %s and so on, one key a line", p.trainers[0].Name)
	return nil
}

func invalidByte(b []byte) int {
	for i := 0; i < len(b); {
		r, size := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(b)
}

// addSyntax says what the YAML reader found.
func (p *parser) addSyntax(err error) {
	var many *yaml.LoadErrors
	var one *yaml.LoadError
	found := []*yaml.LoadError{}
	switch {
	case errors.As(err, &many):
		found = many.Errors
	case errors.As(err, &one):
		found = append(found, one)
	default:
		p.add(place{1, 1}, "not YAML: %v; see the examples", err)
	}
	for _, e := range found {
		text := strings.TrimPrefix(e.Message, "yaml: ")
		switch {
		case strings.Contains(text, "multiple"):
			p.add(p.secondDocument(), "the file has several documents; write one spec a file, without a line ---")
		case strings.Contains(text, "no documents"):
			p.add(place{1, 1}, "the spec is empty; start with name: my-sweep and trainer: %s", p.trainers[0].Name)
		default:
			p.add(place{e.Mark.Line, e.Mark.Column}, "not YAML: %s; check the indentation, brackets and quotes here and above", text)
		}
	}
}

var separator = regexp.MustCompile(`(?m)^---`)

func (p *parser) secondDocument() place {
	all := separator.FindAllIndex(p.text, -1)
	if len(all) == 0 {
		return place{1, 1}
	}
	return place{1 + strings.Count(string(p.text[:all[len(all)-1][0]]), "\n"), 1}
}

// resolve follows an alias. Nothing here descends without a bound on its depth, so that aliases of aliases cannot explode.
func resolve(n *yaml.Node) *yaml.Node {
	for i := 0; n.Kind == yaml.AliasNode && n.Alias != nil && i < 16; i++ {
		n = n.Alias
	}
	return n
}

// entries are a mapping's, none for any other node.
func (p *parser) entries(n *yaml.Node) []keyed {
	n = resolve(n)
	if n.Kind != yaml.MappingNode {
		return nil
	}
	out := make([]keyed, 0, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		out = append(out, keyed{n.Content[i], n.Content[i+1]})
	}
	return out
}

// mapping are the entries of a mapping with known keys (nil: any), no key twice. A nil or empty node has none.
func (p *parser) mapping(n *yaml.Node, what string, known []string) []keyed {
	if n == nil || isNull(n) {
		return nil
	}
	if resolve(n).Kind != yaml.MappingNode {
		p.add(at(n), "%s is a mapping; write its entries as key: value", what)
		p.lost = true
		return nil
	}
	var out []keyed
	lines := map[string]int{}
	for _, e := range p.entries(n) {
		key := e.key.Value
		switch {
		case resolve(e.key).Kind != yaml.ScalarNode || e.key.Kind == yaml.AliasNode:
			p.add(at(e.key), "%s: a key is one word; write key: value", what)
		case lines[key] > 0:
			p.add(at(e.key), "%q is already in line %d; keep one of the two", key, lines[key])
		case known != nil && !slices.Contains(known, key):
			p.add(at(e.key), "%s", choose("key", key, known))
		default:
			out = append(out, e)
		}
		if resolve(e.key).Kind == yaml.ScalarNode {
			lines[key] = e.key.Line
		}
	}
	return out
}

func isNull(n *yaml.Node) bool {
	n = resolve(n)
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null" && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0
}

// sequence are the items of a list; a nil or empty node has none.
func (p *parser) sequence(n *yaml.Node, what, example string) []*yaml.Node {
	if n == nil || isNull(n) {
		return nil
	}
	if r := resolve(n); r.Kind == yaml.SequenceNode {
		return r.Content
	}
	p.add(at(n), "%s is a list; write %s", what, example)
	return nil
}

// scalar is the text of one plain value.
func (p *parser) scalar(n *yaml.Node, what string) (string, bool) {
	r := resolve(n)
	switch {
	case isNull(n):
		p.add(at(n), "%s has no value; write one, or leave the key out", what)
	case r.Kind != yaml.ScalarNode:
		p.add(at(n), "%s takes one value; write one, not a list or a mapping", what)
	case r.Style&yaml.TaggedStyle != 0:
		p.add(at(n), "%s: YAML tags such as %s are not used here; leave the tag out", what, r.Tag)
	default:
		return r.Value, true
	}
	return "", false
}

// integer is a whole number in a range.
func (p *parser) integer(n *yaml.Node, what string, low, high int64) (int64, bool) {
	text, ok := p.scalar(n, what)
	if !ok {
		return 0, false
	}
	v, ok := parseNumber(text)
	if ok && v.Kind == Float {
		v.Int, ok = integral(v.Float)
	}
	if !ok || v.Int < low || v.Int > high {
		p.add(at(n), "%s: %q does not fit; write an integer from %d to %d", what, text, low, high)
		return 0, false
	}
	return v.Int, true
}

// inside is the place of a character of a scalar's text, also of one that is quoted or goes over several lines; the
// scalar's start where its text does not stand in the file as it is.
func (p *parser) inside(n *yaml.Node, character int) place {
	lines := strings.SplitAfter(string(p.text), "\n")
	if n.Line < 1 || n.Line > len(lines) {
		return at(n)
	}
	source, value := []rune(strings.Join(lines[n.Line-1:], "")), []rune(n.Value)
	i := n.Column - 1
	switch {
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		i++
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		i = len([]rune(lines[n.Line-1])) // the text starts below | or >
	}
	for j := 0; ; {
		for i < len(source) && j < len(value) && unicode.IsSpace(source[i]) && (j == 0 || unicode.IsSpace(value[j])) {
			i++ // a line break and an indentation stand for one blank
			if i < len(source) && !unicode.IsSpace(source[i]) {
				for j < character && j < len(value) && unicode.IsSpace(value[j]) {
					j++
				}
			}
		}
		if j >= character || j >= len(value) {
			break
		}
		if i >= len(source) || source[i] != value[j] {
			return at(n)
		}
		i, j = i+1, j+1
	}
	before := string(source[:min(i, len(source))])
	line := strings.Count(before, "\n")
	return place{n.Line + line, 1 + utf8.RuneCountInString(before[strings.LastIndex(before, "\n")+1:])}
}

// bytesOf reads a size such as 4GiB.
func bytesOf(text string) (int64, error) {
	units := []struct {
		name string
		size int64
	}{
		{"KiB", 1 << 10},
		{"MiB", 1 << 20},
		{"GiB", 1 << 30},
		{"TiB", 1 << 40},
		{"KB", 1e3},
		{"MB", 1e6},
		{"GB", 1e9},
		{"TB", 1e12},
		{"B", 1},
	}
	for _, u := range units {
		digits, ok := strings.CutSuffix(text, u.name)
		if !ok {
			continue
		}
		f, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		if err == nil && f*float64(u.size) >= 1 && f*float64(u.size) < 1<<62 {
			return int64(f * float64(u.size)), nil
		}
		break
	}
	return 0, fmt.Errorf("%q is no size; write a number and a unit, such as 512MiB or 4GiB", text)
}
