package cluster

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A walker trains points of `steps` steps of a second each. Its outcome depends on every step, and no checkpoint can be told from
// another by its length.
type walker struct {
	taken  atomic.Int64 // steps, by all agents
	padded int          // bytes that a checkpoint has beside its state
}

func (w *walker) trainer() *sweep.Trainer {
	return &sweep.Trainer{
		Name: "walker", Version: 1, Params: []sweep.Param{{Name: "i", Type: sweep.IntType}, {Name: "steps", Type: sweep.IntType}},
		Scalars: []sweep.Scalar{{Name: "sum", Kind: sweep.Int}}, Curves: []sweep.Curve{{Name: "loss"}}, CostParams: []string{"steps"},
		Cost: func(p sweep.Point, _ sweep.Spectrum) sweep.Cost {
			return sweep.Cost{Flops: 1e9 * float64(p.Int("steps")), Steps: p.Int("steps"), Memory: 1 << 20}
		},
		Run: w.run,
	}
}

func (w *walker) run(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
	step, state := uint64(0), uint64(job.Point.Int("i"))
	if job.Resume != nil {
		b, err := io.ReadAll(job.Resume)
		if err != nil || len(b) != 16+w.padded {
			return sweep.Outcome{}, fmt.Errorf("%w: %d bytes, %w", sweep.ErrCheckpoint, len(b), err)
		}
		step, state = binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])
	}
	for ; step < uint64(job.Point.Int("steps")); step++ {
		err := ctx.Err()
		if job.Due() && step > 0 {
			job.Save(int64(step), func(out io.Writer) error {
				b := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, step), state)
				_, err := out.Write(append(b, make([]byte, w.padded)...))
				return err
			})
		}
		if err != nil {
			return sweep.Outcome{}, err
		}
		time.Sleep(time.Second) // a step cannot be interrupted
		w.taken.Add(1)
		state = walk(state)
	}
	return walked(state), nil
}

func walk(state uint64) uint64 { return state*6364136223846793005 + 1442695040888963407 }

func walked(state uint64) sweep.Outcome {
	return sweep.Outcome{Scalars: map[string]sweep.Value{"sum": sweep.IntValue(int64(state >> 8))}}
}

func walks(points, steps int) string {
	return fmt.Sprintf("name: walks\ntrainer: walker\nfixed: {steps: %d}\ngrid: {i: 0..%d}\nresources: {threads: 1}\n", steps, points-1)
}

// verifyWalks looks at a finished sweep.
func (s *site) verifyWalks(points, steps int) {
	s.t.Helper()
	var want sweep.Digest
	for i := range points {
		state := uint64(i)
		for range steps {
			state = walk(state)
		}
		p, mistakes := s.trainers[0].Complete(map[string]sweep.Value{"i": sweep.IntValue(int64(i)), "steps": sweep.IntValue(int64(steps))}, sweep.DefaultRecord())
		if len(mistakes) > 0 {
			s.t.Fatal(mistakes)
		}
		want.Add(sweep.PointDigest(p.Key(), walked(state).Encode(nil)))
	}
	if got := s.digest(); got != want.Sum() {
		s.t.Errorf("digest %x, not %x", got, want.Sum())
	}
	if st := s.status(); st.Done != uint64(points) || st.Conflicts != 0 {
		s.t.Errorf("status %v", st)
	}
	if left := s.checkpoints(); len(left) > 0 {
		s.t.Errorf("%v is left of points that are done", left)
	}
}

// checkpoints are the files that the coordinator keeps.
func (s *site) checkpoints() (paths []string) {
	s.t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.state, "checkpoints", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return paths
}

// preempted sees to it that so many points are preempted, and none runs.
func (s *site) preempted(n uint64) {
	s.t.Helper()
	if st := s.status(); st.Preempted != n || st.Running != 0 || st.Points != st.Preempted+st.Pending+st.Done {
		s.t.Errorf("status %v, want %d preempted", st, n)
	}
}

// Points that are preempted again and again, the coordinator restarted between, go on where they were: no step is taken twice, no attempt
// is counted, and the digest is that of an undisturbed run.
func TestPreempted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{padded: 1 << 20}
		s := newSite(t, w.trainer())
		s.submit(walks(2, 600))
		random := rand.New(rand.NewPCG(1, 2))
		for i := range 8 {
			a := s.start(fmt.Sprintf("agent%d", i), t.TempDir(), 2)
			time.Sleep(time.Duration(5_000+random.IntN(90_000)) * time.Millisecond)
			began := time.Now()
			a.leave()
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("leaving took %v", took)
			}
			if i%3 == 2 {
				s.down()
				s.up()
			}
			s.preempted(2)
		}
		last := s.start("last", t.TempDir(), 2)
		s.wait()
		s.verifyWalks(2, 600)
		if n := w.taken.Load(); n != 1200 {
			t.Errorf("%d steps were taken of 1200", n)
		}
		if err := s.store.Walk(func(r results.Row) error {
			if p := r.Provenance; p.Attempts != 1 || p.Seconds < 590 || p.Seconds > 620 {
				t.Errorf("provenance %+v", p)
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
		last.leave()
		s.end()
	})
}

// An agent that vanishes costs no more than what came after its last checkpoint, and a point that gets on is not blamed.
func TestKilledAgentsCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{}
		s := newSite(t, w.trainer())
		s.submit(walks(1, 600) + "quarantine_after: 1\n")
		for i := range 3 {
			a := s.start(fmt.Sprintf("agent%d", i), t.TempDir(), 1)
			time.Sleep(150 * time.Second)
			if len(s.checkpoints()) != 1 {
				t.Fatalf("after 150 s there is %v", s.checkpoints())
			}
			a.kill()
			time.Sleep(40 * time.Second)
			s.preempted(1)
		}
		last := s.start("last", t.TempDir(), 1)
		s.wait()
		s.verifyWalks(1, 600)
		if n := w.taken.Load(); n > 600+3*13 { // each lost what it did in its last ten seconds, and the step that could not be interrupted
			t.Errorf("%d steps were taken of 600", n)
		}
		last.leave()
		s.end()
	})
}

// A damaged checkpoint is refused, and its point starts anew; one of a point that is done is removed at the start.
func TestUselessCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{padded: 100}
		s := newSite(t, w.trainer())
		s.submit(walks(1, 300))
		a := s.start("a", t.TempDir(), 1)
		time.Sleep(100 * time.Second)
		a.leave()
		path := s.checkpoints()[0]
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		whole[len(whole)-50] ^= 1
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		before := w.taken.Load()
		b := s.start("b", t.TempDir(), 1)
		time.Sleep(30 * time.Second)
		b.leave()
		b = s.start("b", t.TempDir(), 1)
		s.wait()
		s.verifyWalks(1, 300)
		if n := w.taken.Load() - before; n != 300 {
			t.Errorf("%d steps were taken of 300, anew", n)
		}
		b.leave()
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		s.down()
		s.up()
		if left := s.checkpoints(); len(left) > 0 {
			t.Errorf("%v is left", left)
		}
		s.end()
	})
}

// A trainer that cannot use what another program's trainer saved starts the point anew, and what it saves counts.
func TestForeignCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{padded: 100}
		s := newSite(t, w.trainer())
		s.submit(walks(1, 300))
		a := s.start("a", t.TempDir(), 1)
		time.Sleep(250 * time.Second)
		a.leave()
		w.padded = 50
		before := w.taken.Load()
		b := s.start("b", t.TempDir(), 1)
		time.Sleep(30 * time.Second)
		b.leave()
		s.preempted(1)
		b = s.start("b", t.TempDir(), 1)
		s.wait()
		s.verifyWalks(1, 300)
		if n := w.taken.Load() - before; n != 300 {
			t.Errorf("%d steps were taken of 300, anew", n)
		}
		b.leave()
		s.end()
	})
}

// Without a coordinator an agent that leaves is gone in time all the same, and the last stored checkpoint counts.
func TestUndeliveredCheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{}
		s := newSite(t, w.trainer())
		s.submit(walks(1, 300))
		a := s.start("a", t.TempDir(), 1)
		time.Sleep(100 * time.Second)
		s.down()
		time.Sleep(50 * time.Second)
		began := time.Now()
		a.leave()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("leaving took %v", took)
		}
		s.up()
		s.preempted(1)
		b := s.start("b", t.TempDir(), 1)
		s.wait()
		s.verifyWalks(1, 300)
		if n := w.taken.Load(); n < 340 || n > 365 {
			t.Errorf("%d steps were taken of 300, of which about 50 could not be delivered", n)
		}
		b.leave()
		s.end()
	})
}

// A limit counts all computing of a point, before a checkpoint and after it.
func TestLimitCountsWhatWasBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{}
		s := newSite(t, w.trainer())
		s.submit("name: walks\ntrainer: walker\nfixed: {steps: 900, i: 1}\nresources: {threads: 1, time: 5m}\nretries: 0\n")
		for i := range 3 {
			a := s.start(fmt.Sprintf("agent%d", i), t.TempDir(), 1)
			time.Sleep(2 * time.Minute)
			a.leave()
		}
		if st := s.status(); st.Failed != 1 {
			t.Errorf("after six minutes: %v", st)
		}
		if left := s.checkpoints(); len(left) > 0 {
			t.Errorf("%v is left of a point that failed", left)
		}
		s.end()
	})
}

// The disk that an agent writes a checkpoint to is full: the point goes on.
func TestNoRoomForACheckpoint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &walker{}
		trainer := w.trainer()
		run := trainer.Run
		trainer.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			save := job.Save
			job.Save = func(step int64, _ func(io.Writer) error) {
				save(step, func(io.Writer) error { return errors.New("no space left on device") })
			}
			return run(ctx, job)
		}
		s := newSite(t, trainer)
		s.submit(walks(1, 300))
		a := s.start("a", t.TempDir(), 1)
		s.wait()
		s.verifyWalks(1, 300)
		if n := w.taken.Load(); n != 300 {
			t.Errorf("%d steps were taken of 300", n)
		}
		a.leave()
		s.end()
	})
}
