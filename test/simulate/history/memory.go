package history

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A memory is a store in memory: what results.Store promises, without a disk. What a call has done when it returns is what survives a
// coordinator.
type memory struct {
	mu        sync.RWMutex
	epoch     uint32
	rows      []results.Row // in commit order
	at        map[sweep.Key]int
	conflicts []results.ConflictRow
	sweeps    map[string]results.SweepRecord
	troubles  map[trouble]results.Trouble
	files     map[string][]byte
}

type trouble struct {
	sweep string
	key   sweep.Key
}

func newMemory() *memory {
	return &memory{
		at: map[sweep.Key]int{}, sweeps: map[string]results.SweepRecord{}, troubles: map[trouble]results.Trouble{}, files: map[string][]byte{},
	}
}

func (m *memory) Put(rows []results.Row) ([]results.Verdict, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range rows {
		if r.Key != sweep.KeyOf(r.Point) {
			return nil, fmt.Errorf("row %s: its key is not that of its point", r.Key)
		}
	}
	verdicts := make([]results.Verdict, len(rows))
	for i, r := range rows {
		at, ok := m.at[r.Key]
		switch {
		case !ok:
			m.at[r.Key] = len(m.rows)
			m.rows = append(m.rows, r)
		case bytes.Equal(m.rows[at].Outcome, r.Outcome):
			verdicts[i] = results.Same
		default:
			verdicts[i] = results.Conflict
			x := results.ConflictRow{Kept: m.rows[at], Refused: r}
			if !slices.ContainsFunc(m.conflicts, func(y results.ConflictRow) bool {
				return y.Kept.Key == r.Key && bytes.Equal(y.Refused.Outcome, r.Outcome)
			}) {
				m.conflicts = append(m.conflicts, x)
			}
		}
	}
	return verdicts, nil
}

func (m *memory) Has(k sweep.Key) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.at[k]
	return ok
}

func (m *memory) Get(k sweep.Key) (results.Row, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	at, ok := m.at[k]
	if !ok {
		return results.Row{}, false, nil
	}
	return m.rows[at], true, nil
}

func (m *memory) Len() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return uint64(len(m.rows))
}

func (m *memory) Walk(fn func(results.Row) error) error {
	m.mu.RLock()
	rows := slices.Clone(m.rows)
	m.mu.RUnlock()
	for _, r := range rows {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Conflicts() ([]results.ConflictRow, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.conflicts), nil
}

func (m *memory) SaveSweep(r results.SweepRecord) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r.ID == "" || bytes.ContainsRune([]byte(r.ID), 0) {
		return fmt.Errorf("%q is no id of a sweep", r.ID)
	}
	for _, hash := range r.Files {
		if m.files[hash] == nil {
			return results.ErrNoFile
		}
	}
	m.sweeps[r.ID] = r
	return nil
}

func (m *memory) Sweeps() ([]results.SweepRecord, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.SortedFunc(maps.Values(m.sweeps), func(a, b results.SweepRecord) int {
		return cmp.Or(a.Submitted.Compare(b.Submitted), cmp.Compare(a.ID, b.ID))
	}), nil
}

func (m *memory) DeleteSweep(id string, drop []sweep.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := m.sweeps[id].Files
	delete(m.sweeps, id)
	maps.DeleteFunc(m.troubles, func(t trouble, _ results.Trouble) bool { return t.sweep == id })
	for _, hash := range files {
		if !slices.ContainsFunc(slices.Collect(maps.Values(m.sweeps)), func(r results.SweepRecord) bool {
			return slices.Contains(slices.Collect(maps.Values(r.Files)), hash)
		}) {
			delete(m.files, hash)
		}
	}
	gone := map[sweep.Key]bool{}
	for _, k := range drop {
		gone[k] = true
	}
	m.rows = slices.DeleteFunc(slices.Clone(m.rows), func(r results.Row) bool { return gone[r.Key] })
	m.conflicts = slices.DeleteFunc(m.conflicts, func(x results.ConflictRow) bool { return gone[x.Kept.Key] })
	m.at = make(map[sweep.Key]int, len(m.rows))
	for i, r := range m.rows {
		m.at[r.Key] = i
	}
	return nil
}

func (m *memory) SaveTroubles(list []results.Trouble) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range list {
		m.troubles[trouble{t.Sweep, t.Key}] = t
	}
	return nil
}

func (m *memory) Troubles(id string) ([]results.Trouble, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []results.Trouble
	for t, x := range m.troubles {
		if t.sweep == id {
			list = append(list, x)
		}
	}
	slices.SortFunc(list, func(a, b results.Trouble) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return list, nil
}

func (m *memory) ClearTroubles(id string, keys []sweep.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range keys {
		delete(m.troubles, trouble{id, k})
	}
	return nil
}

func (m *memory) NextEpoch() (uint32, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.epoch++
	return m.epoch, nil
}

func (m *memory) PutFile(r io.Reader) (string, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(content)
	hash := hex.EncodeToString(sum[:])
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[hash] = append([]byte{}, content...)
	return hash, nil
}

func (m *memory) OpenFile(hash string) (io.ReadCloser, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	content, ok := m.files[hash]
	if !ok {
		return nil, results.ErrNoFile
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Backup is no part of a history.
func (m *memory) Backup(io.Writer) error { return errors.ErrUnsupported }

// Close keeps everything: the next who opens the disk finds it.
func (m *memory) Close() error { return nil }
