package coordinator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// A logbook is the folder log/ of a state directory: coordinator.log has everything, and <id of a sweep>.log the records that name
// it. A file that has grown beyond maxLog is set aside once, as .old.
type logbook struct {
	dir string // "": nothing is written

	mu    sync.Mutex
	files map[string]*os.File
}

const (
	maxLog      = 64 << 20
	maxLogFiles = 64 // open at a time
	mainLog     = "coordinator"
)

func openLogbook(state string) (*logbook, error) {
	b := &logbook{files: map[string]*os.File{}}
	if state == "" {
		return b, nil
	}
	b.dir = filepath.Join(state, "log")
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return nil, fmt.Errorf("log folder: %w", err)
	}
	return b, nil
}

func (b *logbook) path(name string) string { return filepath.Join(b.dir, filepath.Base(name)+".log") }

// write adds a line to a log. A log that cannot be written (the disk is full) loses it: that is no reason to stop.
func (b *logbook) write(name string, line []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.files[name]
	if f == nil {
		if len(b.files) >= maxLogFiles {
			_ = b.closeAll()
		}
		opened, err := os.OpenFile(b.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return
		}
		f, b.files[name] = opened, opened
	}
	_, _ = f.Write(line)
	if info, err := f.Stat(); err == nil && info.Size() > maxLog {
		_ = os.Rename(f.Name(), f.Name()+".old")
		_ = f.Close()
		delete(b.files, name)
	}
}

func (b *logbook) closeAll() error {
	var err error
	for name, f := range b.files {
		err = errors.Join(err, f.Close())
		delete(b.files, name)
	}
	return err
}

// Close closes the files.
func (b *logbook) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closeAll()
}

// handler is where log records go: to other, if it is not nil, and to the files.
func (b *logbook) handler(other *slog.Logger) slog.Handler {
	h := &logHandler{book: b}
	if other != nil {
		h.other = other.Handler()
	}
	return h
}

// A logHandler is a slog.Handler. The coordinator's own code names a sweep in its records by the attribute "sweep".
type logHandler struct {
	book  *logbook
	other slog.Handler
	attrs []slog.Attr
}

// Enabled is called by slog.
func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.book.dir != "" && level >= slog.LevelInfo || h.other != nil && h.other.Enabled(ctx, level)
}

// Handle is called by slog.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.book.dir != "" && r.Level >= slog.LevelInfo {
		h.file(ctx, r)
	}
	if h.other != nil && h.other.Enabled(ctx, r.Level) {
		return h.other.Handle(ctx, r)
	}
	return nil
}

func (h *logHandler) file(ctx context.Context, r slog.Record) {
	var line strings.Builder
	text := slog.NewTextHandler(&line, nil).WithAttrs(h.attrs)
	if err := text.Handle(ctx, r); err != nil {
		return
	}
	h.book.write(mainLog, []byte(line.String()))
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "sweep" {
			h.book.write(a.Value.String(), []byte(line.String()))
		}
		return true
	})
}

// WithAttrs is called by slog.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.attrs = append(append([]slog.Attr(nil), h.attrs...), attrs...)
	if h.other != nil {
		with.other = h.other.WithAttrs(attrs)
	}
	return &with
}

// WithGroup is called by slog. The coordinator makes no groups.
func (h *logHandler) WithGroup(string) slog.Handler { return h }

// followEvery is how often a log that is followed is looked at.
const followEvery = 250 * time.Millisecond

// tail gives the lines of a log, and then, if follow is set, those that come, until ctx ends.
func (b *logbook) tail(ctx context.Context, name string, follow bool, send func(line string) error) error {
	if b.dir == "" {
		return nil
	}
	f, err := os.Open(b.path(name))
	for ; follow && errors.Is(err, fs.ErrNotExist); f, err = os.Open(b.path(name)) {
		if err := pause(ctx); err != nil {
			return nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer f.Close()
	var rest []byte
	for buffer := make([]byte, 64<<10); ; {
		n, err := f.Read(buffer)
		rest = append(rest, buffer[:n]...)
		for {
			line, after, ok := strings.Cut(string(rest), "\n")
			if !ok {
				break
			}
			rest = []byte(after)
			if err := send(line); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("log: %w", err)
		case !follow:
			return nil
		default:
			if pause(ctx) != nil {
				return nil
			}
		}
	}
}

func pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(followEvery):
		return nil
	}
}
