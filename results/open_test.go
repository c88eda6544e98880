package results_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
)

func TestOpenMakesAPrivateDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "state")
	storetest.OpenIn(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "widthlaw.db"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	used := t.TempDir()
	storetest.OpenIn(t, used)
	strange := t.TempDir()
	if err := os.WriteFile(filepath.Join(strange, "widthlaw.db"), []byte(strings.Repeat("not a store\n", 4096)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		dir  string
		want error
		says string
	}{
		{file, results.ErrNotDirectory, "--state"},
		{filepath.Join(file, "below"), results.ErrNotDirectory, "--state"},
		{used, results.ErrInUse, fmt.Sprintf("process %d", os.Getpid())},
		{strange, results.ErrDamaged, "widthlaw check"},
	} {
		s, err := results.Open(c.dir, results.Options{})
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.dir) || s != nil {
			t.Errorf("%s: %v", c.dir, err)
		}
	}
	if _, err := results.Check(used, nil); !errors.Is(err, results.ErrInUse) {
		t.Errorf("Check of a store in use: %v", err)
	}
	if _, _, err := results.Compact(used); !errors.Is(err, results.ErrInUse) {
		t.Errorf("Compact of a store in use: %v", err)
	}
	empty := t.TempDir()
	if _, err := results.Check(empty, nil); !errors.Is(err, results.ErrNoStore) {
		t.Errorf("Check of an empty directory: %v", err)
	}
}

func TestClosedTwice(t *testing.T) {
	s := storetest.Open(t)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put([]results.Row{storetest.Row(1, 0)}); err == nil {
		t.Fatal("a closed store took a row")
	}
} // and storetest closes it again
