package checkpoints

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/widthlaw/widthlaw/disk"
	"github.com/widthlaw/widthlaw/sweep"
)

func checkpoint(t *testing.T, point string, step int64, payload string) (sweep.Key, []byte) {
	t.Helper()
	var b bytes.Buffer
	c := sweep.Checkpoint{Point: []byte(point), Step: step, Seconds: 60}
	if err := c.Write(&b, func(w io.Writer) error { _, err := io.WriteString(w, payload); return err }); err != nil {
		t.Fatal(err)
	}
	return sweep.KeyOf(c.Point), b.Bytes()
}

func open(t *testing.T, dir string) (f *Folder, refused []string) {
	t.Helper()
	f, err := Open(dir, func(name string, _ error) { refused = append(refused, name) })
	if err != nil {
		t.Fatal(err)
	}
	return f, refused
}

func put(f *Folder, key sweep.Key, step int64, b []byte) error {
	_, err := f.Put(key, step, int64(len(b)), bytes.NewReader(b))
	return err
}

// holds says what the folder gives for a key.
func holds(t *testing.T, f *Folder, key sweep.Key, want []byte) {
	t.Helper()
	r, err := f.Get(key)
	if want == nil {
		if !errors.Is(err, ErrNone) {
			t.Errorf("Get: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err = errors.Join(err, r.Close()); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(want))
	}
}

// names are the files of a folder.
func names(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestLatestIsKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "checkpoints")
	f, _ := open(t, dir)
	key, first := checkpoint(t, "p", 5, "five")
	_, second := checkpoint(t, "p", 9, "nine")
	holds(t, f, key, nil)
	for _, c := range []struct {
		step int64
		b    []byte
		want error
	}{{5, first, nil}, {5, first, ErrStale}, {9, second, nil}, {5, first, ErrStale}} {
		if err := put(f, key, c.step, c.b); !errors.Is(err, c.want) {
			t.Errorf("step %d: %v, want %v", c.step, err, c.want)
		}
	}
	holds(t, f, key, second)
	again, refused := open(t, dir)
	if len(refused) > 0 || again.Step(key) != 9 {
		t.Errorf("found again at step %d, refused %v", again.Step(key), refused)
	}
	holds(t, again, key, second)
	if all, err := again.All(); err != nil || len(all) != 1 || string(all[0].Point) != "p" || all[0].Step != 9 {
		t.Errorf("%+v, %v", all, err)
	}
	if err := again.Remove(key, sweep.Key{1}); err != nil {
		t.Error(err)
	}
	holds(t, again, key, nil)
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestNothingHalf: whatever goes wrong on the way, the one before stays and nothing is left.
func TestNothingHalf(t *testing.T) {
	dir := t.TempDir()
	f, _ := open(t, dir)
	key, first := checkpoint(t, "p", 5, "five")
	if err := put(f, key, 5, first); err != nil {
		t.Fatal(err)
	}
	_, second := checkpoint(t, "p", 9, "nine")
	_, foreign := checkpoint(t, "q", 9, "nine")
	damaged := bytes.Clone(second)
	damaged[len(damaged)-40] ^= 1
	full := io.MultiReader(bytes.NewReader(second[:30]), iotest.ErrReader(&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}))
	size := int64(len(second))
	for name, c := range map[string]struct {
		from  io.Reader
		bytes int64
		want  error
	}{
		"damaged":         {bytes.NewReader(damaged), size, sweep.ErrCheckpoint},
		"another point's": {bytes.NewReader(foreign), size, sweep.ErrCheckpoint},
		"cut":             {bytes.NewReader(second[:50]), size, io.EOF},
		"a full disk":     {full, size, disk.ErrFull},
		"a small disk":    {bytes.NewReader(second), 1 << 60, disk.ErrFull},
	} {
		if _, err := f.Put(key, 9, c.bytes, c.from); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		holds(t, f, key, first)
		if left := names(t, dir); len(left) != 1 {
			t.Errorf("%s: %v is left", name, left)
		}
	}
	if err := put(f, key, 9, second); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

// TestDamageOnDisk: damage to a head shows at the start, damage elsewhere when the checkpoint is wanted; then it is gone.
func TestDamageOnDisk(t *testing.T) {
	dir := t.TempDir()
	f, _ := open(t, dir)
	key, b := checkpoint(t, "p", 5, "weights")
	for at := range b {
		if err := put(f, key, 5, b); err != nil {
			t.Fatal(err)
		}
		flipped := bytes.Clone(b)
		flipped[at] ^= 1
		if err := os.WriteFile(f.path(key), flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		again, refused := open(t, dir)
		if len(refused) == 0 {
			if _, err := again.Get(key); !errors.Is(err, ErrNone) || !errors.Is(err, sweep.ErrCheckpoint) {
				t.Errorf("byte %d: %v", at, err)
			}
		}
		holds(t, again, key, nil)
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("byte %d: %v is left", at, left)
		}
		f = again
	}
}

func TestLeftoversAreRemoved(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".arriving-1", "nonsense.checkpoint", sweep.Key{7}.String() + ".checkpoint", "README"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("widthlaw"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, refused := open(t, dir)
	if left := names(t, dir); len(left) != 1 || left[0] != "README" || len(refused) != 2 {
		t.Errorf("left %v, refused %v", left, refused)
	}
}

// TestAtOnce: of many that come at once for one point, the one of the latest step is kept.
func TestAtOnce(t *testing.T) {
	dir := t.TempDir()
	f, _ := open(t, dir)
	var all sync.WaitGroup
	key, last := checkpoint(t, "p", 40, "weights")
	for step := range int64(40) {
		_, b := checkpoint(t, "p", step+1, "weights")
		all.Go(func() {
			if err := put(f, key, step+1, b); err != nil && !errors.Is(err, ErrStale) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	holds(t, f, key, last)
	if left := names(t, dir); len(left) != 1 {
		t.Errorf("%v is left", left)
	}
}
