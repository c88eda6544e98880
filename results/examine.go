package results

import (
	"fmt"
	"os"
)

// free checks the freelist: its pages in order and no one else's. Unless leaves were skimmed, every page is either in use or free.
func (p *parser) free() {
	number := p.meta.freelist
	b := p.page(number)
	if b == nil {
		return
	}
	count, at := uint64(native.Uint16(b[10:])), pageHeader
	if count == 0xffff {
		count, at = native.Uint64(b[pageHeader:]), pageHeader+8
	}
	if native.Uint16(b[8:]) != freelistPage || count > uint64(len(b)-at)/8 {
		p.report(number, "the freelist is damaged")
		return
	}
	for i := range int(count) {
		if page := native.Uint64(b[at+8*i:]); page < 2 || !p.mark(page, 1) {
			p.report(number, fmt.Sprintf("the freelist lists page %d, which is in use", page))
			return
		}
	}
	for page := uint64(2); page < p.meta.pages && !p.skim; page++ {
		if !p.marked(page) {
			p.report(page, "it is neither in use nor free")
			return
		}
	}
}

// examine looks at a file before bbolt opens it: what bbolt reads at once, and the ways to the rest. Leaves that hold rows
// and data are left for when they are read; all but the last, which the next commit goes on.
func examine(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return classify(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var wrong error
	report := func(page uint64, text string) {
		if wrong == nil {
			wrong = damaged("page %d: %s", page, text)
		}
	}
	p := newParser(f, info.Size(), report)
	if p == nil || wrong != nil {
		return wrong
	}
	for name, r := range p.roots() {
		p.skim = name == string(rows.name) || name == string(chunks.name)
		p.tree(r, false, func(element) {})
	}
	p.skim = true
	p.free()
	return wrong
}
