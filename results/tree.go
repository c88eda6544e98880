package results

import (
	"bytes"
	"fmt"
)

// An element is one entry of a leaf.
type element struct {
	page       uint64
	key, value []byte // valid until the visit returns
}

// A root is a bucket's tree: a page, or the one leaf page that lies in its parent.
type root struct {
	page   uint64
	inline []byte
}

// roots are the buckets of the file, by name.
func (p *parser) roots() map[string]root {
	found := map[string]root{}
	p.tree(root{page: p.meta.root}, true, func(e element) {
		r := root{}
		switch {
		case len(e.value) < 16:
			p.report(e.page, fmt.Sprintf("bucket %q is malformed", e.key))
			return
		case native.Uint64(e.value) == 0:
			r.inline = bytes.Clone(e.value[16:])
		case len(e.value) > 16:
			p.report(e.page, fmt.Sprintf("bucket %q is malformed", e.key))
			return
		default:
			r.page = native.Uint64(e.value)
		}
		found[string(e.key)] = r
	})
	return found
}

// tree visits the entries under a root in order. ofBuckets says which kind of entries they must be.
func (p *parser) tree(r root, ofBuckets bool, visit func(element)) {
	w := walk{parser: p, ofBuckets: ofBuckets, visit: visit}
	if r.inline != nil {
		w.leaf(0, r.inline, true, nil, nil)
		return
	}
	if p.skim {
		w.depth = p.depth(r.page)
	}
	w.node(r.page, 0, true, nil, nil)
}

// depth is how many levels of branches stand above the leaves, by the first path down; bbolt's trees are balanced.
func (p *parser) depth(page uint64) int {
	for depth := range maxDepth {
		b := p.read(int64(page)*p.meta.pageSize, p.meta.pageSize)
		if len(b) < pageHeader+pageElement || native.Uint16(b[8:]) != branchPage || page >= p.meta.pages {
			return depth
		}
		page = native.Uint64(b[pageHeader+8:])
	}
	return maxDepth
}

// A walk is one tree being visited.
type walk struct {
	*parser
	ofBuckets bool
	depth     int // where the leaves are skimmed: how deep they lie
	visit     func(element)
}

// node visits what is under a page; its keys must lie in [low, high), where nil is no bound.
func (w *walk) node(number uint64, depth int, last bool, low, high []byte) {
	if w.skim && depth > 0 && depth == w.depth && !last {
		if number < 2 || !w.mark(number, 1) {
			w.report(number, "it belongs to something else too or lies beyond the end")
		}
		return
	}
	b := w.page(number)
	switch {
	case b == nil:
	case depth > maxDepth:
		w.report(number, "it lies deeper than any page can")
	case native.Uint16(b[8:]) == branchPage:
		w.branch(number, b, depth, last, low, high)
	case native.Uint16(b[8:]) == leafPage:
		w.leaf(number, b, depth == 0, low, high)
	default:
		w.report(number, fmt.Sprintf("it is neither branch nor leaf: flags %#x", native.Uint16(b[8:])))
	}
}

func (w *walk) branch(number uint64, b []byte, depth int, last bool, low, high []byte) {
	count := int(native.Uint16(b[10:]))
	layout := contents{page: b, next: pageHeader + count*pageElement}
	keys := make([][]byte, count)
	for i := range keys {
		at := pageHeader + i*pageElement
		if keys[i] = layout.take(at, 0, 4); layout.bad || i > 0 && bytes.Compare(keys[i-1], keys[i]) >= 0 {
			w.report(number, fmt.Sprintf("entry %d of %d is damaged", i, count))
			return
		}
	}
	if count == 0 || !layout.fits(w.meta.pageSize) || !within(keys[0], low, nil) || !within(keys[count-1], nil, high) {
		w.report(number, "its entries are not those of its place in the tree")
		return
	}
	for i, key := range keys {
		next := high
		if i+1 < count {
			next = keys[i+1]
		}
		w.node(native.Uint64(b[pageHeader+i*pageElement+8:]), depth+1, last && i+1 == count, key, next)
	}
}

func (w *walk) leaf(number uint64, b []byte, isRoot bool, low, high []byte) {
	if len(b) < pageHeader || number == 0 && (native.Uint64(b) != 0 || native.Uint16(b[8:]) != leafPage || native.Uint32(b[12:]) != 0) {
		w.report(number, "a bucket inside it is damaged")
		return
	}
	count := int(native.Uint16(b[10:]))
	layout := contents{page: b, next: pageHeader + count*pageElement}
	var before []byte
	for i := range count {
		at := pageHeader + i*pageElement
		key := layout.take(at, 4, 8)
		value := layout.more(at + 12)
		switch {
		case layout.bad, len(key) == 0, i > 0 && bytes.Compare(before, key) >= 0, !within(key, low, high):
			w.report(number, fmt.Sprintf("entry %d of %d is damaged", i, count))
			return
		case native.Uint32(b[at:]) > 1, native.Uint32(b[at:]) == 1 != w.ofBuckets:
			w.report(number, fmt.Sprintf("entry %d of %d has the wrong flags", i, count))
		default:
			w.visit(element{number, key, value})
		}
		before = key
	}
	if count == 0 && !isRoot || number != 0 && !layout.fits(w.meta.pageSize) || number == 0 && layout.next != len(b) {
		w.report(number, "its length is not that of its entries")
	}
}

func within(key, low, high []byte) bool {
	return (low == nil || bytes.Compare(low, key) <= 0) && (high == nil || bytes.Compare(key, high) < 0)
}

// contents takes keys and values off a page, where bbolt lays them out one directly behind the other.
type contents struct {
	page []byte
	next int // Invariant: where the next must begin
	bad  bool
}

// take is the key of the element at an offset; position and length are where in the element those two stand.
func (c *contents) take(at, position, length int) []byte {
	if at+pageElement > len(c.page) || int64(native.Uint32(c.page[at+position:])) != int64(c.next-at) {
		c.bad = true
		return nil
	}
	return c.more(at + length)
}

// more is as many bytes as the uint32 at an offset says.
func (c *contents) more(length int) []byte {
	if c.bad {
		return nil
	}
	n := int64(native.Uint32(c.page[length:]))
	if n > int64(len(c.page)-c.next) {
		c.bad = true
		return nil
	}
	b := c.page[c.next : c.next+int(n) : c.next+int(n)]
	c.next += int(n)
	return b
}

// fits says whether the page has no more overflow than what it holds needs.
func (c *contents) fits(pageSize int64) bool {
	need := (int64(c.next) + pageSize - 1) / pageSize
	return int64(len(c.page)) == need*pageSize
}
