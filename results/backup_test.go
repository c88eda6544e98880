package results_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
)

func TestBackupWhileInUse(t *testing.T) {
	s := storetest.Open(t)
	put := func(i int) {
		if _, err := s.Put([]results.Row{storetest.Row(i, 0)}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		put(i)
	}
	var copy bytes.Buffer
	next := 20
	if err := s.Backup(writerFunc(func(b []byte) (int, error) {
		put(next) // a commit between any two writes of the backup
		next++
		return copy.Write(b)
	})); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "widthlaw.db"), copy.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := storetest.OpenIn(t, dir).Len(); n != 20 || s.Len() <= 20 {
		t.Fatalf("the backup has %d rows, the store %d", n, s.Len())
	}
	refused := errors.New("no more")
	if err := s.Backup(writerFunc(func([]byte) (int, error) { return 0, refused })); err == nil {
		t.Fatal("a writer's error is lost")
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestCompact(t *testing.T) {
	dir := t.TempDir()
	fillStore(t, dir, 1000)
	want, err := everything(dir)
	if err != nil {
		t.Fatal(err)
	}
	before, after, err := results.Compact(dir)
	if err != nil || after >= before {
		t.Fatalf("%d bytes became %d, %v", before, after, err)
	}
	storetest.Check(t, dir)
	if got, err := everything(dir); err != nil || got != want {
		t.Fatalf("the compacted store differs, %v", err)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Fatalf("left in the directory: %v, %v", list, err)
	}
	killed := filepath.Join(dir, "widthlaw.db.compact") // what a Compact that was killed leaves
	if err := os.WriteFile(killed, []byte("half a copy"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := storetest.OpenIn(t, dir)
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a copy stays in the directory: %v", err)
	}
	if _, err := s.Put([]results.Row{storetest.Row(20000, 0)}); err != nil {
		t.Fatal(err)
	}
}
