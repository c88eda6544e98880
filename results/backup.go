package results

import (
	"errors"
	"fmt"
	"io"
	"os"

	"go.etcd.io/bbolt"
)

// Backup writes a copy of the store, as it is at one moment, while it is in use. The copy is a widthlaw.db.
func (s *Store) Backup(w io.Writer) error {
	var failed error // the writer's error is no damage and no full state directory
	err := s.view(func(tx *bbolt.Tx) error {
		_, failed = tx.WriteTo(w)
		return nil
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// compacting ends the name of the copy that Compact makes; Open removes what a killed one left.
const compacting = ".compact"

// compactBytes is how much Compact copies in one transaction.
const compactBytes = 16 << 20

// Compact rewrites the store of a state directory, which nobody else may have open, without the room that removed rows
// left, and says how large the file was and is. The old file stays in place until the new one is whole and checked.
func Compact(dir string) (before, after int64, err error) {
	path, before, err := find(dir)
	if err != nil {
		return 0, 0, fmt.Errorf("compacting %s: %w", dir, err)
	}
	lock, err := enter(dir, Options{Force: true}, false)
	if err != nil {
		return 0, 0, fmt.Errorf("compacting %s: %w", dir, err)
	}
	defer lock.Close()
	if after, err = compact(path); err != nil {
		return 0, 0, fmt.Errorf("compacting %s: %w", dir, err)
	}
	return before, after, nil
}

func compact(path string) (int64, error) {
	fresh := path + compacting
	defer os.Remove(fresh) // gone by then, unless something failed
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return 0, classify(err)
	}
	if err := examine(path); err != nil {
		return 0, err
	}
	if err := copyBolt(fresh, path); err != nil {
		return 0, err
	}
	r, err := checkFile(fresh, nil)
	if err == nil && !r.Clean() {
		err = damaged("the copy lacks what the totals count")
	}
	if err == nil {
		err = classify(moveInto(fresh, path))
	}
	return r.Bytes, err
}

func copyBolt(to, from string) error {
	source, _, err := openBolt(from, true)
	if err != nil {
		return err
	}
	target, _, err := openBolt(to, false)
	if err != nil {
		return errors.Join(err, source.Close())
	}
	target.NoSync = true // until all is there
	target.AllocSize = 1 << 20
	var size int64
	err = guard(func() error {
		return errors.Join(
			source.View(checkSchema),
			bbolt.Compact(target, source, compactBytes),
			target.View(func(tx *bbolt.Tx) error { size = tx.Size(); return nil }))
	})
	err = errors.Join(classify(err), target.Close(), source.Close())
	if err == nil {
		err = trim(to, size)
	}
	return err
}

// trim cuts off what bbolt set aside to grow into, and makes all of the file durable.
func trim(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return classify(errors.Join(f.Truncate(size), f.Sync(), f.Close()))
}
