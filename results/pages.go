package results

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// # The file as bbolt writes it
//
// Pages of one size, in the processor's byte order; those of a tree need not be in order.
//
//	page     uint64 its own number, uint16 flags (1 branch, 2 leaf, 4 meta, 16 freelist), uint16 count, uint32 overflow:
//	         how many pages directly behind belong to it; then
//	  branch   count times {uint32 position of the key, uint32 its length, uint64 page}, then the keys
//	  leaf     count times {uint32 flags (1: a bucket), uint32 position, uint32 key length, uint32 value length}, then key
//	           and value of each in turn; a position counts from the start of its own element
//	  meta     (pages 0 and 1) uint32 0xED0CDAED, uint32 version 2, uint32 page size, uint32 flags, uint64 root page, uint64
//	           sequence, uint64 freelist page, uint64 number of pages, uint64 transaction, uint64 FNV-1a of the 56 bytes before
//	  freelist count times uint64 page; a count of 0xFFFF: the first uint64 is the count
//	bucket   a leaf's value: uint64 root page, uint64 sequence; root 0: a small bucket, whose one leaf page follows here
//
// bbolt checks the checksum of the meta pages and little else; a damaged page makes it panic or read on beyond the page. So
// the file is taken apart here first, and nothing is believed: every number is held against the bounds that the rest of the
// file sets before it is used.
const (
	pageHeader  = 16
	pageElement = 16
	metaLength  = 64
	magic       = 0xED0CDAED
	version     = 2

	branchPage, leafPage, metaPage, freelistPage = 1, 2, 4, 16

	maxDepth = 32
)

var native = binary.NativeEndian

// A meta is what a meta page says.
type meta struct {
	pageSize                   int64
	root, freelist, pages, txn uint64
}

// parseMeta reads the meta of a page and says what is wrong with it.
func parseMeta(page []byte, number uint64) (meta, string) {
	if len(page) < pageHeader+metaLength {
		return meta{}, "the file ends inside it"
	}
	b, sum := page[pageHeader:], fnv.New64a()
	sum.Write(b[:56])
	m := meta{int64(native.Uint32(b[8:])), native.Uint64(b[16:]), native.Uint64(b[32:]), native.Uint64(b[40:]), native.Uint64(b[48:])}
	switch {
	case native.Uint32(b) != magic || native.Uint32(b[4:]) != version:
		return meta{}, "it is no bbolt meta page of this processor's byte order"
	case native.Uint64(b[56:]) != sum.Sum64():
		return meta{}, "its checksum does not hold"
	case m.pageSize < 1<<10 || m.pageSize > 1<<24 || m.pageSize&(m.pageSize-1) != 0:
		return meta{}, fmt.Sprintf("its page size is %d", m.pageSize)
	case native.Uint64(page) != number || native.Uint16(page[8:]) != metaPage:
		return m, "its header is damaged"
	}
	return m, ""
}

// An element is one entry of a leaf.
type element struct {
	page       uint64
	key, value []byte // valid until the visit returns
}

// A parser walks the trees of one file.
type parser struct {
	file   io.ReaderAt
	meta   meta
	seen   []uint64                       // a bit a page
	report func(page uint64, text string) // what is wrong
	// skim leaves out the leaf pages, but for the last one, of buckets for which it is true.
	skim bool
}

// newParser reads the meta pages. It reports each that is not valid; without any valid one there is no parser.
func newParser(file io.ReaderAt, size int64, report func(page uint64, text string)) *parser {
	p := &parser{file: file, report: report}
	first, wrong := parseMeta(p.read(0, 4096), 0)
	if wrong != "" {
		report(0, wrong)
	}
	second, wrong1 := meta{}, "it was not found"
	for at := int64(1 << 10); at <= 1<<24; at *= 2 {
		if first.pageSize != 0 && at != first.pageSize {
			continue
		}
		if second, wrong1 = parseMeta(p.read(at, pageHeader+metaLength), 1); second.pageSize == at {
			break
		}
	}
	if wrong1 != "" {
		report(1, wrong1)
	}
	if p.meta = first; wrong != "" || wrong1 == "" && second.txn > first.txn {
		p.meta = second
	}
	if p.meta.pageSize == 0 {
		return nil
	}
	if most := uint64(size / p.meta.pageSize); p.meta.pages > most {
		report(0, fmt.Sprintf("the file was cut short: it has %d pages of %d", most, p.meta.pages))
		p.meta.pages = most
	}
	p.seen = make([]uint64, p.meta.pages/64+1)
	p.mark(0, 2)
	return p
}

// read is up to n bytes at an offset, fewer at the end of the file.
func (p *parser) read(at int64, n int64) []byte {
	b := make([]byte, n)
	got, _ := p.file.ReadAt(b, at)
	return b[:got]
}

// mark enters pages as seen; false if one is beyond the end or was seen before.
func (p *parser) mark(page, count uint64) bool {
	if page >= p.meta.pages || count > p.meta.pages-page {
		return false
	}
	for i := page; i < page+count; i++ {
		if p.seen[i/64]>>(i%64)&1 == 1 {
			return false
		}
		p.seen[i/64] |= 1 << (i % 64)
	}
	return true
}

func (p *parser) marked(page uint64) bool { return p.seen[page/64]>>(page%64)&1 == 1 }

// page reads a page with its overflow, nil if it is not what it should be.
func (p *parser) page(number uint64) []byte {
	if number < 2 || number >= p.meta.pages {
		p.report(number, "it is referred to, but there is no such page")
		return nil
	}
	b := p.read(int64(number)*p.meta.pageSize, p.meta.pageSize)
	if int64(len(b)) < p.meta.pageSize {
		p.report(number, "it cannot be read")
		return nil
	}
	if native.Uint64(b) != number {
		p.report(number, fmt.Sprintf("it says that it is page %d", native.Uint64(b)))
		return nil
	}
	over := uint64(native.Uint32(b[12:]))
	if !p.mark(number, over+1) {
		p.report(number, "it, or its overflow, belongs to something else too or lies beyond the end")
		return nil
	}
	if over > 0 {
		whole := int64(over+1) * p.meta.pageSize
		if b = p.read(int64(number)*p.meta.pageSize, whole); int64(len(b)) < whole {
			p.report(number, "its overflow cannot be read")
			return nil
		}
	}
	return b
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
