package sweep

import (
	"fmt"
	"regexp"
	"time"

	"go.yaml.in/yaml/v4"
)

// A Spec is what a user writes: which points, what is kept of them, and how they are run.
type Spec struct {
	Name            string
	Trainer         *Trainer
	Success         string // which event `show` and the dashboard colour by
	Retries         int    // for errors that the trainer returns
	QuarantineAfter int    // agents lost while they ran a point
	Priority        int
	Resources       Resources
	Search          *Search // nil: every value is listed

	Text     []byte
	Filename string
	Files    map[string]string // a data file's path as written -> its hex SHA-256
	Space    *Space
}

// Resources bound each point of a sweep. They are in no key.
type Resources struct {
	Threads int           // 0: chosen by the planner
	Memory  int64         // bytes; 0: what the trainer's cost says
	Time    time.Duration // a point that takes longer fails; 0: no limit
}

// Files resolves a data file that a spec names: the hex SHA-256 of its content, and a local path to read it.
type Files func(path string) (hash, local string, err error)

// SpecLimit bounds a spec's size in bytes.
const SpecLimit = 1 << 20

// Parse reads a spec. Its error is a *SpecError with every mistake, found as far as the mistakes let it see.
func Parse(trainers []*Trainer, filename string, text []byte, files Files) (*Spec, error) {
	return parseWithin(componentLimit, trainers, filename, text, files)
}

// parseWithin is Parse with a limit on what is enumerated.
func parseWithin(limit uint64, trainers []*Trainer, filename string, text []byte, files Files) (*Spec, error) {
	p := newParser(limit, trainers, filename, text, files)
	p.parse()
	if found := p.mistakes.sorted(); len(found) > 0 {
		return nil, &SpecError{Filename: filename, Text: text, Mistakes: found}
	}
	return p.spec, nil
}

func newParser(limit uint64, trainers []*Trainer, filename string, text []byte, files Files) *parser {
	return &parser{
		trainers: trainers, files: files, text: text, limit: limit,
		spec: &Spec{
			Text: text, Filename: filename, Files: map[string]string{},
			Retries: 2, QuarantineAfter: 3,
		},
		record: DefaultRecord(), declared: map[string]*declaration{}, local: map[string]string{},
	}
}

// A parser holds a spec while it is read.
type parser struct {
	mistakes
	trainers []*Trainer
	files    Files
	text     []byte
	limit    uint64 // componentLimit, but in tests
	spec     *Spec

	record   Record
	curves   map[string]place // where each recorded curve is written
	order    []*declaration   // in the order of the file
	declared map[string]*declaration
	zips     [][]*declaration
	formulas []*declaration // derived, each after those that it needs
	wheres   *yaml.Node
	local    map[string]string // a data file's hash -> where to read it
	searched *declaration      // whose values are searched; nil: none
	top      place             // of the grid, or of whatever stands for the whole
	settled  int               // how many mistakes were found before those about the space
	lost     bool              // a section's key is not known: what is missing may be in it
	blind    bool              // an expression could not be read, so which names are used is not known

	shapes      []shapeTable // of data files
	shapeNames  map[string]bool
	shapeMissed bool // a data file could not be read, so which parameters it sets is not known
}

// A declaration says where a name's values come from.
type declaration struct {
	name    string
	section string // fixed, grid or derive
	place   place  // of the name
	value   place
	param   *Param // nil: a helper
	column  column // fixed: one value
	source  *yaml.Node
	formula *expression
	bad     bool // a mistake was said; nothing else about it is worth saying
	used    bool // by an expression
}

var specKeys = []string{
	"name", "trainer", "fixed", "grid", "zip", "derive", "where", "record", "success", "resources", "retries",
	"quarantine_after", "priority",
}

func (p *parser) parse() {
	root := p.document()
	if root == nil {
		return
	}
	p.top = at(root)
	sections := map[string]*yaml.Node{}
	for _, e := range p.mapping(root, "a spec", specKeys) {
		sections[e.key.Value] = e.value
	}
	p.lost = p.lost || len(p.mistakes) > 0
	p.readName(sections["name"])
	p.readTrainer(sections["trainer"])
	p.readSettings(sections)
	if p.spec.Trainer == nil {
		return
	}
	p.readRecord(sections["record"])
	p.readSuccess(sections["success"])
	p.settled = len(p.mistakes)
	for _, e := range p.entries(root) {
		if s := e.key.Value; sections[s] == e.value && (s == "fixed" || s == "grid" || s == "derive") {
			p.readDeclarations(s, e.value)
		}
	}
	for _, section := range []string{"fixed", "grid"} {
		if n := sections[section]; n != nil {
			p.top = at(n)
		}
	}
	p.readZip(sections["zip"])
	p.wheres = sections["where"]
	p.readSpace()
}

var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (p *parser) readName(n *yaml.Node) {
	if n == nil {
		p.add(p.top, "name is missing; add name: my-sweep")
		return
	}
	name, ok := p.scalar(n, "name")
	switch {
	case !ok:
	case !nameForm.MatchString(name):
		p.add(at(n), "name %q does not fit; write letters, digits, '.', '_' and '-', at most 100, a letter or digit first", name)
	case name == "last":
		p.add(at(n), `name "last" means the latest sweep on the command line; choose another`)
	}
	p.spec.Name = name
}

func (p *parser) readTrainer(n *yaml.Node) {
	names := make([]string, len(p.trainers))
	for i, t := range p.trainers {
		names[i] = t.Name
	}
	if n == nil {
		p.add(p.top, "trainer is missing; add trainer: %s", names[0])
		return
	}
	name, ok := p.scalar(n, "trainer")
	if !ok {
		return
	}
	for _, t := range p.trainers {
		if t.Name == name {
			p.spec.Trainer = t
			return
		}
	}
	p.add(at(n), "unknown trainer %q%s", name, didYouMean(name, names))
}

// readDeclarations reads fixed, grid or derive.
func (p *parser) readDeclarations(section string, n *yaml.Node) {
	for _, e := range p.mapping(n, section, nil) {
		name := e.key.Value
		d := &declaration{name: name, section: section, place: at(e.key), value: at(e.value), param: p.spec.Trainer.Param(name), source: e.value}
		if first := p.declared[name]; first != nil {
			p.add(d.place, "%q is already under %s in line %d; keep one of the two", name, first.section, first.place.line)
			continue
		}
		p.declared[name] = d
		p.order = append(p.order, d)
		before := len(p.mistakes)
		switch {
		case d.param == nil && !helperForm.MatchString(name):
			p.add(d.place, "%q is neither a parameter of %s nor a helper's name%s", name, p.spec.Trainer.Name, didYouMean(name, p.spec.Trainer.paramNames()))
		case d.param == nil && section == "derive":
			p.add(d.place, "derive: %q is no parameter of %s%s", name, p.spec.Trainer.Name, didYouMean(name, p.spec.Trainer.paramNames()))
		case section == "fixed":
			p.readFixed(d, e.value)
		case section == "grid":
			p.readAxis(d, e.value)
		}
		d.bad = len(p.mistakes) > before
	}
}

var helperForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)

func (p *parser) readFixed(d *declaration, n *yaml.Node) {
	n = resolve(n)
	isList := d.param != nil && d.param.Type == ListType
	if n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode && !isList {
		p.add(at(n), "fixed: %s takes one value; move it to grid to sweep it", d.name)
		return
	}
	if v, ok := p.value(d, n); ok {
		d.column.list = []Value{v}
	}
}

// readZip joins axes that advance together.
func (p *parser) readZip(n *yaml.Node) {
	for _, group := range p.sequence(n, "zip", "[[n, d]]") {
		var joined []*declaration
		for _, item := range p.sequence(group, "a group of zip", "[n, d]") {
			name, ok := p.scalar(item, "zip")
			if !ok {
				continue
			}
			d := p.declared[name]
			switch {
			case d == nil || d.section != "grid":
				p.add(at(item), "zip: %q is not an axis of grid%s", name, didYouMean(name, p.axisNames()))
			case d.source == nil:
				p.add(at(item), "zip: %q is in two groups; name it once", name)
			default:
				d.source = nil
				joined = append(joined, d)
			}
		}
		p.joinZip(group, joined)
	}
}

func (p *parser) joinZip(group *yaml.Node, joined []*declaration) {
	if len(joined) == 0 {
		return
	}
	for _, d := range joined {
		if d.bad {
			return
		}
		if a, b := joined[0].column.size(), d.column.size(); a != b {
			p.add(at(group), "zip: %s has %d values but %s has %d; give them the same number", joined[0].name, a, d.name, b)
			return
		}
	}
	p.zips = append(p.zips, joined)
}

func (p *parser) axisNames() []string {
	names := []string{}
	for _, d := range p.order {
		if d.section == "grid" {
			names = append(names, d.name)
		}
	}
	if len(names) == 0 {
		names = append(names, "(grid has no axis)")
	}
	return names
}

// choose says what to write instead of an unknown word.
func choose(what, word string, candidates []string) string {
	return fmt.Sprintf("unknown %s %q%s", what, word, didYouMean(word, candidates))
}
