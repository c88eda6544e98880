package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A folder is one process's part of a spool: its own, or one adopted from a dead process.
type folder struct {
	path     string
	lock     *os.File // held until the folder is gone or the spool is closed
	segments int      // files in it; a death counts as one
	next     int      // number of the newest segment
	left     bool     // nothing more will be created in it
}

var errLocked = errors.New("in use by another process")

// lock opens and locks a file until it is closed or the process dies.
func lock(path string, wait bool) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_EX
	if !wait {
		how |= syscall.LOCK_NB
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), how)
	}
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// read adopts what a dead process left and removes what holds nothing.
func (f *folder) read(left *Leftover) error {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != segmentSuffix {
			continue
		}
		path := filepath.Join(f.path, e.Name())
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		payloads, lost, err := Read(b)
		if errors.Is(err, ErrNewer) {
			left.Unknown = append(left.Unknown, path)
			f.segments++
			continue
		}
		left.LostBytes += int64(lost)
		if len(payloads) == 0 {
			if err := os.Remove(path); err != nil {
				return err
			}
			continue
		}
		f.segments++
		seg := &segment{folder: f, path: path, live: len(payloads)}
		for _, p := range payloads {
			left.Records = append(left.Records, &Record{Payload: p, in: seg})
		}
	}
	d, err := f.death(strings.TrimPrefix(filepath.Base(f.path), folderPrefix))
	if err != nil {
		return err
	}
	if d != nil {
		left.Deaths = append(left.Deaths, *d)
	}
	f.leave()
	return nil
}

// leave says that nothing more will be created in the folder: it goes with its last segment.
func (f *folder) leave() {
	f.left = true
	if f.segments > 0 {
		return
	}
	// Where these fail, an empty folder stays behind, and the next process removes it.
	_ = os.Remove(filepath.Join(f.path, lockName))
	_ = os.Remove(f.path)
	_ = f.lock.Close()
}

// create begins the next segment.
func (f *folder) create() (*segment, error) {
	path := filepath.Join(f.path, fmt.Sprintf("%08d%s", f.next+1, segmentSuffix))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	f.segments++
	s := &segment{folder: f, path: path, file: file}
	if err := s.write([]byte(segmentMagic)); err != nil {
		return nil, errors.Join(err, file.Close(), s.remove())
	}
	f.next++
	return s, nil
}
