package results

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// repairing ends the name of the copy that Repair makes.
const repairing = ".repair"

// lostEpoch takes the place of an epoch that cannot be read: more starts than any coordinator had, so that fences still grow.
const lostEpoch = 1 << 16

// Repair makes the store of a state directory, which nobody else may have open, sound again. What is intact goes into a new
// file; the rest is left out: rows, to be computed again; sweeps whose data files are not whole, to be submitted again. The
// damaged file stays beside the new one under the name that is returned. The report is the new file's.
func Repair(dir string) (report Report, aside string, err error) {
	path, _, err := find(dir)
	if err != nil {
		return Report{}, "", fmt.Errorf("repairing %s: %w", dir, err)
	}
	lock, err := enter(dir, Options{Force: true}, false)
	if err != nil {
		return Report{}, "", fmt.Errorf("repairing %s: %w", dir, err)
	}
	defer lock.Close()
	fresh := path + repairing
	defer os.Remove(fresh) // gone by then, unless something failed
	if report, err = rewrite(fresh, path); err == nil {
		aside, err = setAside(path)
	}
	if err == nil {
		err = classify(moveInto(fresh, path))
	}
	if err != nil {
		return Report{}, "", fmt.Errorf("repairing %s: %w", dir, err)
	}
	return report, aside, nil
}

// setAside gives the file a second name. The first one stays: at no moment is there no store.
func setAside(path string) (aside string, err error) {
	for i := 1; ; i++ {
		aside = fmt.Sprintf("%s.damaged-%d", path, i)
		if err := os.Link(path, aside); !errors.Is(err, os.ErrExist) {
			return aside, classify(err)
		}
	}
}

// rewrite writes what is intact in one file into another, and checks that.
func rewrite(to, from string) (Report, error) {
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) {
		return Report{}, classify(err)
	}
	source, err := os.Open(from)
	if err != nil {
		return Report{}, classify(err)
	}
	defer source.Close()
	target, _, err := openBolt(to, false)
	if err != nil {
		return Report{}, err
	}
	target.NoSync = true // until all is there
	s := salvage{target: target, sweeps: map[string]bool{}, known: map[sweep.Key]bool{}, epoch: lostEpoch}
	err = guard(func() error { return s.run(source) })
	if err = errors.Join(classify(err), target.Close()); err == nil {
		err = trim(to, s.size)
	}
	if err != nil {
		return Report{}, err
	}
	r, err := checkFile(to, nil)
	if err == nil && !r.Clean() {
		err = damaged("the copy is not sound either: %v", r.Damage)
	}
	return r, err
}

// A salvage is one file being rewritten.
type salvage struct {
	target *bbolt.DB
	size   int64 // of the target, at the end

	found  checker // what a first visit found out
	whole  map[uint64]bool
	known  map[sweep.Key]bool // kept ones among found.twins
	kept   index
	sweeps map[string]bool // kept ones
	totals totals
	epoch  uint32

	waiting []sealed // to be written
	bytes   int
	err     error
}

type sealed struct{ bucket, key, value []byte }

func (s *salvage) run(source *os.File) error {
	info, err := source.Stat()
	if err != nil {
		return err
	}
	ignore := func(uint64, string) {}
	p := newParser(source, info.Size(), ignore)
	if p == nil {
		return damaged("neither of its first pages can be read: put a backup in its place")
	}
	if err := s.found.contents(p); err != nil {
		return err
	}
	s.whole = map[uint64]bool{}
	for number, f := range s.found.files {
		s.whole[number] = f.whole()
	}
	s.totals.last = max(s.found.totals.last, s.found.last)
	if err := s.target.Update(create); err != nil {
		return err
	}
	p = newParser(source, info.Size(), ignore)
	roots := p.roots()
	visits := []struct {
		bucket bucket
		keep   func(e element, payload []byte) bool
	}{{about, s.about}, {rows, s.row}, {conflicts, s.conflict}, {files, s.file}, {chunks, s.chunk}, {sweeps, s.sweep}, {troubles, s.trouble}}
	for _, v := range visits {
		s.copy(p, v.bucket, roots[string(v.bucket.name)], v.keep)
	}
	return s.end()
}

// copy writes those entries of a bucket that are intact and to be kept.
func (s *salvage) copy(p *parser, k bucket, r root, keep func(e element, payload []byte) bool) {
	if r.page == 0 && r.inline == nil {
		return
	}
	p.tree(r, false, func(e element) {
		if payload, err := k.open(e.key, e.value); err == nil && keep(e, payload) {
			s.put(k, e.key, e.value)
		}
	})
	s.flush()
}

func (s *salvage) put(k bucket, key, value []byte) {
	s.waiting = append(s.waiting, sealed{k.name, bytes.Clone(key), bytes.Clone(value)})
	if s.bytes += len(key) + len(value); s.bytes > compactBytes {
		s.flush()
	}
}

func (s *salvage) flush() {
	if s.err == nil {
		s.err = s.target.Update(func(tx *bbolt.Tx) error {
			for _, x := range s.waiting {
				b := tx.Bucket(x.bucket)
				b.FillPercent = fill
				if err := b.Put(x.key, x.value); err != nil {
					return err
				}
			}
			return nil
		})
	}
	s.waiting, s.bytes = s.waiting[:0], 0
}

// about takes the epoch; the rest of that bucket is written anew.
func (s *salvage) about(e element, payload []byte) bool {
	if bytes.Equal(e.key, epochKey) && len(payload) == 4 {
		s.epoch = binary.BigEndian.Uint32(payload)
	}
	return false
}

// row keeps a row, with its entry in "keys", unless its key has one already.
func (s *salvage) row(e element, payload []byte) bool {
	seq, ok := sequenceOf(e.key)
	r, err := decodeRow(payload)
	if err != nil || !ok || seq == 0 || seq > maxSequence || s.known[r.Key] {
		return false
	}
	if s.found.twins[seq] {
		s.known[r.Key] = true
	}
	s.put(keys, e.key, keys.seal(nil, e.key, func(b []byte) []byte { return append(b, r.Key[:]...) }))
	s.kept.add(r.Key, seq)
	s.totals.digest.Add(sweep.PointDigest(r.Key, r.Outcome))
	return true
}

// conflict keeps a conflict whose row was kept.
func (s *salvage) conflict(e element, payload []byte) bool {
	r, err := decodeRow(payload)
	if err != nil || !bytes.HasPrefix(e.key, r.Key[:]) {
		return false
	}
	return s.kept.find(r.Key, func(seq uint64) (same bool) {
		_ = s.target.View(func(tx *bbolt.Tx) error {
			key := sequenceKey(seq)
			stored, err := keys.open(key, tx.Bucket(keys.name).Get(key))
			same = err == nil && bytes.Equal(stored, r.Key[:])
			return nil
		})
		return same
	})
}

func (s *salvage) file(e element, _ []byte) bool {
	f, err := parseFile(e.key, e.value)
	return err == nil && s.whole[f.number]
}

func (s *salvage) chunk(e element, _ []byte) bool {
	return len(e.key) == 12 && s.whole[binary.BigEndian.Uint64(e.key)]
}

// sweep keeps a sweep whose data files are all whole.
func (s *salvage) sweep(e element, _ []byte) bool {
	r, err := parseSweep(e.key, e.value)
	if err != nil {
		return false
	}
	for _, hash := range r.Files {
		if !s.hasFile(hash) {
			return false
		}
	}
	s.sweeps[r.ID] = true
	return true
}

func (s *salvage) hasFile(name string) bool {
	for number, f := range s.found.files {
		if s.whole[number] && hex.EncodeToString(f.name) == name {
			return true
		}
	}
	return false
}

func (s *salvage) trouble(e element, _ []byte) bool {
	t, err := parseTrouble(e.key, e.value)
	return err == nil && s.sweeps[t.Sweep]
}

func (s *salvage) end() error {
	if s.err != nil {
		return s.err
	}
	return errors.Join(
		s.target.Update(func(tx *bbolt.Tx) error {
			return errors.Join(putTotals(tx, s.totals), putAbout(tx, epochKey, binary.BigEndian.AppendUint32(nil, s.epoch)))
		}),
		s.target.View(func(tx *bbolt.Tx) error { s.size = tx.Size(); return nil }))
}
