// Package agent does the work: it dials a coordinator, takes points, trains them on its cores and delivers what they yield. It
// listens on nothing and executes nothing that it is sent. It computes on while the coordinator is away, and keeps each result
// on disk until the coordinator has acknowledged it.
//
// Start with Run below: it owns all goroutines. desk.go decides what runs next, worker.go runs it, checkpoint.go and cargo.go see to
// what an interruption must not lose, outbox.go and keep.go keep the results, client.go talks to the coordinator, leave.go ends.
package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/sweep"
)

// A Config says what an agent works with.
type Config struct {
	Dial     Dialer           // called for each session anew
	Trainers []*sweep.Trainer // what it can run
	Spool    string           // folder for results that are on their way; agents may share it, coordinators may not
	Files    string           // folder for data files, by hash; agents may share it; "": files/ in Spool

	Cores    int           // threads that compute; 0: what Go uses here
	Memory   int64         // bytes that all points together may use; 0: most of the machine's, or of its cgroup's
	IdleExit time.Duration // Run ends after this long without work; 0: never

	Name      string // first part of the agent's name; "": the host's name
	LastWords bool   // what the runtime says if it has to end the process goes to the log that a successor finds; for one agent a process

	Version, Revision string // of the program, for provenance
	Log               *slog.Logger
}

// An Agent runs once.
type Agent struct {
	config Config
	name   string // unique to this Agent
	host   string
	log    *slog.Logger
	diary  *diary
	files  *fileCache
	spool  *spool.Spool

	mu       sync.Mutex
	ready    sync.Cond // of mu: a worker may find something to start
	desk     *desk
	outbox   outbox
	cargo    cargo
	online   bool      // a session is welcomed
	draining bool      // the coordinator sends nothing more: end when all is done
	closed   bool      // workers start nothing more
	busy     time.Time // when there last was work
	dead     []death   // that are to be told

	entering sync.Mutex // held while the ledger is written; before mu
	entered  string     // what it says
	settled  bool       // also after a power cut
	wary     bool       // an agent has died here; set before Run starts anything

	changed chan struct{} // of capacity 1: Run should look again
	fresh   chan struct{} // of capacity 1: the keeper should
	ship    chan struct{} // of capacity 1: there is cargo
	send    chan struct{} // of capacity 1: the session should
	goodbye chan struct{} // closed: the session shall end
}

// New makes an agent. It does not dial yet.
func New(c Config) (*Agent, error) {
	if c.Dial == nil || len(c.Trainers) == 0 || c.Spool == "" {
		return nil, errors.New("agent: Dial, Trainers and Spool must be given")
	}
	if c.Cores <= 0 {
		c.Cores = runtime.GOMAXPROCS(0)
	}
	if c.Memory <= 0 {
		c.Memory = machineMemory(os.ReadFile)
	}
	if c.Files == "" {
		c.Files = filepath.Join(c.Spool, "files")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("agent: %w", err)
	}
	if c.Name == "" {
		c.Name = host
	}
	unique := make([]byte, 4)
	rand.Read(unique)
	a := &Agent{
		config: c, host: host,
		name:    fmt.Sprintf("%s-%d-%s", filepath.Base(c.Name), os.Getpid(), hex.EncodeToString(unique)),
		desk:    newDesk(c.Cores, c.Memory),
		outbox:  outbox{kept: map[uint64]*parcel{}},
		changed: make(chan struct{}, 1), fresh: make(chan struct{}, 1), ship: make(chan struct{}, 1), send: make(chan struct{}, 1),
		goodbye: make(chan struct{}),
	}
	a.ready.L = &a.mu
	a.diary = &diary{}
	a.log = slog.New(both{c.Log.Handler(), slog.NewTextHandler(a.diary, nil)}).With("agent", a.name)
	a.files = newFileCache(c.Files, a.fetch)
	return a, nil
}

// Run works until ctx ends, the coordinator drains the agent, or nothing was to do for Config.IdleExit: nil. It then
// checkpoints what runs, hands its leases back and delivers its results, and returns within 20 s, with nothing of it left running; what could not be
// delivered stays in the spool. It is an error if the coordinator refuses the agent (ErrRefused), the spool cannot be opened,
// or a trainer does not stop (ErrStuck).
func (a *Agent) Run(ctx context.Context) error {
	if err := a.openSpool(); err != nil {
		return err
	}
	defer a.closeSpool()
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	computing, interrupt := context.WithCancelCause(life)
	a.busy = time.Now()

	var workers, others sync.WaitGroup
	for range a.config.Cores {
		workers.Go(func() { a.work(computing) })
	}
	others.Go(func() { a.keep(life) })
	others.Go(func() { a.watch(life) })
	others.Go(func() { a.deliver(life) })
	var refused error
	disconnected := make(chan struct{})
	others.Go(func() {
		refused = a.connect(life)
		close(disconnected)
	})

	a.untilLeaving(ctx, disconnected)
	stuck := a.leave(&workers, interrupt, disconnected)
	end()
	others.Wait()
	a.clear()
	return errors.Join(refused, stuck)
}

// poke makes whoever waits on a channel of capacity 1 look again.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// watchEvery is how often the agent looks at what only time changes.
const watchEvery = 500 * time.Millisecond

// watch sees to checkpoints, to patience, to the window, to the idle exit and to a spool that was full.
func (a *Agent) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			a.look(now)
			a.enter(now, true)
		}
	}
}

func (a *Agent) look(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.desk.empty() {
		a.busy = now
	}
	for l := range a.desk.running {
		if l.course.due(now) {
			l.wanted.Store(true)
		}
	}
	keep := a.window(now)
	if a.online && !a.draining && len(a.desk.held) > 2*keep {
		a.outbox.handbacks = append(a.outbox.handbacks, a.desk.handBack(keep)...)
	}
	a.ready.Broadcast()
	poke(a.send)
	if len(a.outbox.fresh) > 0 {
		poke(a.fresh)
	}
	poke(a.changed)
}

// window is how many points the agent wants to hold now.
func (a *Agent) window(now time.Time) int {
	if a.closed || a.draining || a.outbox.unwritten() {
		return 0
	}
	return a.desk.window(now)
}
