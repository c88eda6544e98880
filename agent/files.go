package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// errAway means that the coordinator cannot be reached now.
var errAway = errors.New("the coordinator is away")

// A fileCache keeps data files in a folder, each under its hex SHA-256. Processes may share the folder: a file appears whole or
// not at all.
type fileCache struct {
	folder string
	fetch  func(ctx context.Context, hash string, w io.Writer) error

	mu    sync.Mutex
	files map[string]*cachedFile
}

type cachedFile struct {
	turn  chan struct{} // of capacity 1: held by whoever looks after the file
	whole bool          // its content was seen to have its hash; guarded by turn
}

func newFileCache(folder string, fetch func(context.Context, string, io.Writer) error) *fileCache {
	return &fileCache{folder: folder, fetch: fetch, files: map[string]*cachedFile{}}
}

// path is where the file of a hash can be read. It is fetched at most once, whoever asks for it at the same time; while the
// coordinator is away, it waits.
func (c *fileCache) path(ctx context.Context, hash string) (string, error) {
	if sum, err := hex.DecodeString(hash); err != nil || len(sum) != sha256.Size || hex.EncodeToString(sum) != hash {
		return "", fmt.Errorf("data file %q: a SHA-256 has 64 hex digits", hash)
	}
	c.mu.Lock()
	f := c.files[hash]
	if f == nil {
		f = &cachedFile{turn: make(chan struct{}, 1)}
		c.files[hash] = f
	}
	c.mu.Unlock()
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-f.turn }()
	path := filepath.Join(c.folder, hash)
	if f.whole {
		return path, nil
	}
	if err := c.provide(ctx, path, hash); err != nil {
		return "", err
	}
	f.whole = true
	return path, nil
}

// provide sees to it that the file is there, whole.
func (c *fileCache) provide(ctx context.Context, path, hash string) error {
	sum, err := sumOf(path)
	if err == nil && sum == hash {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("data file: %w", err)
	}
	var wait backoff
	for {
		err := c.download(ctx, path, hash)
		if !errors.Is(err, errAway) {
			return err
		}
		select {
		case <-time.After(wait.next()):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (c *fileCache) download(ctx context.Context, path, hash string) error {
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return fmt.Errorf("data file: %w; give the agent another folder for files", err)
	}
	f, err := os.CreateTemp(c.folder, ".fetch-*")
	if err != nil {
		return fmt.Errorf("data file: %w; give the agent another folder for files", err)
	}
	sum := sha256.New()
	err = c.fetch(ctx, hash, io.MultiWriter(f, sum))
	if err = errors.Join(err, f.Close()); err == nil && hex.EncodeToString(sum.Sum(nil)) != hash {
		err = fmt.Errorf("data file %s arrived as %x", hash, sum.Sum(nil))
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// sumOf is the hex SHA-256 of a file's content.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
