package cluster

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/toy"
)

// expected is the digest that a sweep over i < n and j < m with points of ms milliseconds must have, however it was run.
func expected(t testing.TB, trainer *sweep.Trainer, n, m, ms int64) [32]byte {
	t.Helper()
	var d sweep.Digest
	for i := range n {
		for j := range m {
			given := map[string]sweep.Value{"i": sweep.IntValue(i), "j": sweep.IntValue(j), "ms": sweep.IntValue(ms)}
			p, mistakes := trainer.Complete(given, sweep.DefaultRecord())
			if len(mistakes) > 0 {
				t.Fatal(mistakes)
			}
			quick := p
			quick.Values = slices.Clone(p.Values)
			quick.Values[2] = sweep.IntValue(0)
			o, err := trainer.Run(t.Context(), sweep.Job{Point: quick, Threads: 1})
			if err != nil {
				t.Fatal(err)
			}
			d.Add(sweep.PointDigest(p.Key(), o.Encode(nil)))
		}
	}
	return d.Sum()
}

func spec(n, m, ms int64) string {
	return fmt.Sprintf("name: faults\ntrainer: toy\nfixed: {ms: %d}\ngrid: {i: 0..%d, j: 0..%d}\nsuccess: fit\nresources: {threads: 1}\n", ms, n-1, m-1)
}

// verify looks at a finished sweep from all sides.
func (s *site) verify(n, m, ms int64) {
	s.t.Helper()
	want := uint64(n * m)
	if st := s.status(); st.Points != want || st.Done != want || st.Conflicts != 0 || st.Failed+st.Quarantined+st.Cancelled != 0 {
		s.t.Errorf("status %v", st)
	}
	if got, want := s.digest(), expected(s.t, s.trainers[0], n, m, ms); got != want {
		s.t.Errorf("digest %x, not %x", got, want)
	}
	keys := map[sweep.Key]bool{}
	if err := s.store.Walk(func(r results.Row) error { keys[r.Key] = true; return nil }); err != nil {
		s.t.Error(err)
	}
	if uint64(len(keys)) != want || s.store.Len() != want {
		s.t.Errorf("%d rows, %d keys, not %d", s.store.Len(), len(keys), want)
	}
}

// end takes the site down and looks at what it leaves.
func (s *site) end() {
	s.t.Helper()
	s.down()
	report, err := results.Check(s.state, nil)
	if err != nil || !report.Clean() {
		s.t.Errorf("check: %+v, %v", report, err)
	}
}

// by counts the rows of each agent.
func (s *site) by() map[string]int {
	s.t.Helper()
	n := map[string]int{}
	if err := s.store.Walk(func(r results.Row) error { n[r.Provenance.Agent]++; return nil }); err != nil {
		s.t.Error(err)
	}
	return n
}

// Every point once: 22,500 points over 16 agents. Time is real: nothing waits for anything.
func TestEveryPointOnce(t *testing.T) {
	s := newSite(t, toy.Trainer())
	spool := t.TempDir()
	s.submit(spec(150, 150, 0))
	var workers []*worker
	for i := range 16 {
		workers = append(workers, s.start(fmt.Sprintf("agent%d", i), spool, 1))
	}
	began := time.Now()
	s.wait()
	t.Logf("%.0f points a second", 22500/time.Since(began).Seconds())
	s.verify(150, 150, 0)
	if by := s.by(); len(by) < 8 {
		t.Errorf("16 agents, but the points came from %d", len(by))
	}
	for _, w := range workers {
		w.leave()
	}
	s.end()
}

// An agent that vanishes loses its leases, and its points run elsewhere. What it has computed and could not deliver comes from its spool.
func TestAgentKilled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, toy.Trainer())
		spool := t.TempDir()
		s.submit(spec(10, 6, 20_000))
		workers := []*worker{s.start("a", spool, 2), s.start("b", spool, 2), s.start("c", spool, 2)}
		time.Sleep(65 * time.Second) // each has computed six
		workers[0].isolate()
		time.Sleep(20 * time.Second) // a computes two more, which it cannot deliver, and begins others
		workers[0].kill()
		workers = append(workers[1:], s.start("d", spool, 2))
		s.wait()
		s.verify(10, 6, 20_000)
		of := map[string]int{}
		for agent, n := range s.by() {
			name, _, _ := strings.Cut(agent, "-")
			of[name] += n
		}
		if of["a"] != 8 || of["d"] == 0 {
			t.Errorf("points by agent: %v; a computed eight, two of which its spool kept", of)
		}
		for _, w := range workers {
			w.leave()
		}
		s.end()
	})
}

// A coordinator that is restarted finds everything again; agents that were computing go on, and nothing is computed twice.
func TestCoordinatorRestarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, toy.Trainer())
		s.submit(spec(10, 6, 20_000))
		workers := []*worker{s.start("a", t.TempDir(), 2), s.start("b", t.TempDir(), 2), s.start("c", t.TempDir(), 2)}
		for _, away := range []time.Duration{0, 10 * time.Second, time.Hour} {
			time.Sleep(47 * time.Second)
			s.down()
			time.Sleep(away)
			s.up()
		}
		s.wait()
		s.verify(10, 6, 20_000)
		for _, w := range workers {
			w.leave()
		}
		s.end()
	})
}

// An agent that is cut off for longer than its lease comes back with what it has computed: one row a point, no conflict.
func TestAgentCutOffAndHealed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, toy.Trainer())
		s.submit(spec(10, 6, 50_000))
		workers := []*worker{s.start("a", t.TempDir(), 2), s.start("b", t.TempDir(), 2)}
		for _, cut := range []time.Duration{time.Second, 45 * time.Second, 3 * time.Minute} {
			time.Sleep(70 * time.Second)
			workers[0].isolate()
			time.Sleep(cut)
			workers[0].heal()
		}
		s.wait()
		s.verify(10, 6, 50_000)
		for _, w := range workers {
			w.leave()
		}
		s.end()
	})
}

// Whatever happens, in whatever order: each point once, and one digest.
func TestRandomFaults(t *testing.T) {
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) { randomFaults(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func randomFaults(t *testing.T, random *rand.Rand) {
	s := newSite(t, toy.Trainer())
	spool := t.TempDir()
	s.submit(spec(15, 10, 15_000) + "quarantine_after: 1000\n")
	var workers []*worker
	for i := range 40 {
		time.Sleep(time.Duration(random.IntN(20_000)) * time.Millisecond)
		switch pick := random.IntN(len(workers) + 1); {
		case pick == len(workers) || len(workers) < 2:
			workers = append(workers, s.start(fmt.Sprintf("agent%d", i), spool, 1+random.IntN(3)))
		case random.IntN(4) == 0:
			s.down()
			time.Sleep(time.Duration(random.IntN(90_000)) * time.Millisecond)
			s.up()
		case random.IntN(2) == 0:
			workers[pick].isolate()
			time.Sleep(time.Duration(random.IntN(60_000)) * time.Millisecond)
			workers[pick].heal()
		case random.IntN(2) == 0:
			workers[pick].kill()
			workers = slices.Delete(workers, pick, pick+1)
		default:
			workers[pick].leave()
			workers = slices.Delete(workers, pick, pick+1)
		}
	}
	workers = append(workers, s.start("last", spool, 2))
	s.wait()
	s.verify(15, 10, 15_000)
	for _, w := range workers {
		w.leave()
	}
	s.end()
}

// An agent that is asked to leave gives its points back at once: nobody waits for its leases to expire.
func TestAgentLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite(t, toy.Trainer())
		s.submit(spec(2, 1, 60_000))
		a := s.start("a", t.TempDir(), 2)
		time.Sleep(10 * time.Second)
		a.leave()
		b := s.start("b", t.TempDir(), 2)
		began := time.Now()
		s.wait()
		if took := time.Since(began); took > 65*time.Second {
			t.Errorf("two points of a minute took %v after the first agent had left", took)
		}
		s.verify(2, 1, 60_000)
		b.leave()
		s.end()
	})
}

// A failure that was found out while the coordinator was away counts like any other: the point is tried again, and rests.
func TestFailureWhileAway(t *testing.T) {
	for name, outage := range map[string]func(*site, *worker){
		"coordinator restarted": func(s *site, _ *worker) { s.down(); time.Sleep(10 * time.Second); s.up() },
		"agent cut off":         func(_ *site, w *worker) { w.isolate(); time.Sleep(10 * time.Second); w.heal() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSite(t, failing())
				s.submit(spec(2, 1, 10_000) + "retries: 1\n")
				w := s.start("a", t.TempDir(), 2)
				time.Sleep(5 * time.Second)
				outage(s, w)
				began := time.Now()
				if st := s.wait(); st.Failed != 1 || st.Done != 1 || st.Quarantined != 0 {
					t.Errorf("status %v", st)
				}
				if took := time.Since(began); took > time.Minute {
					t.Errorf("a point that fails within 10 s, twice, took %v", took)
				}
				w.leave()
				s.end()
			})
		})
	}
}

// failing is toy, but for the points with i = 1, which fail after their time.
func failing() *sweep.Trainer {
	t := toy.Trainer()
	run := t.Run
	t.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
		o, err := run(ctx, job)
		if err == nil && job.Point.Int("i") == 1 {
			err = errors.New("i is 1")
		}
		return o, err
	}
	return t
}
