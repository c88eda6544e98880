package agent

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// only is the one result that came.
func only(t testing.TB, c *fakeCoordinator) sweep.Delivery {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ds := range c.came {
		if len(c.came) == 1 && len(ds) == 1 {
			return ds[0]
		}
	}
	t.Fatalf("%d results came, not one", len(c.came))
	return sweep.Delivery{}
}

func TestHowAPointFails(t *testing.T) {
	cases := []struct {
		name string
		task sweep.Task
		run  func(ctx context.Context, job sweep.Job) (sweep.Outcome, error)
		want string
	}{
		{"an error", sweep.Task{}, func(context.Context, sweep.Job) (sweep.Outcome, error) {
			return sweep.Outcome{}, errors.New("fewer than n rows\xff")
		}, "fewer than n rows?"},
		{"an error without words", sweep.Task{}, func(context.Context, sweep.Job) (sweep.Outcome, error) {
			return sweep.Outcome{}, errors.New("")
		}, "did not say why"},
		{"a panic", sweep.Task{}, func(context.Context, sweep.Job) (sweep.Outcome, error) { panic("index out of range") }, "the trainer panicked: index out of range"},
		{"a limit", sweep.Task{Limit: 2 * time.Hour}, func(ctx context.Context, _ sweep.Job) (sweep.Outcome, error) {
			<-ctx.Done()
			return sweep.Outcome{}, ctx.Err()
		}, "took longer than time: 2h"},
		{"an outcome that is too large", sweep.Task{}, func(context.Context, sweep.Job) (sweep.Outcome, error) {
			return sweep.Outcome{Curves: sweep.Curves{Step: make([]int64, 1), Values: map[string][]float64{strings.Repeat("x", 13<<20): {1}}}}, nil
		}, "record fewer steps"},
		{"a point that is none", sweep.Task{Point: []byte("nonsense")}, nil, "malformed encoding"},
		{"too little memory", sweep.Task{Memory: 2 << 30}, nil, "needs 2048 MiB of memory, and agent test-"},
	}
	for _, it := range cases {
		t.Run(it.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCoordinator()
				defer c.down()
				trainer := fakeTrainer()
				if it.run != nil {
					trainer.Run = it.run
				}
				if it.task.Point == nil {
					it.task.Point = point(t, trainer, 1, 0)
				}
				c.add(it.task)
				a := start(t, c, trainer, nil)
				time.Sleep(3 * time.Hour)
				if d := only(t, c); !strings.Contains(d.Error, it.want) || d.Outcome != nil {
					t.Errorf("failed with %q", d.Error)
				}
				a.end(t)
			})
		})
	}
}

// A trainer that panics leaves its core to the next point.
func TestPanicLeavesTheCores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		run := trainer.Run
		trainer.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			if job.Point.Int("i")%2 == 0 {
				panic("even")
			}
			return run(ctx, job)
		}
		c.add(tasks(t, trainer, 100, 1)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Minute)
		a.end(t)
		failed := 0
		for _, ds := range c.came {
			if ds[0].Error != "" {
				failed++
			}
		}
		if c.arrived() != 100 || failed != 50 {
			t.Errorf("%d points came, %d failed", c.arrived(), failed)
		}
	})
}

func TestProvenance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(sweep.Task{Point: point(t, trainer, 1, 1500), Threads: 5, Attempt: 3})
		a := start(t, c, trainer, func(config *Config) { config.Version, config.Revision = "v1", "abc" })
		time.Sleep(10 * time.Second)
		d := only(t, c)
		p := d.Provenance
		if p.Host == "" || p.Agent != a.name || p.Version != "v1" || p.Revision != "abc" || p.Attempts != 3 || p.Threads != 2 ||
			p.Seconds != 1.5 || p.Finished.Sub(p.Started) != 1500*time.Millisecond {
			t.Errorf("provenance %+v", p)
		}
		o, err := sweep.DecodeOutcome(d.Outcome)
		if err != nil || o.Scalars["i"] != sweep.IntValue(1) {
			t.Errorf("outcome %+v, %v", o, err)
		}
		a.end(t)
	})
}

// A cancelled point stops and nothing is owed for it; the others go on.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 4, 60_000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Second)
		c.set(func() { c.cancels = []uint64{1, 3, 99} }) // one runs, one waits, one is unknown
		time.Sleep(61 * time.Second)
		if c.arrived() != 2 || c.handedBack() != 0 {
			t.Errorf("%d points came, %d were handed back", c.arrived(), c.handedBack())
		}
		a.end(t)
	})
}

// Points that take long are handed back when the window that was right for short ones is too wide.
func TestLongPointsAreNotHoarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 3000, 1)...)
		for i := range int64(1000) {
			c.add(sweep.Task{Point: point(t, trainer, 5000+i, 60_000)})
		}
		a := start(t, c, trainer, nil)
		time.Sleep(30 * time.Second)
		if held := ask(c, func() int { return len(c.leased) }); held > 8 {
			t.Errorf("%d points of a minute are held by 2 cores", held)
		}
		a.end(t)
	})
}

// The cores of a large point go to the points behind it at once.
func TestCoresAreReused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		c.add(sweep.Task{Point: point(t, trainer, 100, 10_100), Threads: 4})
		c.add(tasks(t, trainer, 4, 10_100)...)
		a := start(t, c, trainer, func(config *Config) { config.Cores = 4 })
		time.Sleep(20_250 * time.Millisecond)
		if c.arrived() != 5 {
			t.Errorf("%d points came after twice the time of one", c.arrived())
		}
		a.end(t)
	})
}

// A trainer that does not stop does not keep the agent from leaving.
func TestStuckTrainer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := fakeTrainer()
		release := make(chan struct{})
		defer close(release)
		trainer.Run = func(context.Context, sweep.Job) (sweep.Outcome, error) {
			<-release
			return sweep.Outcome{}, nil
		}
		c.add(tasks(t, trainer, 3, 0)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Second)
		a.stop()
		began := time.Now()
		if err := <-a.done; !errors.Is(err, ErrStuck) {
			t.Errorf("Run says %v", err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("leaving took %v", took)
		}
		if c.handedBack() != 3 {
			t.Errorf("%d points were handed back", c.handedBack())
		}
	})
}

// While the disk refuses results, they are delivered from memory; without a coordinator too, computing pauses.
func TestDiskRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		c.set(func() { c.holding = true })
		trainer := fakeTrainer()
		c.add(tasks(t, trainer, 100, 1000)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Second / 2)
		own := filepath.Join(a.config.Spool, "agent-"+a.name)
		if err := os.Rename(own, own+"-away"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if came := c.arrived(); came > 4 {
			t.Errorf("%d points were computed although the disk refuses and nothing is acknowledged: more than were running", came)
		}
		if window := ask(c, func() int { return c.capacity.Window }); window != 0 {
			t.Errorf("the agent asks for %d points", window)
		}
		c.set(func() { c.holding = false })
		time.Sleep(20 * time.Second)
		if came := c.arrived(); came < 10 {
			t.Errorf("%d points came with a coordinator that acknowledges", came)
		}
		c.down()
		time.Sleep(time.Minute)
		if err := os.Rename(own+"-away", own); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		c.up()
		time.Sleep(5 * time.Minute)
		a.end(t)
		if c.arrived() != 100 {
			t.Errorf("%d points came in the end", c.arrived())
		}
		if left := spooled(t, a.config.Spool); len(left) > 0 {
			t.Errorf("all is acknowledged, but the spool has %v", left)
		}
	})
}

func TestDurationText(t *testing.T) {
	for d, want := range map[time.Duration]string{
		2 * time.Hour: "2h", 90 * time.Minute: "1h30m", 30 * time.Second: "30s", time.Minute: "1m", 10 * time.Minute: "10m", 1500 * time.Millisecond: "1.5s",
		time.Hour + 30*time.Second: "1h0m30s",
	} {
		if got := durationText(d); got != want {
			t.Errorf("%v is written %q, not %q", d, got, want)
		}
	}
}
