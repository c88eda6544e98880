package history

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/widthlaw/widthlaw/coordinator"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A disk is what outlives a coordinator.
type disk interface {
	open() (openStore, error)
	check() error // when nobody has it open
}

type openStore interface {
	coordinator.Store
	io.Closer
}

func (m *memory) open() (openStore, error) { return m, nil }
func (m *memory) check() error             { return nil }

// A folder is a disk with the real store.
type folder string

func (f folder) open() (openStore, error) { return results.Open(string(f), results.Options{}) }

func (f folder) check() error {
	r, err := results.Check(string(f), nil)
	if err == nil && !r.Clean() {
		err = fmt.Errorf("%v", r.Damage)
	}
	return err
}

// state is the coordinator's state directory: of checkpoints, and of the real store.
func (w *world) state() string { return filepath.Join(w.folder, "state") }

func (w *world) newDisk() disk {
	if w.plan.bolt {
		return folder(w.state())
	}
	return newMemory()
}

// What a disk may do wrong with a write.
const (
	writeWell   = iota
	writeNot    // it says so, and holds nothing of it
	writeUnsure // it says that it failed, and holds it all the same: the last sync failed
	dieBefore   // the coordinator is killed before the write
	dieAfter    // the coordinator is killed after the write, and before it hears of it
)

// A diskFault is what goes wrong next.
type diskFault struct {
	until     time.Time // every write until then
	all       int       // what it does
	slow      time.Duration
	countdown int // the so-manieth write from now; 0: none
	then      int
}

var (
	errDisk = errors.New("the disk does not take it")
	errDead = errors.New("this process was killed")
)

// A flaky is a store as one life of a coordinator sees it: its writes may fail, and none gets through once the coordinator is killed.
type flaky struct {
	openStore
	w      *world
	life   *life
	frozen atomic.Bool
}

func (f *flaky) write(what string, do func() error) error {
	w := f.w
	w.mu.Lock()
	act, slow := writeWell, w.fault.slow
	if time.Now().Before(w.fault.until) {
		act = w.fault.all
	} else {
		slow = 0
	}
	if w.fault.countdown > 0 {
		if w.fault.countdown--; w.fault.countdown == 0 {
			act = w.fault.then
		}
	}
	w.mu.Unlock()
	if slow > 0 {
		time.Sleep(slow)
	}
	if f.frozen.Load() {
		return errDead
	}
	switch act {
	case writeNot:
		w.note("disk: %s fails", what)
		return errDisk
	case writeUnsure:
		err := do()
		w.note("disk: %s is written, but not said to be", what)
		return errors.Join(err, errDisk)
	case dieBefore:
		w.note("coordinator %d is killed before %s is written", f.life.number, what)
		w.killCoordinator(f.life)
		return errDead
	case dieAfter:
		err := do()
		w.note("coordinator %d is killed after %s is written", f.life.number, what)
		w.killCoordinator(f.life)
		return errors.Join(err, errDead)
	}
	return do()
}

func (f *flaky) Put(rows []results.Row) (verdicts []results.Verdict, err error) {
	err = f.write("a batch of outcomes", func() error {
		if verdicts, err = f.openStore.Put(rows); err != nil {
			return err
		}
		f.w.stored(rows, verdicts)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return verdicts, nil
}

// stored remembers what is on disk.
func (w *world) stored(rows []results.Row, verdicts []results.Verdict) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, r := range rows {
		w.noted("disk: %s is stored: %v", w.point(r.Point), verdicts[i])
		switch verdicts[i] {
		case results.Added:
			w.kept[r.Key] = r.Outcome
		case results.Conflict:
			w.violates("%s has two outcomes", w.point(r.Point))
		case results.Same:
		}
	}
}

func (f *flaky) SaveTroubles(list []results.Trouble) error {
	w := f.w
	w.mu.Lock()
	for _, t := range list {
		if t.Attempts > w.fails[t.Key] {
			w.violates("point %d is said to have failed %d times, and failed %d times", t.Index, t.Attempts, w.fails[t.Key])
		}
		w.noted("disk: trouble with point %d: %v, %d attempts, %d losses, suspect %v", t.Index, t.State, t.Attempts, t.Losses, t.Suspect)
	}
	w.mu.Unlock()
	return f.write("a trouble", func() error { return f.openStore.SaveTroubles(list) })
}

func (f *flaky) ClearTroubles(id string, keys []sweep.Key) error {
	return f.write("that troubles are over", func() error { return f.openStore.ClearTroubles(id, keys) })
}

func (f *flaky) SaveSweep(r results.SweepRecord) error {
	return f.write("a sweep's record", func() error { return f.openStore.SaveSweep(r) })
}

func (f *flaky) NextEpoch() (epoch uint32, err error) {
	err = f.write("the epoch", func() error { epoch, err = f.openStore.NextEpoch(); return err })
	return epoch, err
}
