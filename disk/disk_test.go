package disk

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	if err := Check(dir, 1); err != nil {
		t.Errorf("one byte in a test's folder: %v", err)
	}
	if err := Check(dir, 1<<60); !errors.Is(err, ErrFull) {
		t.Errorf("an exabyte: %v", err)
	}
	if err := Check(filepath.Join(dir, "none"), 1<<60); err != nil {
		t.Errorf("a folder that is not there says nothing of its disk: %v", err)
	}
}

func TestClassify(t *testing.T) {
	if err := Classify(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}); !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) {
		t.Error(err)
	}
	if err := Classify(os.ErrPermission); errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if Classify(nil) != nil {
		t.Error("no error is none")
	}
}

func TestSyncFolder(t *testing.T) {
	dir := t.TempDir()
	if err := SyncFolder(dir); err != nil {
		t.Error(err)
	}
	if err := SyncFolder(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
