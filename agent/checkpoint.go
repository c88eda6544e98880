package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/widthlaw/widthlaw/disk"
	"github.com/widthlaw/widthlaw/sweep"
)

// When checkpoints are taken.
const (
	firstCheckpoint = time.Minute      // of computing, until a point's first one
	checkpointShare = 0.02             // of a point's time that may go into them
	leastPeriod     = 10 * time.Second // between two: more would be no use to anybody, and work for the coordinator's disk
	worthKeeping    = time.Second      // of computing: an agent that leaves lets points begin anew that have less behind them
)

// checkpointPeriod is how long a point computes until its next checkpoint, where the last one took so long to write and to deliver; 0:
// there was none.
func checkpointPeriod(cost time.Duration) time.Duration {
	if cost == 0 {
		return firstCheckpoint
	}
	return max(leastPeriod, time.Duration(float64(cost)/checkpointShare))
}

// A course is what an agent knows of a running lease's checkpoints. The agent's lock guards it.
type course struct {
	before time.Duration // of computing that is behind the checkpoint that the point went on from
	begun  time.Time     // of computing here
	last   time.Time     // when the last checkpoint was delivered or given up; before the first, begun
	cost   time.Duration // of the last one, from writing it to its delivery; 0: none yet
	cargo  int           // checkpoints that are on their way
}

// computed is how long the point has been computed, here and elsewhere.
func (c *course) computed(now time.Time) time.Duration { return c.before + now.Sub(c.begun) }

// due says whether it is time for a checkpoint.
func (c *course) due(now time.Time) bool {
	return !c.begun.IsZero() && c.cargo == 0 && now.Sub(c.last) >= checkpointPeriod(c.cost)
}

// ended takes note of a checkpoint that was delivered, or given up. One that failed is not tried again at once.
func (c *course) ended(now time.Time, took time.Duration, failed bool) {
	c.last, c.cost = now, max(took, 1)
	if least := time.Duration(float64(firstCheckpoint) * checkpointShare); failed {
		c.cost = max(took, least)
	}
}

// saveAll asks for a checkpoint of every running point that is worth one. The lock is held.
func (a *Agent) saveAll(now time.Time) {
	for l := range a.desk.running {
		if !l.course.begun.IsZero() && l.course.computed(now) >= worthKeeping {
			l.wanted.Store(true)
		}
	}
}

// save takes a checkpoint, on the trainer's own goroutine, to a file, and sends it off. Where the disk has no room for it, the last
// one counts, and the point goes on.
func (a *Agent) save(l *lease, step int64, write func(io.Writer) error) {
	began := time.Now()
	l.wanted.Store(false)
	a.mu.Lock()
	head := sweep.Checkpoint{Point: l.task.Point, Step: step, Seconds: l.course.computed(began).Seconds()}
	a.mu.Unlock()
	file, err := a.scratchFile()
	if err == nil {
		if err = head.Write(modest{file, a.config.Spool}, write); err != nil {
			_ = file.Close()
		}
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil {
		l.course.ended(now, now.Sub(began), true)
		a.log.Warn("a checkpoint cannot be written; the last one counts, and the point goes on", "sweep", l.task.Sweep, "index", l.task.Index,
			"step", step, "error", err)
		return
	}
	a.cargo.load(&shipment{lease: l, head: head, file: file, began: began})
	poke(a.ship)
}

// A modest writer leaves the disk what results need.
type modest struct {
	to     io.Writer
	folder string
}

func (m modest) Write(b []byte) (int, error) {
	if err := disk.Check(m.folder, int64(len(b))); err != nil {
		return 0, err
	}
	n, err := m.to.Write(b)
	return n, disk.Classify(err)
}

// scratchFile is a file without a name: it is gone when it is closed, however this process ends.
func (a *Agent) scratchFile() (*os.File, error) {
	f, err := os.CreateTemp(a.config.Spool, ".checkpoint-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// resume fetches the checkpoint that a point is to go on from, and says how much computing is behind it. Where there is none, or it is
// damaged, the point starts at its beginning. Whoever gets a file closes it.
func (a *Agent) resume(ctx context.Context, l *lease) (file *os.File, rest io.Reader, before time.Duration) {
	if l.task.Checkpoint == 0 {
		return nil, nil, 0
	}
	file, head, rest, err := a.fetchCheckpoint(ctx, sweep.KeyOf(l.task.Point))
	if err != nil {
		if ctx.Err() == nil {
			a.log.Warn("no checkpoint to go on from; the point starts anew", "sweep", l.task.Sweep, "index", l.task.Index, "error", err)
		}
		return nil, nil, 0
	}
	a.log.Info("a point goes on from its checkpoint", "sweep", l.task.Sweep, "index", l.task.Index, "step", head.Step)
	return file, rest, time.Duration(head.Seconds * float64(time.Second))
}

func (a *Agent) fetchCheckpoint(ctx context.Context, key sweep.Key) (*os.File, sweep.Checkpoint, io.Reader, error) {
	file, err := a.scratchFile()
	if err != nil {
		return nil, sweep.Checkpoint{}, nil, err
	}
	head, rest, err := a.download(ctx, key, file)
	if err != nil {
		return nil, head, nil, errors.Join(err, file.Close())
	}
	return file, head, rest, nil
}

// download fills a file with a checkpoint; while the coordinator is away, it waits.
func (a *Agent) download(ctx context.Context, key sweep.Key, file *os.File) (head sweep.Checkpoint, rest io.Reader, err error) {
	var wait backoff
	for {
		size, err := a.getCheckpoint(ctx, key, file)
		if err == nil {
			head, rest, err = sweep.OpenCheckpoint(file, size)
		}
		if err == nil && sweep.KeyOf(head.Point) != key {
			err = fmt.Errorf("%w: it is another point's", sweep.ErrCheckpoint)
		}
		if !errors.Is(err, errAway) {
			return head, rest, err
		}
		select {
		case <-time.After(wait.next()):
		case <-ctx.Done():
			return head, nil, ctx.Err()
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return head, nil, err
		}
	}
}
