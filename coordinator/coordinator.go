// Package coordinator gives the points of sweeps to agents, keeps what they yield, and answers the questions of clients.
//
// One goroutine, the loop (loop.go), owns all state that changes: the queue (package queue, where every decision is made), the
// campaigns (campaign.go: a sweep with its counts) and the sessions of agents (session.go). It never waits for a disk or a network.
// A committer (committer.go) writes outcomes in batches and only then lets them be acknowledged; a feeder a sweep (feeder.go)
// walks its points ahead of the queue. The files server*.go are the gRPC service, and the only ones that know the wire.
//
// Start with Coordinator and Run below, then loop.go.
package coordinator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/checkpoints"
	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/planted"
)

// Rows is what the coordinator needs of a store to keep and find outcomes.
type Rows interface {
	Put([]results.Row) ([]results.Verdict, error)
	Has(sweep.Key) bool
	Get(sweep.Key) (results.Row, bool, error)
	Walk(func(results.Row) error) error
}

// Sweeps is what it needs to find the sweeps again after a restart.
type Sweeps interface {
	SaveSweep(results.SweepRecord) error
	Sweeps() ([]results.SweepRecord, error)
	DeleteSweep(id string, drop []sweep.Key) error
	NextEpoch() (uint32, error)
}

// Troubles is what it needs to remember what went wrong.
type Troubles interface {
	SaveTroubles([]results.Trouble) error
	Troubles(sweep string) ([]results.Trouble, error)
	ClearTroubles(sweep string, keys []sweep.Key) error
	Conflicts() ([]results.ConflictRow, error)
}

// Files is what it needs for data files and backups.
type Files interface {
	PutFile(io.Reader) (hash string, err error)
	OpenFile(hash string) (io.ReadCloser, error)
	Backup(io.Writer) error
}

// A Store is all of it; *results.Store is one.
type Store interface {
	Rows
	Sweeps
	Troubles
	Files
	Len() uint64
}

// A Config says what a coordinator works with.
type Config struct {
	Store    Store
	Trainers []*sweep.Trainer
	State    string       // the state directory, for access files, logs and checkpoints; "": none outlives this coordinator
	Log      *slog.Logger // beside the log files; nil: none

	Lease time.Duration // an agent that was silent for so long has lost its points; 0: 30 s

	// Unwell is called when the store does not take what it is given, such as when the disk is full, and again with nil when it does.
	// Meanwhile nothing is acknowledged and the coordinator tries again and again; who would rather stop cancels Run. May be nil.
	Unwell func(error)
}

// A Coordinator runs once: New, then Run and Serve side by side, then both end.
type Coordinator struct {
	config      Config
	log         *slog.Logger
	logs        *logbook
	notices     *notices
	identity    identity
	checkpoints *checkpoints.Folder
	scratch     string // folder of data files by hash, for parsing specs; removed at the end of Run

	mail    chan func() // run by the loop, in order
	stopped chan struct{}
	control turn              // one submission, deletion or other change of the set of sweeps at a time
	unsure  map[string]string // of control: names of new sweeps that may be on disk or not, to their ids

	// Of the loop.
	queue     *queue.Queue
	running   bool        // feeders may be started
	campaigns []*campaign // in the order of submission
	counting  *campaign   // being submitted: it gains what is stored from now on
	sessions  map[string]*session
	agents    map[string]*agentInfo // connected, or not yet lost
	batch     *batch                // being filled
	storing   bool                  // the committer has one
	stored    uint64                // rows whose Done the loop has seen
	trouble   string                // of the store, at this moment
	speeds    map[string]*speed     // by trainer
	turned    time.Time

	batches  chan *batch // to the committer
	landed   chan *batch // from it
	feeders  sync.WaitGroup
	handlers sync.WaitGroup // of streams; waited for by Serve
}

// ErrStopped means that the coordinator is going away.
var ErrStopped = errors.New("the coordinator is stopping; try again when it is back")

// New makes a coordinator of what the store holds: it finds the sweeps and counts their outcomes. Nothing runs yet.
func New(c Config) (*Coordinator, error) {
	if c.Store == nil || len(c.Trainers) == 0 {
		return nil, errors.New("coordinator: Store and Trainers must be given")
	}
	if c.Lease <= 0 {
		c.Lease = 30 * time.Second
	}
	if c.Unwell == nil {
		c.Unwell = func(error) {}
	}
	scratch, err := os.MkdirTemp("", "widthlaw-")
	if err != nil {
		return nil, fmt.Errorf("coordinator: %w; make TMPDIR a folder that can be written", err)
	}
	k := &Coordinator{
		config: c, scratch: scratch,
		mail: make(chan func(), 256), stopped: make(chan struct{}), control: newTurn(), unsure: map[string]string{},
		sessions: map[string]*session{}, agents: map[string]*agentInfo{}, batch: &batch{}, speeds: map[string]*speed{},
		batches: make(chan *batch), landed: make(chan *batch),
	}
	if err := k.open(); err != nil {
		return nil, errors.Join(err, k.close())
	}
	return k, nil
}

func (c *Coordinator) open() (err error) {
	if c.logs, err = openLogbook(c.config.State); err != nil {
		return err
	}
	c.log = slog.New(c.logs.handler(c.config.Log))
	c.notices = &notices{log: c.log, kinds: map[string]*allowance{}}
	if c.identity, err = openIdentity(c.config.State); err != nil {
		return err
	}
	if err := c.openCheckpoints(); err != nil {
		return err
	}
	epoch, err := c.config.Store.NextEpoch()
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	if planted.Bug == planted.EpochForgotten {
		epoch = 1
	}
	c.queue = queue.New(epoch, c.config.Lease)
	return c.recall()
}

func (c *Coordinator) close() error {
	err := os.RemoveAll(c.scratch)
	if c.logs != nil {
		err = errors.Join(err, c.logs.Close())
	}
	return err
}

// Run decides and stores until ctx ends; then it stores what has arrived, and returns with nothing of it left running but the
// streams of Serve. It runs once.
func (c *Coordinator) Run(ctx context.Context) error {
	var committer sync.WaitGroup
	committing, stop := context.WithCancel(ctx)
	committer.Go(func() { c.commit(committing) })
	c.start()
	c.loop(ctx)
	close(c.stopped)
	c.finish()
	stop()
	close(c.batches)
	committer.Wait()
	c.feeders.Wait()
	return c.close()
}

// start begins the feeding of the campaigns that New found.
func (c *Coordinator) start() {
	c.running = true
	for _, k := range c.campaigns {
		if f := k.feeder; f != nil {
			c.feeders.Go(func() { c.feed(k, f) })
		}
	}
}

// post has the loop run fn, some time later.
func (c *Coordinator) post(ctx context.Context, fn func()) error {
	select {
	case c.mail <- fn:
		return nil
	case <-c.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ask has the loop run fn, and waits for it.
func (c *Coordinator) ask(ctx context.Context, fn func()) error {
	done := make(chan struct{})
	if err := c.post(ctx, func() { fn(); close(done) }); err != nil {
		return err
	}
	select {
	case <-done:
		return nil
	case <-c.stopped:
		return ErrStopped
	case <-ctx.Done():
		return ctx.Err()
	}
}
