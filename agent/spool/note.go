package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/widthlaw/widthlaw/disk"
)

// Beside its records a process leaves what explains its end, should it come without a word: a note, which says what it is doing, and a log.
// Both go when it ends in order; so whoever finds them knows that it did not.
const (
	noteName = "note"
	logName  = "log"
)

// logLimit is the size at which a log begins anew: only its end is of use.
const logLimit = 1 << 20

// A Death is a process that ended without closing its spool.
type Death struct {
	Name string // of its spool
	Note []byte // the last one; nil: none
	Log  []byte

	folder *folder
}

// Note says what this process is doing, in place of what it said before; durable says whether that must survive the machine too.
func (s *Spool) Note(text []byte, durable bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.note(text, durable); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return nil
}

func (s *Spool) note(text []byte, durable bool) error {
	path := filepath.Join(s.own.path, noteName)
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if durable {
		err = errors.Join(err, f.Sync())
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil || !durable {
		return err
	}
	return disk.SyncFolder(s.own.path)
}

// Forget removes the note and the log: from now on this process ends in order, however soon that is.
func (s *Spool) Forget() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own.forget()
}

func (f *folder) forget() (err error) {
	for _, name := range []string{noteName + ".new", noteName, logName} {
		if e := os.Remove(filepath.Join(f.path, name)); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Log opens the log, for appending. A writer that fills it beyond all measure loses its beginning.
func (s *Spool) Log() (*Log, error) {
	f, err := os.OpenFile(filepath.Join(s.own.path, logName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("spool: %w", err)
	}
	return &Log{File: f}, nil
}

// A Log is a process's log, for one goroutine at a time.
type Log struct {
	*os.File
	size int
}

// Write is io.Writer's.
func (l *Log) Write(b []byte) (int, error) {
	if l.size > logLimit {
		if err := l.Truncate(0); err != nil {
			return 0, err
		}
		l.size = 0
	}
	n, err := l.File.Write(b)
	l.size += n
	return n, err
}

// death is how the folder's process ended, nil if in order. The folder stays until Bury.
func (f *folder) death(name string) (*Death, error) {
	note, err1 := read(filepath.Join(f.path, noteName))
	log, err2 := read(filepath.Join(f.path, logName))
	if err := errors.Join(err1, err2); err != nil || note == nil && log == nil {
		return nil, err
	}
	f.segments++
	return &Death{Name: name, Note: note, Log: log, folder: f}, nil
}

// read is a file's content; nil: there is none.
func read(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && b == nil {
		b = []byte{}
	}
	return b, err
}

// Bury forgets a death. Where that fails, a later process finds it again.
func (s *Spool) Bury(d Death) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := d.folder.forget(); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	d.folder.segments--
	if d.folder.left && d.folder.segments == 0 {
		d.folder.leave()
	}
	return nil
}
