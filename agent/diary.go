package agent

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/widthlaw/widthlaw/agent/spool"
)

// A diary is the agent's log in its spool, where a successor finds it. Before it is open, and after it is closed, nothing is written.
type diary struct {
	mu  sync.Mutex
	log *spool.Log
}

// Write is io.Writer's. A disk that does not take a line loses it: that is no reason to stop.
func (d *diary) Write(b []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.log != nil {
		_, _ = d.log.Write(b)
	}
	return len(b), nil
}

func (a *Agent) openDiary() error {
	log, err := a.spool.Log()
	if err != nil {
		return err
	}
	if a.config.LastWords {
		err = debug.SetCrashOutput(log.File, debug.CrashOptions{})
	}
	a.diary.mu.Lock()
	a.diary.log = log
	a.diary.mu.Unlock()
	return err
}

func (a *Agent) closeDiary() {
	a.diary.mu.Lock()
	defer a.diary.mu.Unlock()
	var err error
	if a.config.LastWords {
		err = debug.SetCrashOutput(nil, debug.CrashOptions{})
	}
	if err = errors.Join(err, a.diary.log.Close()); err != nil {
		a.config.Log.Warn("the agent's own log did not close", "error", err)
	}
	a.diary.log = nil
}

// both is a handler that hands each record to two.
type both [2]slog.Handler

// Enabled is called by slog.
func (b both) Enabled(ctx context.Context, l slog.Level) bool {
	return b[0].Enabled(ctx, l) || b[1].Enabled(ctx, l)
}

// Handle is called by slog.
func (b both) Handle(ctx context.Context, r slog.Record) error {
	var errs []error
	for _, h := range b {
		if h.Enabled(ctx, r.Level) {
			errs = append(errs, h.Handle(ctx, r.Clone()))
		}
	}
	return errors.Join(errs...)
}

// WithAttrs is called by slog.
func (b both) WithAttrs(attrs []slog.Attr) slog.Handler {
	return both{b[0].WithAttrs(attrs), b[1].WithAttrs(attrs)}
}

// WithGroup is called by slog.
func (b both) WithGroup(name string) slog.Handler {
	return both{b[0].WithGroup(name), b[1].WithGroup(name)}
}
