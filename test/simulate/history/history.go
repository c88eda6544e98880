// Package history runs one history of a cluster in fake time: the real coordinator, real agents, gRPC with TLS over connections in
// memory, and a store, while everything that can go wrong does, as a seed has it. Beside it an oracle watches what agents are told
// and what the disk holds, and says where a promise was broken.
//
// Start with Run; plan.go draws what a history is to be, director.go lets it happen, faults.go has what goes wrong,
// tap.go sees each message of an agent's session, told.go looks at what agents are told, oracle.go at the end.
package history

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Report is what is known of a history when it is over.
type Report struct {
	Seed       uint64
	Violations []string      // none: every promise was kept
	Took       time.Duration // in the history's own time

	notes  []note
	hidden *strings.Replacer
}

// A note is one line of a transcript, written out only when it is read.
type note struct {
	at     time.Duration
	format string
	args   []any
}

// Write writes the transcript.
func (r *Report) Write(w io.Writer) {
	for _, n := range r.notes {
		fmt.Fprintf(w, "%11.6f  %s\n", n.at.Seconds(), r.hidden.Replace(fmt.Sprintf(n.format, n.args...)))
	}
}

// A world is one history while it happens.
type world struct {
	plan   plan
	began  time.Time
	folder string // on a real disk
	wait   sync.WaitGroup

	signals chan any // to the director

	mu      sync.Mutex // guards all that follows, and what processes, lives and sessions know
	report  Report
	broken  map[string]bool // violations, for not saying one twice
	disk    disk
	kept    map[sweep.Key][]byte // outcomes that the disk has said to hold
	acked   map[sweep.Key]bool   // that an agent was told to be safe
	fails   map[sweep.Key]int    // what a trainer returned, really
	ahead   map[sweep.Key]int64  // steps that an agent has left behind in a checkpoint
	lives   []*life              // of the coordinator
	hosts   []*host
	names   map[string]*process
	fences  map[uint64]string // every one that an agent was told
	wires   map[*wire]bool
	dialled uint64
	started int       // processes so far
	frozen  time.Time // until then the coordinator's process stands still
	next    trigger   // of messages
	fault   diskFault
	toy     *sweep.Trainer
}

// Run lets the history of a seed happen. It must be called in a bubble of testing/synctest. Folder is a place for files; more is
// kept in the transcript if verbose.
func Run(seed uint64, folder string, verbose bool) Report {
	w := &world{
		plan: newPlan(seed), began: time.Now(), folder: folder, signals: make(chan any, 1024), broken: map[string]bool{},
		kept: map[sweep.Key][]byte{}, acked: map[sweep.Key]bool{}, ahead: map[sweep.Key]int64{}, fails: map[sweep.Key]int{}, names: map[string]*process{},
		fences: map[uint64]string{}, wires: map[*wire]bool{},
	}
	w.report.Seed = seed
	// The only words that one history has and its repetition has not: a folder, and the process's number in the names of agents.
	w.report.hidden = strings.NewReplacer(folder, "FOLDER", fmt.Sprintf("-%d-", os.Getpid()), "-PID-")
	w.plan.verbose = verbose
	w.note("%s", w.plan)
	w.direct()
	w.wait.Wait()
	w.report.Took = time.Since(w.began)
	if err := os.RemoveAll(folder); err != nil {
		w.violated("files: %v", err)
	}
	return w.report
}

// note adds a line to the transcript. The arguments must not change afterwards.
func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted(format, args...)
}

// noted is note for who holds the lock.
func (w *world) noted(format string, args ...any) {
	w.report.notes = append(w.report.notes, note{time.Since(w.began), format, args})
}

// violated says that a promise was broken.
func (w *world) violated(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violates(format, args...)
}

// violates is violated for who holds the lock.
func (w *world) violates(format string, args ...any) {
	text := w.report.hidden.Replace(fmt.Sprintf(format, args...))
	w.noted("VIOLATION: %s", text)
	if !w.broken[text] && len(w.report.Violations) < 20 {
		w.broken[text] = true
		w.report.Violations = append(w.report.Violations, text)
	}
}

// log takes what an agent logs into the transcript.
func (w *world) log(who string) *slog.Logger {
	if !w.plan.verbose {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(lines{w, who}, &slog.HandlerOptions{ReplaceAttr: withoutTime}))
}

func withoutTime(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

type lines struct {
	w   *world
	who string
}

func (l lines) Write(b []byte) (int, error) {
	l.w.note("%s logs %s", l.who, strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

// coordinatorLog is log for a coordinator, whose loop stands still at a line as long as its process does.
func (w *world) coordinatorLog(who string) *slog.Logger {
	return slog.New(stopping{w.log(who).Handler(), w})
}

type stopping struct {
	slog.Handler
	w *world
}

func (s stopping) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (s stopping) Handle(ctx context.Context, r slog.Record) error {
	s.w.mu.Lock()
	wait := time.Until(s.w.frozen)
	s.w.mu.Unlock()
	if wait > 0 && inLoop() {
		time.Sleep(wait)
	}
	if !s.w.plan.verbose {
		return nil
	}
	return s.Handler.Handle(ctx, r)
}

// inLoop says whether this is the goroutine of a coordinator's loop. Others may hold locks that somebody waits for, which stops fake time.
func inLoop() bool {
	var callers [64]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	for {
		f, more := frames.Next()
		if strings.HasSuffix(f.Function, "coordinator.(*Coordinator).loop") {
			return true
		}
		if !more {
			return false
		}
	}
}

func (s stopping) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stopping{s.Handler.WithAttrs(attrs), s.w}
}

func (s stopping) WithGroup(name string) slog.Handler {
	return stopping{s.Handler.WithGroup(name), s.w}
}
