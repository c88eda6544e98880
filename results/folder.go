package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/widthlaw/widthlaw/disk"
)

// lockName is a file in the state directory; the process that has it locked owns the directory. It holds the process's id,
// which is for the message alone: the lock decides, and it goes with the process however that ends.
const lockName = "lock"

// patience is how long a lock is waited for: a process that was killed takes a moment to be gone.
const patience = time.Second / 2

// find is the store's file in a directory, and its size.
func find(dir string) (path string, size int64, err error) {
	path = filepath.Join(dir, fileName)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", 0, fmt.Errorf("%w (%v): give a state directory with --state", ErrNoStore, err)
	case err != nil:
		return "", 0, classify(err)
	}
	return path, info.Size(), nil
}

// enter makes the directory if asked to, refuses one that a store cannot be in, and locks it.
func enter(dir string, o Options, create bool) (*os.File, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%w: give another path with --state, or move the file away", ErrNotDirectory)
	}
	if create {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, classify(err)
		}
	}
	if kind, err := networkFS(dir); err == nil { // where it cannot be known, it is allowed
		if err := o.allows(kind); err != nil {
			return nil, err
		}
	}
	lock, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, classify(err)
	}
	if err := waitLock(lock); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	writePID(lock)
	return lock, nil
}

// allows refuses a kind of network file system; "" is a disk of this machine.
func (o Options) allows(kind string) error {
	if kind == "" || o.Force {
		return nil
	}
	return fmt.Errorf("%w (%s), where locks and memory mappings do not hold what bbolt needs: give a directory on a local disk with --state, or insist and keep every other machine away from it", ErrNetworkFS, kind)
}

// enterReading locks a directory that cannot be written to, on a read-only medium say; nil where it has no lock, and nobody can
// make one.
func enterReading(dir string) (*os.File, error) {
	lock, err := os.Open(filepath.Join(dir, lockName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, classify(err)
	}
	if err := waitLock(lock); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}

func waitLock(lock *os.File) error {
	poll := time.NewTicker(patience / 25)
	defer poll.Stop()
	for deadline := time.Now().Add(patience); ; <-poll.C {
		err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return fmt.Errorf("locking %s: %w", lock.Name(), err)
		case time.Now().After(deadline):
			return fmt.Errorf("%w by process %s: stop it, or give another directory with --state", ErrInUse, readPID(lock))
		}
	}
}

// writePID may fail, on a full disk say: then the message lacks the process's id, and nothing else does.
func writePID(lock *os.File) {
	if lock.Truncate(0) == nil {
		_, _ = lock.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}

func readPID(lock *os.File) string {
	var b [32]byte
	n, _ := lock.ReadAt(b[:], 0)
	pid := strings.TrimSpace(string(b[:n]))
	if _, err := strconv.Atoi(pid); err != nil {
		return "(of unknown id)"
	}
	return pid
}

// moveInto gives a finished file its name, durably.
func moveInto(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return disk.SyncFolder(filepath.Dir(to))
}
