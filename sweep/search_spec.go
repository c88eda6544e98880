package sweep

import (
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

const searchForm = "{search: [8, 1048576], resolution: 1.05}"

// SearchOf is the search that a spec without mistakes asks for, nil if none. Its data files are not needed.
func SearchOf(trainers []*Trainer, text []byte) *Search {
	p := newParser(componentLimit, trainers, "", text, nil)
	p.parse()
	return p.spec.Search
}

// searches says whether a mapping asks for a search.
func (p *parser) searches(n *yaml.Node) bool {
	for _, e := range p.entries(n) {
		if e.key.Value == "search" {
			return true
		}
	}
	return false
}

// readSearch reads {search: [a, b], resolution: r, level: p}.
func (p *parser) readSearch(d *declaration, n *yaml.Node) {
	before := len(p.mistakes)
	parts := map[string]*yaml.Node{}
	for _, e := range p.mapping(n, d.name, []string{"search", "resolution", "level"}) {
		parts[e.key.Value] = e.value
	}
	if len(p.mistakes) > before {
		return
	}
	s := &Search{Param: d.name, Level: SearchLevel}
	switch {
	case d.param == nil || !d.param.Searched:
		p.add(at(n), "%s: cannot be searched; write a list or a range%s", d.name, p.searchable())
	case p.spec.Search != nil:
		p.add(at(n), "%s: %s is searched already; search one of the two", d.name, p.spec.Search.Param)
	case parts["resolution"] == nil:
		p.add(at(n), "%s: a search needs a resolution; write %s", d.name, searchForm)
	}
	if len(p.mistakes) > before {
		return
	}
	p.readBounds(d, s, parts["search"])
	if x, ok := p.real(d.name+": resolution", parts["resolution"]); ok {
		if s.Resolution = x; !(x >= SearchResolution && x <= 1000) {
			p.add(at(parts["resolution"]), "%s: a resolution of %s does not fit; write a ratio from %g to 1000, such as 1.05: the interval found has that ratio to its middle on either side", d.name, FormatFloat(x), SearchResolution)
		}
	}
	if n := parts["level"]; n != nil {
		if x, ok := p.real(d.name+": level", n); ok {
			if s.Level = x; !(x >= 0.01 && x <= 0.99) {
				p.add(at(n), "%s: a level of %s does not fit; write a probability from 0.01 to 0.99, such as 0.9", d.name, FormatFloat(x))
			}
		}
	}
	if len(p.mistakes) == before && s.Vague() {
		p.add(at(parts["resolution"]), "%s: from %d to %d the bounds alone are as narrow as a resolution of %s, so nothing would be run; write a finer resolution, such as 1.2", d.name, s.Low, s.High, FormatFloat(s.Resolution))
	}
	if len(p.mistakes) == before {
		p.spec.Search, p.searched = s, d
		for _, v := range s.Values() {
			d.column.list = append(d.column.list, IntValue(v))
		}
	}
}

// searchable says what else can be searched, as the end of a mistake.
func (p *parser) searchable() string {
	var names []string
	for i := range p.spec.Trainer.Params {
		if p.spec.Trainer.Params[i].Searched {
			names = append(names, p.spec.Trainer.Params[i].Name)
		}
	}
	if len(names) == 0 {
		return ", which " + p.spec.Trainer.Name + " takes everywhere"
	}
	return ": of " + p.spec.Trainer.Name + "'s parameters only " + strings.Join(names, " and ") + " can be"
}

func (p *parser) readBounds(d *declaration, s *Search, n *yaml.Node) {
	items := p.sequence(n, d.name+": search", "[8, 1048576]")
	if len(items) != 2 {
		if resolve(n).Kind == yaml.SequenceNode || isNull(n) {
			p.add(at(n), "%s: search takes two bounds, not %d; write %s", d.name, len(items), searchForm)
		}
		return
	}
	lowest := int64(1)
	if d.param.Min.Defined() {
		lowest = max(1, d.param.Min.Int)
	}
	var fine bool
	if s.Low, fine = p.integer(items[0], d.name+": the lower bound", lowest, SearchHigh); !fine {
		return
	}
	if s.High, fine = p.integer(items[1], d.name+": the upper bound", lowest, SearchHigh); fine && s.Low >= s.High {
		p.add(at(n), "%s: the bounds are reversed or equal; write the smaller one first", d.name)
	}
}

// real is a finite number.
func (p *parser) real(what string, n *yaml.Node) (float64, bool) {
	text, ok := p.scalar(n, what)
	if !ok {
		return 0, false
	}
	v, ok := parseNumber(text)
	x := v.number()
	if !ok || math.IsInf(x, 0) || math.IsNaN(x) {
		p.add(at(n), "%s: %q is no number; write one, such as 1.05", what, text)
		return 0, false
	}
	return x, true
}

// cellLimitOfSearch bounds the cells of a search: each has a state in memory.
const cellLimitOfSearch = 100_000

// surveySearch finds what a search cannot do with the rest of the spec, and where its axes are.
func (p *parser) surveySearch(s *Space) {
	d := p.searched
	if d == nil {
		return
	}
	if p.spec.Success == "" {
		p.add(d.value, "%s: a search needs an event that tells success, and %s has none; list values instead", d.name, s.trainer.Name)
		return
	}
	p.surveyJudge(d)
	slot, seeds, cells := s.trainer.index(d.name), uint64(0), uint64(1) // seeds: the axes that have some, as a mask
	for i := range s.axes {
		a := &s.axes[i]
		own, others := a.seeds(s)
		switch {
		case slices.Contains(a.slots, slot):
			p.spec.Search.axis = i
			if len(a.slots) > 1 {
				p.add(d.value, "zip: %s is searched, so it cannot advance with another axis; take it out of zip", d.name)
			}
		case own > 0 && others > 0:
			seeds |= 1 << i
			p.add(d.value, "zip: seeds advance with another axis, and a search gives each cell its own seeds; take them out of zip")
		case own > 0:
			seeds |= 1 << i
		default:
			cells = product(cells, a.size)
		}
	}
	for i := range s.formulas {
		f := &s.formulas[i]
		switch {
		case f.source == nil:
		case f.axes&(1<<p.spec.Search.axis) != 0:
			p.add(f.source.value, "derive: %s is computed from %s, which is searched; compute it from others, or list the values of %s", s.names[f.slot], d.name, d.name)
		case f.axes&seeds != 0 && !s.trainer.Params[f.slot].Seed:
			p.add(f.source.value, "derive: %s is computed from seeds, and in a cell of a search only %s and the seeds vary; compute it from others", s.names[f.slot], d.name)
		}
	}
	for _, l := range s.conjuncts {
		if l.axes&(1<<p.spec.Search.axis) != 0 {
			p.add(l.place, "where: %s is searched between its bounds, so where cannot drop some of it; write the bounds in search: [low, high]", d.name)
		}
	}
	switch {
	case seeds == 0:
		p.add(d.value, "%s: a search needs seeds to try; add to grid a long range of them, such as seed: 0..9999: only those that are needed are run", d.name)
	case cells > cellLimitOfSearch:
		p.add(d.value, "%s: a search may have %d cells at most, one for each value of the other axes, and this has more; shorten the axes", d.name, cellLimitOfSearch)
	}
}

// surveyJudge reports an event that no run could decide, since the curve that it is judged by is not recorded.
func (p *parser) surveyJudge(d *declaration) {
	curve := p.spec.Trainer.Judges[p.spec.Success]
	if curve == "" || slices.Contains(p.record.Curves, curve) || p.settled > 0 {
		return
	}
	with := strings.Join(append(slices.Clone(p.record.Curves), curve), ", ")
	p.add(d.value, "%s: the event %s is judged by the curve %s, which is not recorded, so that no run of the search would say anything; write record: {curves: [%s]}", d.name, p.spec.Success, curve, with)
}

// seeds counts the slots of an axis that are seeds, and the others.
func (a *axis) seeds(s *Space) (own, others int) {
	for _, slot := range a.slots {
		if slot < s.helpers && s.trainer.Params[slot].Seed {
			own++
		} else {
			others++
		}
	}
	return own, others
}
