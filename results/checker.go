package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"

	"github.com/widthlaw/widthlaw/sweep"
)

// A checker gathers what the buckets say about each other.
type checker struct {
	Report
	valid    func(Row) error
	totals   totals
	schema   uint32
	digest   sweep.Digest
	last     uint64 // sequence number
	rows     index
	twins    map[uint64]bool      // sequence numbers of keys that look alike in the index
	known    map[sweep.Key]uint64 // those keys
	keyCount uint64
	files    map[uint64]*fileCheck
	hashes   map[string]bool
}

type fileCheck struct {
	name []byte
	file file
	next uint32
	size uint64
	hash hash.Hash
}

func (f *fileCheck) whole() bool {
	return f.next == f.file.chunks && f.size == f.file.size && bytes.Equal(f.hash.Sum(nil), f.name)
}

// contents visits every value of the file.
func (c *checker) contents(p *parser) error {
	roots := p.roots()
	for _, k := range buckets {
		if _, ok := roots[string(k.name)]; !ok {
			c.add(0, "bucket %s is missing", k.name)
		}
	}
	c.twins, c.known = map[uint64]bool{}, map[sweep.Key]uint64{}
	c.files, c.hashes = map[uint64]*fileCheck{}, map[string]bool{}
	visits := []struct {
		bucket bucket
		visit  func(key, payload []byte) error
	}{
		{about, c.about},
		{rows, c.row},
		{keys, c.key},
		{conflicts, c.conflict},
		{files, c.fileEntry},
		{chunks, c.chunk},
		{sweeps, c.sweep},
		{troubles, c.trouble},
	}
	for _, v := range visits {
		c.bucket(p, v.bucket, roots[string(v.bucket.name)], v.visit)
		delete(roots, string(v.bucket.name))
		if c.schema > schema {
			return fmt.Errorf("%w: it has schema %d, this one knows %d; use the newer one", ErrNewerSchema, c.schema, schema)
		}
	}
	for name := range roots {
		c.add(0, "bucket %q is unknown", name)
	}
	c.compare()
	return nil
}

func (c *checker) bucket(p *parser, k bucket, r root, visit func(key, payload []byte) error) {
	if r.page == 0 && r.inline == nil {
		return
	}
	p.tree(r, false, func(e element) {
		payload, err := k.open(e.key, e.value)
		if err == nil {
			err = visit(e.key, payload)
		}
		if err != nil {
			c.add(e.page, "%s", withoutAdvice(err))
		}
	})
}

// withoutAdvice is an error's text without "run check": it is being run.
func withoutAdvice(err error) string {
	text := []byte(err.Error())
	return string(bytes.TrimSuffix(text, []byte(": "+ErrDamaged.Error())))
}

func (c *checker) about(key, payload []byte) (err error) {
	switch {
	case bytes.Equal(key, totalsKey):
		c.totals, err = parseTotals(payload)
	case bytes.Equal(key, schemaKey) && len(payload) == 4:
		c.schema = binary.BigEndian.Uint32(payload)
	case bytes.Equal(key, epochKey) && len(payload) == 4:
	default:
		err = fmt.Errorf("about %q is unknown or malformed", key)
	}
	return err
}

func (c *checker) row(key, payload []byte) error {
	seq, ok := sequenceOf(key)
	r, err := decodeRow(payload)
	if err != nil || !ok || seq == 0 || seq > maxSequence {
		return fmt.Errorf("rows %x is malformed", key)
	}
	c.rows.find(r.Key, func(twin uint64) bool {
		c.twins[seq], c.twins[twin] = true, true
		return false
	})
	c.rows.add(r.Key, seq)
	c.Rows++
	c.last = seq
	c.digest.Add(sweep.PointDigest(r.Key, r.Outcome))
	if c.valid == nil {
		return nil
	}
	if err := c.valid(r); err != nil {
		c.Affected = append(c.Affected, r.Key)
		return fmt.Errorf("row %s: %w", r.Key, err)
	}
	return nil
}

func (c *checker) key(key, payload []byte) error {
	seq, ok := sequenceOf(key)
	if !ok || len(payload) != 32 {
		return fmt.Errorf("keys %x is malformed", key)
	}
	c.keyCount++
	k := sweep.Key(payload)
	if !c.rows.find(k, func(at uint64) bool { return at == seq }) {
		c.Affected = append(c.Affected, k)
		return fmt.Errorf("the row of %s is missing or damaged", k)
	}
	if !c.twins[seq] {
		return nil
	}
	if first, twice := c.known[k]; twice {
		return fmt.Errorf("%s has two rows, %d and %d", k, first, seq)
	}
	c.known[k] = seq
	return nil
}

// compare holds what was counted against what was stored.
func (c *checker) compare() {
	if c.schema == 0 {
		c.add(0, "the schema version is missing")
	}
	if c.keyCount != c.Rows {
		c.add(0, "there are %d rows and %d keys", c.Rows, c.keyCount)
	}
	if c.digest != c.totals.digest {
		c.add(0, "there are %d rows with digest %x; the totals say %d with %x", c.Rows, c.digest.Sum(), c.totals.digest.Count, c.totals.digest.Sum())
	}
	if c.last > c.totals.last {
		c.add(0, "the last row is %d; the totals say %d", c.last, c.totals.last)
	}
	for _, f := range c.files {
		if !f.whole() {
			c.add(0, "data file %x does not have its hash", f.name)
		}
	}
}

func (c *checker) conflict(key, payload []byte) error {
	r, err := decodeRow(payload)
	if err != nil || !bytes.HasPrefix(key, r.Key[:]) {
		return fmt.Errorf("conflicts %x is malformed", key)
	}
	c.Conflicts++
	return nil
}

func (c *checker) fileEntry(key, payload []byte) error {
	sealed := files.seal(nil, key, func(b []byte) []byte { return append(b, payload...) })
	f, err := parseFile(key, sealed)
	if err != nil {
		return err
	}
	c.Files++
	c.hashes[hex.EncodeToString(key)] = true
	c.files[f.number] = &fileCheck{name: bytes.Clone(key), file: f, hash: sha256.New()}
	return nil
}

// chunk follows a data file. Chunks of no file are what an interrupted upload left: the next one removes them.
func (c *checker) chunk(key, payload []byte) error {
	if len(key) != 12 {
		return fmt.Errorf("chunks %x is malformed", key)
	}
	f := c.files[binary.BigEndian.Uint64(key)]
	if f == nil {
		return nil
	}
	if f.next != binary.BigEndian.Uint32(key[8:]) {
		return fmt.Errorf("data file %x lacks chunk %d", f.name, f.next)
	}
	f.next++
	f.size += uint64(len(payload))
	f.hash.Write(payload)
	return nil
}

func (c *checker) sweep(key, payload []byte) error {
	r, err := parseSweep(key, sweeps.seal(nil, key, func(b []byte) []byte { return append(b, payload...) }))
	if err != nil {
		return err
	}
	c.Sweeps++
	for path, hash := range r.Files {
		if !c.hashes[hash] {
			return fmt.Errorf("sweep %s: its file %s is missing", key, path)
		}
	}
	return nil
}

func (c *checker) trouble(key, payload []byte) error {
	_, err := parseTrouble(key, troubles.seal(nil, key, func(b []byte) []byte { return append(b, payload...) }))
	if err == nil {
		c.Troubles++
	}
	return err
}
