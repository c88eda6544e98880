package results

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"io"
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
