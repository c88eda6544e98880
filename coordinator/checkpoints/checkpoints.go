// Package checkpoints keeps the latest checkpoint of each point that was interrupted, or may be, in a folder: KEY.checkpoint, in the
// layout that package sweep draws. A file appears whole, durable and under its name, or not at all; what is damaged later shows by
// its hash to whoever opens it. Start with Folder.
package checkpoints

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/widthlaw/widthlaw/disk"
	"github.com/widthlaw/widthlaw/sweep"
)

// A Folder is safe for use by several goroutines. One process owns it.
type Folder struct {
	dir string

	mu       sync.Mutex
	steps    map[sweep.Key]int64 // of the checkpoint that is kept
	arriving int64               // bytes of those that are being written
}

const (
	suffix    = ".checkpoint"
	temporary = ".arriving-*"
)

var (
	// ErrStale means that a checkpoint of as much work, or more, is kept already.
	ErrStale = errors.New("not newer than the checkpoint that is kept")
	// ErrNone means that there is no checkpoint of a point.
	ErrNone = errors.New("no checkpoint of this point")
)

// Open makes the folder if there is none, and removes what an earlier process left half written. What is no checkpoint is removed
// too, and told.
func Open(dir string, refused func(name string, err error)) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("checkpoints: %w", err)
	}
	f := &Folder{dir: dir, steps: map[sweep.Key]int64{}}
	arriving, _, _ := strings.Cut(temporary, "*")
	for _, e := range entries {
		name, ours := strings.CutSuffix(e.Name(), suffix)
		switch {
		case strings.HasPrefix(e.Name(), arriving):
			err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
		case ours:
			key, c, bad := f.head(name)
			if bad != nil {
				refused(e.Name(), bad)
				err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
				continue
			}
			f.steps[key] = c.Step
		}
	}
	return f, err
}

// head reads the head of the file of a key.
func (f *Folder) head(name string) (key sweep.Key, c sweep.Checkpoint, err error) {
	if key, err = sweep.ParseKey(name); err != nil {
		return key, c, err
	}
	file, err := os.Open(f.path(key))
	if err != nil {
		return key, c, err
	}
	defer file.Close()
	if c, err = sweep.ReadCheckpointHead(file); err == nil && sweep.KeyOf(c.Point) != key {
		err = sweep.ErrCheckpoint
	}
	return key, c, err
}

func (f *Folder) path(key sweep.Key) string { return filepath.Join(f.dir, key.String()+suffix) }

// All are the checkpoints that are kept: their heads.
func (f *Folder) All() ([]sweep.Checkpoint, error) {
	f.mu.Lock()
	keys := make([]sweep.Key, 0, len(f.steps))
	for key := range f.steps {
		keys = append(keys, key)
	}
	f.mu.Unlock()
	all := make([]sweep.Checkpoint, 0, len(keys))
	for _, key := range keys {
		_, c, err := f.head(key.String())
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("checkpoints: %w", err)
		}
		all = append(all, c)
	}
	return all, nil
}

// Step is the step of the checkpoint of a key; 0: there is none.
func (f *Folder) Step(key sweep.Key) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps[key]
}

// Put keeps a checkpoint of a point, of so many bytes, in place of the one before it, and returns when it is durable. What is not
// to be kept is not read; where the disk is full (disk.ErrFull), the one before stays.
func (f *Folder) Put(key sweep.Key, step, bytes int64, from io.Reader) (sweep.Checkpoint, error) {
	if err := f.admit(key, step, bytes); err != nil {
		return sweep.Checkpoint{}, err
	}
	defer f.arrived(bytes)
	temp, err := os.CreateTemp(f.dir, temporary)
	if err != nil {
		return sweep.Checkpoint{}, disk.Classify(err)
	}
	c, err := fill(temp, from, bytes, key)
	if err = errors.Join(err, temp.Close()); err == nil {
		err = f.place(temp.Name(), key, c.Step)
	}
	if err != nil {
		return c, errors.Join(err, removed(temp.Name()))
	}
	return c, nil
}

// admit makes room for a checkpoint that arrives.
func (f *Folder) admit(key sweep.Key, step, bytes int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if step <= f.steps[key] {
		return ErrStale
	}
	if err := disk.Check(f.dir, bytes+f.arriving); err != nil {
		return err
	}
	f.arriving += bytes
	return nil
}

func (f *Folder) arrived(bytes int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.arriving -= bytes
}

// fill writes and checks a checkpoint.
func fill(temp *os.File, from io.Reader, bytes int64, key sweep.Key) (sweep.Checkpoint, error) {
	if _, err := io.CopyN(temp, from, bytes); err != nil {
		return sweep.Checkpoint{}, disk.Classify(err)
	}
	c, _, err := sweep.OpenCheckpoint(temp, bytes)
	if err != nil {
		return c, err
	}
	if sweep.KeyOf(c.Point) != key {
		return c, fmt.Errorf("%w: it is another point's", sweep.ErrCheckpoint)
	}
	return c, disk.Classify(temp.Sync())
}

// place gives a whole file its name, durably, unless a newer one has it.
func (f *Folder) place(temp string, key sweep.Key, step int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if step <= f.steps[key] {
		return ErrStale
	}
	if err := os.Rename(temp, f.path(key)); err != nil {
		return disk.Classify(err)
	}
	f.steps[key] = step
	return disk.Classify(disk.SyncFolder(f.dir))
}

// Get opens the checkpoint of a key. One that is damaged is removed, with an error that is ErrNone and sweep.ErrCheckpoint.
func (f *Folder) Get(key sweep.Key) (io.ReadCloser, error) {
	if f.Step(key) == 0 {
		return nil, ErrNone
	}
	file, err := os.Open(f.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		_, _, err = sweep.OpenCheckpoint(file, info.Size())
	}
	if err == nil {
		return file, nil
	}
	if errors.Is(err, sweep.ErrCheckpoint) {
		err = errors.Join(ErrNone, err, f.Remove(key))
	}
	return nil, errors.Join(err, file.Close())
}

// Remove forgets the checkpoints of some keys, if there are any.
func (f *Folder) Remove(keys ...sweep.Key) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	for _, key := range keys {
		if f.steps[key] == 0 {
			continue
		}
		delete(f.steps, key)
		err = errors.Join(err, removed(f.path(key)))
	}
	return err
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
