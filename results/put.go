package results

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Verdict is what Put did with a row.
type Verdict uint8

// The verdicts.
const (
	Added    Verdict = iota
	Same             // the store has the row, with equal outcome bytes
	Conflict         // the store has it with other bytes: the first stays, the other is recorded
)

var verdictNames = [...]string{"added", "same", "conflict"}

func (v Verdict) String() string { return verdictNames[v] }

// fill is how full pages get where entries are appended and never inserted.
const fill = 1.0

var errUnchanged = errors.New("nothing to commit")

// Put keeps rows in one durable commit and says what became of each. Provenance does not count in the comparison.
func (s *Store) Put(rows []Row) ([]Verdict, error) {
	for _, r := range rows {
		if r.Key != sweep.KeyOf(r.Point) {
			return nil, fmt.Errorf("row %s: its key is not the SHA-256 of its point", short(r.Key))
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	var p *putting
	err := s.commit(func(tx *bbolt.Tx) error {
		p = s.newPutting(tx, rows)
		return p.run()
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return nil, fmt.Errorf("keeping %d rows: %w", len(rows), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, at := range p.added {
		s.index.add(rows[at].Key, s.totals.last+uint64(i)+1)
	}
	s.totals = p.totals
	return p.verdicts, nil
}

// A putting is one Put inside its transaction.
type putting struct {
	store      *Store
	tx         *bbolt.Tx
	rows, keys *bbolt.Bucket
	batch      []Row
	verdicts   []Verdict
	added      []int             // indices into batch, in order of their sequence numbers
	first      map[sweep.Key]int // those keys, to their index
	totals     totals
	arena      []byte // values live until the commit
}

func (s *Store) newPutting(tx *bbolt.Tx, batch []Row) *putting {
	size := 0
	for _, r := range batch {
		size += len(r.Point) + len(r.Outcome) + 256
	}
	p := &putting{
		store: s, tx: tx, rows: tx.Bucket(rows.name), keys: tx.Bucket(keys.name), batch: batch,
		verdicts: make([]Verdict, len(batch)), first: make(map[sweep.Key]int, len(batch)),
		totals: s.totals, arena: make([]byte, 0, size),
	}
	p.rows.FillPercent, p.keys.FillPercent = fill, fill
	return p
}

func (p *putting) run() error {
	changed := p.store.unsure
	for i, r := range p.batch {
		kept, err := p.kept(r.Key)
		switch {
		case err != nil:
			return err
		case kept == nil:
			err = p.add(i)
			changed = true
		case bytes.Equal(kept, r.Outcome):
			p.verdicts[i] = Same
		default:
			p.verdicts[i] = Conflict
			err = putConflict(p.tx, r)
			changed = true
		}
		if err != nil {
			return err
		}
	}
	if !changed {
		return errUnchanged
	}
	return putTotals(p.tx, p.totals)
}

// kept is the outcome that the store, or this batch, has for a key; nil if it has none.
func (p *putting) kept(k sweep.Key) ([]byte, error) {
	if i, ok := p.first[k]; ok {
		return p.batch[i].Outcome, nil
	}
	r, ok, err := p.store.read(p.tx, k)
	if err != nil || !ok {
		return nil, err
	}
	return r.Outcome, nil
}

func (p *putting) add(i int) error {
	r := p.batch[i]
	p.totals.last++
	if p.totals.last > maxSequence {
		return fmt.Errorf("all %d sequence numbers are used up: merge this state directory into a new one", uint64(maxSequence))
	}
	p.totals.digest.Add(sweep.PointDigest(r.Key, r.Outcome))
	p.first[r.Key] = i
	p.added = append(p.added, i)
	seq := sequenceKey(p.totals.last)
	if err := p.rows.Put(seq, p.value(rows, seq, r.encode)); err != nil {
		return err
	}
	return p.keys.Put(seq, p.value(keys, seq, func(b []byte) []byte { return append(b, r.Key[:]...) }))
}

func (p *putting) value(k bucket, key []byte, add func([]byte) []byte) []byte {
	at := len(p.arena)
	p.arena = k.seal(p.arena, key, add)
	return p.arena[at:len(p.arena):len(p.arena)]
}

// A ConflictRow is a point that was computed into two different outcomes: a faulty machine or a bug.
type ConflictRow struct {
	Kept    Row // what the store has under the key
	Refused Row // what came later
}

// # conflicts
//
// The key, then the SHA-256 of the refused outcome, to the refused row as row.go writes it; so the same refusal is recorded
// once however often it comes. They are few: that they are ordered by hash does not matter.
func putConflict(tx *bbolt.Tx, r Row) error {
	hash := sha256.Sum256(r.Outcome)
	key := append(r.Key[:], hash[:]...)
	return tx.Bucket(conflicts.name).Put(key, conflicts.seal(nil, key, r.encode))
}

// Conflicts are all that were recorded, by key.
func (s *Store) Conflicts() ([]ConflictRow, error) {
	var list []ConflictRow
	s.mu.RLock()
	defer s.mu.RUnlock()
	err := s.view(func(tx *bbolt.Tx) error {
		return tx.Bucket(conflicts.name).ForEach(func(k, v []byte) error {
			payload, err := conflicts.open(k, v)
			if err != nil {
				return err
			}
			refused, err := decodeRow(payload)
			if err != nil {
				return damaged("conflicts %x: %v", k, err)
			}
			kept, ok, err := s.read(tx, refused.Key)
			if err == nil && !ok {
				err = damaged("conflict %s: its row is missing", short(refused.Key))
			}
			list = append(list, ConflictRow{kept, refused})
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading conflicts: %w", err)
	}
	return list, nil
}
