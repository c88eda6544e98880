// Package disk says how much room is left for what one can do without, and makes names of files durable. Checkpoints must never take from
// a disk what results need: without a checkpoint a point begins anew, without the store nothing goes on.
package disk

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// What is left to results: a share of a disk, of at most so many bytes.
const (
	reservedShare = 8
	mostReserved  = 256 << 20
)

// ErrFull means that there is no room beside what results need.
var ErrFull = errors.New("the disk is full")

// Check says whether so many more bytes have room in a folder.
func Check(folder string, bytes int64) error {
	if free, known := room(folder); known && bytes > free {
		return fmt.Errorf("%w: %d MiB are wanted, and %d MiB are free beside what results need; make room where %s is", ErrFull, bytes>>20, max(free, 0)>>20, folder)
	}
	return nil
}

// Classify tells a full disk from other failures.
func Classify(err error) error {
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, e) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
	}
	return err
}

// SyncFolder makes durable which files a folder has under which names; what is in them is not its concern.
func SyncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
