package results

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// # sweeps
//
// The sweep's id, to a SweepRecord without its ID as JSON (spec: base64, as encoding/json writes bytes).

// A SweepRecord is what a restart must know of a sweep. Its points are in Spec, its results are rows.
type SweepRecord struct {
	ID        string            `json:"-"` // Invariant: not empty, no NUL
	Name      string            `json:"name"`
	Revision  int               `json:"revision"`
	Spec      []byte            `json:"spec"`
	Filename  string            `json:"filename"`
	Files     map[string]string `json:"files,omitempty"` // path as written -> hash; Invariant: the store has them
	Paused    bool              `json:"paused,omitempty"`
	Stopped   bool              `json:"stopped,omitempty"`
	Priority  int               `json:"priority,omitempty"`
	Submitted time.Time         `json:"submitted"`
}

// SaveSweep keeps r in place of what was kept under its ID. Its files must have been Put before.
func (s *Store) SaveSweep(r SweepRecord) error {
	if err := validID(r.ID); err != nil {
		return err
	}
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("sweep %s: %w", r.ID, err)
	}
	err = s.update(func(tx *bbolt.Tx) error {
		for path, hash := range r.Files {
			if _, err := findFile(tx, hash); err != nil {
				return fmt.Errorf("its file %s: %w", path, err)
			}
		}
		return putJSON(tx, sweeps, []byte(r.ID), text)
	})
	if err != nil {
		return fmt.Errorf("keeping sweep %s: %w", r.ID, err)
	}
	return nil
}

func validID(id string) error {
	if id == "" || len(id) > 1000 || strings.Contains(id, "\x00") {
		return fmt.Errorf("sweep id %q: it must have 1 to 1000 bytes, none of them 0", id)
	}
	return nil
}

func putJSON(tx *bbolt.Tx, k bucket, key, text []byte) error {
	return tx.Bucket(k.name).Put(key, k.seal(nil, key, func(b []byte) []byte { return append(b, text...) }))
}

// Sweeps are all that were saved, in the order of submission.
func (s *Store) Sweeps() ([]SweepRecord, error) {
	var list []SweepRecord
	err := s.view(func(tx *bbolt.Tx) (err error) {
		list, err = readSweeps(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading sweeps: %w", err)
	}
	slices.SortStableFunc(list, func(a, b SweepRecord) int { return a.Submitted.Compare(b.Submitted) })
	return list, nil
}

func readSweeps(tx *bbolt.Tx) ([]SweepRecord, error) {
	var list []SweepRecord
	err := tx.Bucket(sweeps.name).ForEach(func(k, v []byte) error {
		r, err := parseSweep(k, v)
		list = append(list, r)
		return err
	})
	return list, err
}

func parseSweep(k, v []byte) (SweepRecord, error) {
	payload, err := sweeps.open(k, v)
	if err != nil {
		return SweepRecord{}, err
	}
	r := SweepRecord{ID: string(k)}
	if err := json.Unmarshal(payload, &r); err != nil {
		return SweepRecord{}, damaged("sweep %s: %v", k, err)
	}
	return r, nil
}

// removal is how many rows one commit of DeleteSweep removes.
const removal = 4096

// DeleteSweep forgets a sweep, its troubles, the data files that no other sweep names, and the rows under drop. The rows go
// first, in several commits: if it is interrupted, the sweep is still there and deleting it again finishes.
func (s *Store) DeleteSweep(id string, drop []sweep.Key) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	for some := range slices.Chunk(drop, removal) {
		if err := s.removeRows(some); err != nil {
			return fmt.Errorf("deleting rows of sweep %s: %w", id, err)
		}
	}
	err := s.commit(func(tx *bbolt.Tx) error {
		return errors.Join(
			deletePrefix(tx.Bucket(troubles.name), troubleKey(id, nil)),
			dropFiles(tx, id),
			tx.Bucket(sweeps.name).Delete([]byte(id)))
	})
	if err != nil {
		return fmt.Errorf("deleting sweep %s: %w", id, err)
	}
	return nil
}

// A place is a row to be removed.
type place struct {
	key sweep.Key
	seq uint64
}

// removeRows removes some rows in one commit. They leave the index first, so that no reader looks for what is gone.
func (s *Store) removeRows(drop []sweep.Key) error {
	if err := s.resync(); err != nil {
		return err
	}
	places, err := s.places(drop)
	if err != nil || len(places) == 0 {
		return err
	}
	s.mu.Lock()
	for _, p := range places {
		s.index.remove(p.key, p.seq)
	}
	s.removing++
	s.mu.Unlock()
	before, left := s.totals, s.totals
	err = s.commit(func(tx *bbolt.Tx) error { return deleteRows(tx, places, &left) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.removing++
	if err == nil {
		s.totals = left
	} else if s.totals == before { // nothing happened
		for _, p := range places {
			s.index.add(p.key, p.seq)
		}
	}
	return err
}

// places finds the rows among drop, in commit order: they are removed page by page.
func (s *Store) places(drop []sweep.Key) ([]place, error) {
	var list []place
	err := s.view(func(tx *bbolt.Tx) error {
		for _, k := range drop {
			seq, err := s.locate(tx, k)
			if err != nil {
				return err
			}
			if seq != 0 {
				list = append(list, place{k, seq})
			}
		}
		return nil
	})
	slices.SortFunc(list, func(a, b place) int { return cmp.Compare(a.seq, b.seq) })
	return slices.Compact(list), err
}

func deleteRows(tx *bbolt.Tx, places []place, left *totals) error {
	of, under, against := tx.Bucket(rows.name), tx.Bucket(keys.name), tx.Bucket(conflicts.name)
	for _, p := range places {
		seq := sequenceKey(p.seq)
		r, err := openRow(seq, of.Get(seq))
		if err != nil {
			return err
		}
		left.digest.Remove(sweep.PointDigest(r.Key, r.Outcome))
		if err := errors.Join(of.Delete(seq), under.Delete(seq), deletePrefix(against, p.key[:])); err != nil {
			return err
		}
	}
	return putTotals(tx, *left)
}

func deletePrefix(b *bbolt.Bucket, prefix []byte) error {
	c := b.Cursor()
	for k, _ := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, _ = c.Seek(prefix) {
		if err := b.Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// dropFiles removes the data files that a sweep names and no other does.
func dropFiles(tx *bbolt.Tx, id string) error {
	list, err := readSweeps(tx)
	if err != nil {
		return err
	}
	drop := map[string]bool{}
	for _, own := range []bool{true, false} {
		for _, r := range list {
			for _, hash := range r.Files {
				if own == (r.ID == id) {
					drop[hash] = own
				}
			}
		}
	}
	for hash, unused := range drop {
		if !unused {
			continue
		}
		f, err := findFile(tx, hash)
		if err != nil {
			return err
		}
		key, _ := hex.DecodeString(hash)
		if err := errors.Join(dropChunks(tx, f.number), tx.Bucket(files.name).Delete(key)); err != nil {
			return err
		}
	}
	return nil
}
