// Package spool keeps records on disk until somebody else has them safe: an agent's results until the coordinator
// acknowledges them. What a killed process left behind is found again by the next one. Start with Open; segment.go draws
// the files.
package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// # Layout
//
//	ROOT/lock               held for a moment by whoever opens a spool here
//	ROOT/agent-NAME/        one folder a process
//	    lock                held (flock) as long as that process lives
//	    00000001.spool      segments, see segment.go
//	    note, log           what explains its end, see note.go
//
// A folder whose lock is free belonged to a dead process; whoever opens the next spool adopts it.
const (
	lockName     = "lock"
	folderPrefix = "agent-"
)

// segmentBytes is the size at which a segment is closed and the next one begun.
const segmentBytes = 4 << 20

// A Record is one payload. The zero Record with a Payload is ready for Append.
type Record struct {
	Payload []byte

	in *segment // nil: not on disk
}

// A Spool is safe for use by several goroutines.
type Spool struct {
	mu      sync.Mutex
	own     *folder
	adopted []*folder // of dead processes
	active  *segment  // the one that Append writes to; nil before the first
	buffer  []byte    // of the batch that is being written
	limit   int64     // bytes at which a segment is closed and the next one begun
}

// Leftover is what dead processes left in a spool's root.
type Leftover struct {
	Records   []*Record
	LostBytes int64    // were damaged, or torn at the end of a file, and are dropped
	Unknown   []string // segments that a newer program wrote: left alone
	Deaths    []Death  // of those who did not end in order
}

// Open makes a folder for this process in root and adopts the folders of dead ones. The name is this process's alone.
// Nothing is forced to the disk: records survive the death of the process, and of the machine as far as its file system does.
func Open(root, name string) (*Spool, Leftover, error) {
	s, left := &Spool{limit: segmentBytes}, Leftover{}
	if err := s.open(root, name, &left); err != nil {
		s.unlock()
		return nil, Leftover{}, fmt.Errorf("spool: %w; give the agent another folder that it may write to", err)
	}
	return s, left, nil
}

func (s *Spool) open(root, name string, left *Leftover) error {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return err
	}
	door, err := lock(filepath.Join(root, lockName), true)
	if err != nil {
		return err
	}
	defer door.Close()
	if err := s.adoptAll(root, left); err != nil {
		return err
	}
	own := &folder{path: filepath.Join(root, folderPrefix+name)}
	if err := os.Mkdir(own.path, 0o700); err != nil {
		return err
	}
	if own.lock, err = lock(filepath.Join(own.path, lockName), false); err != nil {
		return err
	}
	s.own = own
	return nil
}

// adoptAll takes over the folders of dead processes; those of living ones are locked and passed over.
func (s *Spool) adoptAll(root string, left *Leftover) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), folderPrefix) {
			continue
		}
		f := &folder{path: filepath.Join(root, e.Name())}
		f.lock, err = lock(filepath.Join(f.path, lockName), false)
		if errors.Is(err, errLocked) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		err = f.read(left)
		if errors.Is(err, fs.ErrNotExist) { // its process was just leaving, and took the folder along
			_ = f.lock.Close()
			continue
		}
		s.adopted = append(s.adopted, f)
		if err != nil {
			return err
		}
	}
	return nil
}

// Append writes the records in one go. If it fails, none of them counts as written, and it may be tried again.
func (s *Spool) Append(records []*Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.append(records); err != nil {
		return fmt.Errorf("spool: %w; make room for %s or give the agent another folder", err, s.own.path)
	}
	return nil
}

func (s *Spool) append(records []*Record) error {
	if s.active == nil || s.active.size >= s.limit {
		next, err := s.own.create()
		if err != nil {
			return err
		}
		if err := s.seal(); err != nil {
			return errors.Join(err, next.remove())
		}
		s.active = next
	}
	s.buffer = s.buffer[:0]
	for _, r := range records {
		s.buffer = appendRecord(s.buffer, r.Payload)
	}
	if err := s.active.write(s.buffer); err != nil {
		return err
	}
	for _, r := range records {
		r.in = s.active
	}
	s.active.live += len(records)
	if cap(s.buffer) > segmentBytes {
		s.buffer = nil
	}
	return nil
}

// seal closes the active segment. What it still holds stays on disk.
func (s *Spool) seal() error {
	if s.active == nil {
		return nil
	}
	old := s.active
	s.active = nil
	err := old.file.Close()
	old.file = nil
	if old.live == 0 {
		err = errors.Join(err, old.remove())
	}
	return err
}

// Remove forgets records that are safe elsewhere; those that are not on disk are passed over. A segment goes with its last record.
// After an error the records are forgotten all the same, but a later process may find them again.
func (s *Spool) Remove(records []*Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, r := range records {
		seg := r.in
		if seg == nil {
			continue
		}
		r.in = nil
		seg.live--
		if seg.live > 0 {
			continue
		}
		if seg == s.active {
			errs = append(errs, seg.clear())
		} else {
			errs = append(errs, seg.remove())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

// Close gives the folders up. What was not removed stays for the next process.
func (s *Spool) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := errors.Join(s.seal(), s.own.forget())
	s.own.leave()
	s.unlock()
	return err
}

// unlock lets other processes adopt what is left.
func (s *Spool) unlock() {
	for _, f := range append(s.adopted, s.own) {
		if f != nil {
			_ = f.lock.Close()
		}
	}
}
