package results

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
)

// fileName is the store's file in the state directory.
const fileName = "widthlaw.db"

// A Store keeps rows, and what a restart must not forget, in one state directory. Its methods may be called from several
// goroutines. A method that writes returns once what it wrote is on disk; after an error nothing of it is half there.
type Store struct {
	dir  string
	lock *os.File
	db   *bbolt.DB
	file *os.File // of db

	// broken, once set, is returned by everything: a fault may have left locks of bbolt held, so it is not entered again.
	broken atomic.Pointer[error]

	// writing is held by the one goroutine that changes the file.
	writing sync.Mutex
	unsure  bool // a commit failed: it may have taken effect all the same, and the next one must happen even if it is empty

	// filing is held while a data file is being put.
	filing sync.Mutex

	// mu guards what memory knows about the rows. Invariant: index, totals and file agree, except for a commit under way.
	mu       sync.RWMutex
	index    index
	totals   totals
	removing uint64 // odd while rows are being removed; grows with each removal
}

// Options are for people who know better.
type Options struct {
	Force bool // allow a network file system
}

// Open opens the store of a state directory, which it makes if there is none. One process has it at a time.
func Open(dir string, o Options) (*Store, error) {
	lock, err := enter(dir, o, true)
	if err != nil {
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	s := &Store{dir: dir, lock: lock}
	if err = s.open(); err != nil {
		return nil, errors.Join(fmt.Errorf("store %s: %w", filepath.Join(dir, fileName), err), s.Close())
	}
	return s, nil
}

func (s *Store) open() error {
	path := filepath.Join(s.dir, fileName)
	for _, half := range []string{compacting, repairing} {
		_ = os.Remove(path + half) // most often there is none
	}
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := makeStore(s.dir); err != nil {
			return classify(err)
		}
	}
	if err := examine(path); err != nil {
		return err
	}
	var err error
	if s.db, s.file, err = openBolt(path, false); err != nil {
		return err
	}
	return s.view(func(tx *bbolt.Tx) error {
		if err := checkSchema(tx); err != nil {
			return err
		}
		return s.load(tx)
	})
}

// load reads into memory what it has to know about the rows.
func (s *Store) load(tx *bbolt.Tx) error {
	t, err := readTotals(tx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.index.load(tx, t.digest.Count)
	if err != nil {
		return err
	}
	if n != t.digest.Count {
		return damaged("it holds %d keys and should hold %d", n, t.digest.Count)
	}
	s.totals = t
	return nil
}

// makeStore makes an empty store under another name first, so that a file with the right name is always whole.
func makeStore(dir string) error {
	path := filepath.Join(dir, fileName)
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, _, err := openBolt(fresh, false)
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(create), db.Close()); err != nil {
		return err
	}
	return moveInto(fresh, path)
}

// openBolt opens a file that was examined. The freelist is stored (not NoFreelistSync): bbolt would otherwise read every
// page at each opening and after each failed commit, in a goroutine of its own, where a damaged page ends the process.
func openBolt(path string, readOnly bool) (db *bbolt.DB, file *os.File, err error) {
	options := bbolt.Options{
		Timeout:         time.Second / 10,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapped,
		PageSize:        4096, // everywhere, whatever the processor's
		NoStatistics:    true,
		ReadOnly:        readOnly,
		OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
			file, err = os.OpenFile(path, flag, mode)
			return file, err
		},
	}
	err = guard(func() error {
		db, err = bbolt.Open(path, 0o600, &options)
		if errors.Is(err, syscall.ENOMEM) { // a limit on address space
			options.InitialMmapSize = 0
			db, err = bbolt.Open(path, 0o600, &options)
		}
		return err
	})
	if err != nil {
		return nil, nil, classify(err)
	}
	db.AllocSize = allocation(0)
	return db, file, nil
}

// mapped is the address space set aside for the file, 64 GiB on 64-bit processors: as long as the file is smaller, a
// commit need not wait for readers (a backup, say) to move the mapping. Address space is not memory.
const mapped = 1 << (bits.UintSize - 28)

// allocation is by how much a file of this size grows at a time: growing costs a sync.
func allocation(size int64) int { return int(min(max(size/8, 64<<10), 16<<20)) }

// guard turns a panic of bbolt and a fault in its mapping (a page that the disk cannot give, a file that was cut short)
// into ErrDamaged. It must run in the goroutine that touches the mapping.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = damaged("%v", p)
		}
	}()
	return fn()
}

// fail gives the store up.
func (s *Store) fail(err error) error {
	s.broken.CompareAndSwap(nil, &err)
	return err
}

func (s *Store) failed() error {
	if err := s.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// view runs fn over a snapshot. Views are short: pages that one sees cannot be used again while it lives.
func (s *Store) view(fn func(*bbolt.Tx) error) error {
	if err := s.failed(); err != nil {
		return err
	}
	orderly := false // bbolt released what it had locked
	err := guard(func() error {
		err := s.db.View(func(tx *bbolt.Tx) error {
			orderly = true
			return fn(tx)
		})
		orderly = true
		return err
	})
	if !orderly {
		return s.fail(err)
	}
	return classify(err)
}

// update commits what fn does, durably, or nothing.
func (s *Store) update(fn func(*bbolt.Tx) error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.commit(fn)
}

// commit is update for who holds s.writing.
func (s *Store) commit(fn func(*bbolt.Tx) error) error {
	if err := errors.Join(s.failed(), s.resync()); err != nil {
		return err
	}
	begun, orderly := false, false // fn agreed, so that something may be on disk; bbolt released what it had locked
	err := guard(func() error {
		err := s.db.Update(func(tx *bbolt.Tx) error {
			s.db.AllocSize = allocation(tx.Size())
			err := fn(tx)
			begun = err == nil
			return err
		})
		orderly = true
		return err
	})
	switch {
	case !orderly:
		return s.fail(err)
	case err == nil:
		s.unsure = false
	case begun:
		s.unsure = true
		err = errors.Join(err, s.resync())
	}
	return classify(err)
}

// resync brings memory in line with the file after a commit that failed: where the very last sync failed, bbolt goes on
// with what was written.
func (s *Store) resync() error {
	if !s.unsure {
		return nil
	}
	return s.view(func(tx *bbolt.Tx) error {
		t, err := readTotals(tx)
		if err != nil || t == s.totals {
			return err
		}
		return s.load(tx)
	})
}

// Close ends all use of the store. A second Close does nothing.
func (s *Store) Close() error {
	var err error
	switch {
	case s.db == nil:
	case s.failed() != nil:
		err = s.file.Close() // bbolt's Close might wait for ever; the mapping stays until the process ends
	default:
		err = guard(s.db.Close)
	}
	return errors.Join(ignoreClosed(err), ignoreClosed(s.lock.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
