package results

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	bolt "go.etcd.io/bbolt/errors"

	"github.com/widthlaw/widthlaw/sweep"
)

// What a caller may have to decide about; the errors returned wrap them with the subject and the next step.
var (
	ErrInUse        = errors.New("in use")
	ErrDamaged      = errors.New("damaged: run `widthlaw check`")
	ErrNewerSchema  = errors.New("written by a newer widthlaw")
	ErrNetworkFS    = errors.New("on a network file system")
	ErrFull         = errors.New("the disk is full")
	ErrReadOnly     = errors.New("not writable")
	ErrNotDirectory = errors.New("not a directory")
	ErrNoStore      = errors.New("there is no store here")
	ErrNoFile       = errors.New("no such data file in the store")
)

// Open's, Put's and Check's way of saying that bytes are not what was written.
func damaged(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrDamaged)...)
}

// classify gives an error of the operating system or of bbolt its sentinel and its next step, once.
func classify(err error) error {
	switch {
	case err == nil, errors.Is(err, ErrFull), errors.Is(err, ErrReadOnly), errors.Is(err, ErrInUse), errors.Is(err, ErrDamaged):
		return err
	case full(err):
		return fmt.Errorf("%w (%v): nothing of what was being written was kept; make space, then go on", ErrFull, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%w (%v): make it writable, or give another directory with --state", ErrReadOnly, err)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w (%v): give another path with --state", ErrNotDirectory, err)
	case errors.Is(err, bolt.ErrTimeout):
		return fmt.Errorf("%w by another program (%v): end it, or give another directory with --state", ErrInUse, err)
	case errors.Is(err, bolt.ErrInvalid), errors.Is(err, bolt.ErrChecksum), errors.Is(err, bolt.ErrVersionMismatch):
		return damaged("%v", err)
	}
	return err
}

// full says whether err means that there is no space: on the disk, in the quota or under the process's limit of file
// sizes. bbolt formats some errors into text, which is then all there is to go by.
func full(err error) bool {
	for _, e := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG} {
		if errors.Is(err, e) || strings.Contains(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}

// short is as much of a key as people need.
func short(k sweep.Key) string { return k.String()[:12] }
