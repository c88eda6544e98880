package results

import (
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// Len is the number of rows.
func (s *Store) Len() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.totals.digest.Count
}

// Has says whether the store has a row. A key that damage keeps from being verified counts as absent; Get says why.
func (s *Store) Has(k sweep.Key) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.index.find(k, func(uint64) bool { return true }) {
		return false
	}
	has := false
	_ = s.view(func(tx *bbolt.Tx) error {
		seq, err := s.locate(tx, k)
		has = seq != 0
		return err
	})
	return has
}

// Get is a key's row, and whether there is one.
func (s *Store) Get(k sweep.Key) (r Row, ok bool, err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if !s.index.find(k, func(uint64) bool { return true }) {
		return Row{}, false, nil
	}
	err = s.view(func(tx *bbolt.Tx) error {
		r, ok, err = s.read(tx, k)
		return err
	})
	if err != nil {
		return Row{}, false, fmt.Errorf("reading the row of %s: %w", short(k), err)
	}
	return r, ok, nil
}

// read is Get in a transaction. The caller holds s.mu or s.writing.
func (s *Store) read(tx *bbolt.Tx, k sweep.Key) (Row, bool, error) {
	seq, err := s.locate(tx, k)
	if err != nil || seq == 0 {
		return Row{}, false, err
	}
	key := sequenceKey(seq)
	r, err := openRow(key, tx.Bucket(rows.name).Get(key))
	if err == nil && r.Key != k {
		err = damaged("rows %d is the row of another key", seq)
	}
	return r, err == nil, err
}

func openRow(key, value []byte) (Row, error) {
	payload, err := rows.open(key, value)
	if err != nil {
		return Row{}, err
	}
	r, err := decodeRow(payload)
	if err != nil {
		return Row{}, damaged("rows %x: %v", key, err)
	}
	return r, nil
}

// locate is the sequence number of a key, 0 if it has none: what the index says, verified against the stored keys.
func (s *Store) locate(tx *bbolt.Tx, k sweep.Key) (uint64, error) {
	var found uint64
	var failed error
	var stored *bbolt.Bucket
	s.index.find(k, func(seq uint64) bool {
		if stored == nil {
			stored = tx.Bucket(keys.name)
		}
		key := sequenceKey(seq)
		payload, err := keys.open(key, stored.Get(key))
		if err != nil {
			failed = err
			return true
		}
		if string(payload) == string(k[:]) {
			found = seq
		}
		return found != 0
	})
	return found, failed
}

// Rows are read in portions, so that no snapshot lives long and memory stays bounded.
const (
	portionRows  = 512
	portionBytes = 1 << 20
)

// Walk calls fn with every row that the store had when Walk began, in commit order, in constant memory. fn may use the
// store, and what it is given is its own. An error of fn ends the walk and is returned. Rows that are missing though
// the totals count them are ErrDamaged, at the end.
func (s *Store) Walk(fn func(Row) error) error {
	s.mu.RLock()
	begin, removing := s.totals, s.removing
	s.mu.RUnlock()
	var seen uint64
	for from := uint64(1); from <= begin.last; {
		portion, next, err := s.portion(from, begin.last)
		if err != nil {
			return fmt.Errorf("reading rows: %w", err)
		}
		for _, r := range portion {
			if err := fn(r); err != nil {
				return err
			}
		}
		seen += uint64(len(portion))
		from = next
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if undisturbed := removing%2 == 0 && s.removing == removing; undisturbed && seen != begin.digest.Count {
		return damaged("the store holds %d rows and should hold %d", seen, begin.digest.Count)
	}
	return nil
}

// portion is some rows from a sequence number on, and the number to go on from.
func (s *Store) portion(from, last uint64) (list []Row, next uint64, err error) {
	err = s.view(func(tx *bbolt.Tx) error {
		size, c := 0, tx.Bucket(rows.name).Cursor()
		next = last + 1
		for k, v := c.Seek(sequenceKey(from)); k != nil; k, v = c.Next() {
			seq, ok := sequenceOf(k)
			if !ok || seq < from {
				return damaged("rows %x is out of place", k)
			}
			if seq > last {
				return nil
			}
			if len(list) == portionRows || size > portionBytes {
				next = seq
				return nil
			}
			r, err := openRow(k, v)
			if err != nil {
				return err
			}
			list, size, from = append(list, r), size+len(v), seq+1
		}
		return nil
	})
	return list, next, err
}
