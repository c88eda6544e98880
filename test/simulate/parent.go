package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/widthlaw/widthlaw/test/simulate/steady"
)

// A tally hands histories out to as many processes at a time as there may be, and prints what they tell in the order of their seeds.
type tally struct {
	options
	program string
	out     io.Writer
	shown   *progress

	mu         sync.Mutex
	next       uint64           // histories handed out
	told       map[uint64]*told // histories that have ended before an earlier one has, by number
	ran        uint64           // histories printed
	violations int
	over       bool  // no more are wanted
	err        error // the first that kept a process from starting
}

// run runs all histories, unless ctx ends before, and writes what they tell.
func (o options) run(ctx context.Context, out io.Writer) (violations int, err error) {
	parent := o.folder
	if parent == "" {
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			parent = "/dev/shm"
		}
	}
	// A name of constant length: where things lie in a history's memory must not depend on it.
	o.folder = filepath.Join(parent, fmt.Sprintf("widthlaw-simulate-%016x", rand.Uint64()))
	if err := os.Mkdir(o.folder, 0o700); err != nil {
		return 0, fmt.Errorf("%w; name another -folder", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.folder)) }()
	t := &tally{options: o, out: out, told: map[uint64]*told{}}
	if t.program, err = o.build(); err != nil {
		return 0, err
	}
	t.shown = newProgress(o.progress, o.histories, time.Now())
	t.out = t.shown.beside(out)
	var workers sync.WaitGroup
	for range max(1, o.processes) {
		workers.Go(func() { t.work(ctx) })
	}
	workers.Wait()
	t.shown.end()
	fmt.Fprintf(out, "%d histories, %d violations\n", t.ran, t.violations)
	return t.violations, errors.Join(t.err, context.Cause(ctx))
}

// build makes the program in which one seed is one history; where this Go cannot, this program itself has to do.
func (o options) build() (program string, err error) {
	program = filepath.Join(o.folder, "steady")
	err = steady.Build("github.com/widthlaw/widthlaw/test/simulate", program, o.folder, o.tags()...)
	if errors.Is(err, steady.ErrUnknown) {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		return os.Executable()
	}
	return program, err
}

// tags are those that this program was built with.
func (o options) tags() []string {
	if o.bug == "" {
		return nil
	}
	return []string{"bug_" + o.bug}
}

// work runs one history after the other until there are no more.
func (t *tally) work(ctx context.Context) {
	for ctx.Err() == nil {
		t.mu.Lock()
		number := t.next
		if number == t.histories || t.over {
			t.mu.Unlock()
			return
		}
		t.next++
		t.mu.Unlock()
		h, err := t.history(ctx, t.first+number)
		t.mu.Lock()
		switch {
		case ctx.Err() != nil: // it did not come to its end
		case err != nil:
			t.over, t.err = true, errors.Join(t.err, err)
		default:
			t.ended(number, h)
		}
		t.mu.Unlock()
	}
}

// ended prints what is due. The lock is held.
func (t *tally) ended(number uint64, h *told) {
	t.told[number] = h
	for !t.over && t.told[t.ran] != nil {
		h = t.told[t.ran]
		delete(t.told, t.ran)
		t.ran++
		t.violations += len(h.violations)
		t.over = t.stop && len(h.violations) > 0
		t.print(h)
		t.shown.show(t.ran, t.violations, time.Now())
	}
}

func (t *tally) print(h *told) {
	fmt.Fprint(t.out, h.transcript.String())
	if len(h.violations) == 0 {
		return
	}
	fmt.Fprintf(t.out, "seed %d breaks a promise; again, with a transcript: %s\n", h.seed, t.again(h.seed))
	for _, v := range h.violations {
		fmt.Fprintf(t.out, "  %s\n", v)
	}
}

// again is the command that runs one history again.
func (o options) again(seed uint64) string {
	tags := ""
	for _, tag := range o.tags() {
		tags = "-tags " + tag + " "
	}
	return fmt.Sprintf("go run %s./test/simulate -seed %d -histories 1 -v", tags, seed)
}
