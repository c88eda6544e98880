package sweep

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v4"
)

// readSettings reads what is in no key: retries, quarantine_after, priority and resources.
func (p *parser) readSettings(sections map[string]*yaml.Node) {
	read := func(key string, low, high int64, into *int) {
		if n := sections[key]; n != nil {
			if i, ok := p.integer(n, key, low, high); ok {
				*into = int(i)
			}
		}
	}
	read("retries", 0, 1000, &p.spec.Retries)
	read("quarantine_after", 1, 1000, &p.spec.QuarantineAfter)
	read("priority", -1_000_000, 1_000_000, &p.spec.Priority)
	for _, e := range p.mapping(sections["resources"], "resources", []string{"threads", "memory", "time"}) {
		p.readResource(e.key.Value, e.value)
	}
}

func (p *parser) readResource(key string, n *yaml.Node) {
	text, ok := p.scalar(n, key)
	if !ok || text == "auto" && key != "time" {
		return
	}
	r := &p.spec.Resources
	var err error
	switch key {
	case "threads":
		if i, ok := p.integer(n, "threads (auto or a number)", 1, 4096); ok {
			r.Threads = int(i)
		}
	case "memory":
		if r.Memory, err = bytesOf(text); err != nil {
			p.add(at(n), "memory: %v, or auto", err)
		}
	case "time":
		r.Time, err = time.ParseDuration(text)
		if err != nil || r.Time <= 0 {
			p.add(at(n), "time: %q is no duration; write a number and a unit, such as 30s, 90m or 2h", text)
		}
	}
}

// readRecord reads which curves are kept, and when.
func (p *parser) readRecord(n *yaml.Node) {
	p.curves = map[string]place{}
	for _, e := range p.mapping(n, "record", []string{"curves", "at"}) {
		if e.key.Value == "at" {
			p.readAt(e.value)
			continue
		}
		p.record.Curves = nil
		for _, item := range p.sequence(e.value, "curves", "[loss, max_move]") {
			name, ok := p.scalar(item, "curves")
			switch {
			case !ok:
			case p.spec.Trainer.Curve(name) == nil:
				p.add(at(item), "%s", choose("curve", name, p.spec.Trainer.curveList()))
			case slices.Contains(p.record.Curves, name):
				p.add(at(item), "curve %q is named twice; keep one of the two", name)
			default:
				p.record.Curves = append(p.record.Curves, name)
				p.curves[name] = at(item)
			}
		}
		slices.Sort(p.record.Curves)
	}
}

// readAt reads all, {every: k} or {log: count}.
func (p *parser) readAt(n *yaml.Node) {
	const write = "write all, {every: K} or {log: COUNT}"
	if r := resolve(n); r.Kind != yaml.MappingNode {
		text, ok := p.scalar(n, "at")
		if !ok {
			return
		}
		s, err := ParseSchedule(text)
		if err != nil {
			p.add(at(n), "at: %q is no schedule; %s", text, write)
		}
		p.record.At = s
		return
	}
	before := len(p.mistakes)
	entries := p.mapping(n, "at", []string{"every", "log"})
	if len(entries) != 1 {
		if len(p.mistakes) == before {
			p.add(at(n), "at: one of every and log is needed; %s", write)
		}
		return
	}
	switch e := entries[0]; e.key.Value {
	case "every":
		if k, ok := p.integer(e.value, "every", 1, 1<<62); ok {
			p.record.At = Schedule{Every, k}
		}
	case "log":
		if c, ok := p.integer(e.value, "log", 2, LogSteps); ok {
			p.record.At = Schedule{Log, c}
		}
	}
}

func (p *parser) readSuccess(n *yaml.Node) {
	events := p.spec.Trainer.Events
	if n == nil {
		if len(events) > 0 {
			p.spec.Success = events[0]
		}
		return
	}
	name, ok := p.scalar(n, "success")
	if ok && !slices.Contains(events, name) {
		p.add(at(n), "%s", choose("event", name, events))
	}
	p.spec.Success = name
}
