package coordinator

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A poor store takes its time, now and then, so that things happen meanwhile, and has no room, now and then, until it is well.
type poor struct {
	Store
	mu     sync.Mutex
	random *rand.Rand
	well   bool
}

func (p *poor) idle() error {
	p.mu.Lock()
	var d time.Duration
	var err error
	switch p.random.IntN(12) {
	case 0, 1, 2, 3:
		d = time.Duration(p.random.IntN(40)) * time.Millisecond
	case 4:
		if !p.well {
			err = results.ErrFull
		}
	}
	p.mu.Unlock()
	time.Sleep(d)
	return err
}

func (p *poor) heal() {
	p.mu.Lock()
	p.well = true
	p.mu.Unlock()
}

func (p *poor) SaveSweep(r results.SweepRecord) error {
	if err := p.idle(); err != nil {
		return err
	}
	return p.Store.SaveSweep(r)
}

func (p *poor) ClearTroubles(id string, keys []sweep.Key) error {
	if err := p.idle(); err != nil {
		return err
	}
	return p.Store.ClearTroubles(id, keys)
}

func (p *poor) SaveTroubles(list []results.Trouble) error {
	if err := p.idle(); err != nil {
		return err
	}
	return p.Store.SaveTroubles(list)
}

func (p *poor) Put(rows []results.Row) ([]results.Verdict, error) {
	if err := p.idle(); err != nil {
		return nil, err
	}
	v, err := p.Store.Put(rows)
	_ = p.idle() // they are on disk, and nobody has been told
	return v, err
}

// A history is one sequence of events in the life of two searches and a list that have points in common, drawn from a seed.
type history struct {
	*cluster
	random  *rand.Rand
	workers map[string]*scripted
	old     []sweep.Task // that were given to some agent once
	doing   sync.WaitGroup
}

// lives are the sweeps of a history, in all the revisions that they have by turns, the last ones last.
var lives = map[string][]string{
	"h": {
		strings.Replace(hunting, "1.3", "1.6", 1), strings.Replace(hunting, "9999", "29999", 1), strings.Replace(hunting, "0..2", "0..3", 1),
		hunting + "priority: 3\n", hunting,
	},
	"i": {
		"name: i\ntrainer: toy\ngrid:\n  m: {search: [2, 500], resolution: 1.3}\n  x: [1, 3]\n  seed: 0..9999\n",
		"name: i\ntrainer: toy\ngrid:\n  m: {search: [2, 500], resolution: 1.4}\n  x: [2, 3, 1]\n  seed: 0..9999\nquarantine_after: 1\n",
	},
	"g": {"name: g\ntrainer: toy\nfixed: {x: 1}\ngrid:\n  m: {log: [2, 64], points: 6}\n  seed: 0..9\nretries: 0\n"},
}

func (h *history) sweep() string { return string("hhiig"[h.random.IntN(5)]) }

func last(list []string) string { return list[len(list)-1] }

func (h *history) worker() *scripted {
	name := string(rune('a' + h.random.IntN(3)))
	if w := h.workers[name]; w != nil && w.alive() {
		return w
	}
	h.workers[name] = h.agent(name, 1+h.random.IntN(12))
	return h.workers[name]
}

func (a *scripted) alive() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err == nil
}

// report has a worker send what came of some of its tasks.
func (h *history) report(w *scripted, n int, fails bool) {
	m := &proto.FromAgent{}
	for range min(n, w.waiting()) {
		t := w.next()
		h.old = append(h.old, t)
		if fails {
			m.Results = append(m.Results, proto.ToResult(sweep.Delivery{Fence: t.Fence, Point: t.Point, Error: "boom"}))
		} else {
			m.Results = append(m.Results, h.result(t))
		}
	}
	_ = w.stream.Send(m)
}

// again has a worker send results of tasks that it, or somebody else, had once.
func (h *history) again() {
	m := &proto.FromAgent{}
	for range min(3, len(h.old)) {
		m.Results = append(m.Results, h.result(h.old[h.random.IntN(len(h.old))]))
	}
	_ = h.worker().stream.Send(m)
}

// cut breaks some streams, for shorter or longer than a lease.
func (h *history) cut() {
	for _, name := range []string{"a", "b", "c"} {
		if w := h.workers[name]; w != nil && w.alive() && h.random.IntN(2) == 0 {
			for w.waiting() > 0 {
				h.old = append(h.old, w.next())
			}
			w.cut()
		}
	}
	time.Sleep(time.Duration(h.random.IntN(40)) * time.Second)
}

// order has a client ask for something, to whatever avail, beside all else.
func (h *history) order(name string, action proto.ControlRequest_Action, indices ...uint64) {
	h.doing.Go(func() {
		_, _ = h.client.Control(context.Background(), &proto.ControlRequest{Sweep: name, Action: action, Indices: indices})
	})
}

// orderSome is order for some of a sweep's points that are in one of these states.
func (h *history) orderSome(name string, action proto.ControlRequest_Action, states ...sweep.State) {
	var list []uint64
	for _, r := range h.rows(name) {
		if slices.Contains(states, r.State) && h.random.IntN(3) == 0 {
			list = append(list, r.Index)
		}
	}
	if len(list) > 0 {
		h.order(name, action, list...)
	}
}

func (h *history) revise() {
	revisions := lives[h.sweep()]
	text := revisions[h.random.IntN(len(revisions))]
	h.doing.Go(func() {
		_, _ = h.client.Submit(context.Background(), &proto.SubmitRequest{Spec: []byte(text), Filename: "test.yaml"})
	})
}

func (h *history) restart() {
	h.doing.Wait()
	h.down()
	h.up()
	clear(h.workers)
}

// step lets one thing happen, and says which.
func (h *history) step() string {
	steps := []struct {
		times int // out of 30
		what  string
		do    func()
	}{
		{8, "results", func() { h.report(h.worker(), 1+h.random.IntN(12), false) }},
		{3, "failures", func() { h.report(h.worker(), 1+h.random.IntN(3), true) }},
		{2, "again", h.again},
		{1, "cut", h.cut},
		{1, "pause", func() { h.order(h.sweep(), proto.ControlRequest_ACTION_PAUSE) }},
		{2, "resume", func() { h.order(h.sweep(), proto.ControlRequest_ACTION_RESUME) }},
		{1, "cancel", func() { h.order(h.sweep(), proto.ControlRequest_ACTION_CANCEL) }},
		{2, "cancel some", func() { h.orderSome(h.sweep(), proto.ControlRequest_ACTION_CANCEL, sweep.Pending, sweep.Running) }},
		{2, "retry some", func() {
			h.orderSome(h.sweep(), proto.ControlRequest_ACTION_RETRY, sweep.Failed, sweep.Cancelled, sweep.Quarantined)
		}},
		{1, "retry", func() { h.order(h.sweep(), proto.ControlRequest_ACTION_RETRY) }},
		{2, "revise", h.revise},
		{1, "restart", h.restart},
		{4, "wait", func() { time.Sleep(time.Duration(h.random.IntN(30)) * time.Millisecond) }},
	}
	n := h.random.IntN(30)
	for _, s := range steps {
		if n -= s.times; n < 0 {
			s.do()
			return s.what
		}
	}
	panic("the steps are too few")
}

// finish brings the sweeps to their end, with nothing that is given up.
func (h *history) finish() {
	h.doing.Wait()
	h.settle()
	for _, w := range h.workers {
		if w.alive() {
			w.cut()
		}
	}
	time.Sleep(40 * time.Second)
	for name, revisions := range lives {
		h.control(name, proto.ControlRequest_ACTION_RESUME)
		h.submit(last(revisions))
	}
	for i := range 200 {
		retried := 0
		for name := range lives {
			var list []uint64
			for _, r := range h.rows(name) {
				if r.State == sweep.Failed || r.State == sweep.Cancelled || r.State == sweep.Quarantined {
					list = append(list, r.Index)
				}
			}
			if retried += len(list); len(list) > 0 {
				h.control(name, proto.ControlRequest_ACTION_RETRY, list...)
			}
		}
		time.Sleep(time.Second)
		h.settle()
		w := h.agent(fmt.Sprint("last", i), 100)
		n := w.work()
		time.Sleep(time.Second)
		h.settle()
		w.leave()
		if n+retried == 0 {
			return
		}
	}
}

// alone is what one agent makes of a sweep.
func alone(t *testing.T, text, name string) (digest string, points uint64) {
	inHunt(t, func(t *testing.T, c *cluster) {
		c.control("h", proto.ControlRequest_ACTION_DELETE)
		c.submit(text)
		c.settle()
		a := c.agent("a", 100)
		a.work()
		a.leave()
		digest, points = c.ended(name)
	})
	return digest, points
}

// TestHuntHistories: whatever happens to searches, once they have come to their end without points that are given up it is as if nothing had.
func TestHuntHistories(t *testing.T) {
	type result struct {
		digest string
		points uint64
	}
	want := map[string]result{}
	for name, revisions := range lives {
		digest, points := alone(t, last(revisions), name)
		want[name] = result{digest, points}
	}
	histories := 4
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		histories = 100
	}
	for seed := range histories {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				h := &history{random: rand.New(rand.NewPCG(uint64(seed), 1)), workers: map[string]*scripted{}}
				store := &poor{random: rand.New(rand.NewPCG(uint64(seed), 2))}
				h.cluster = &cluster{t: t, dir: dir, trainers: []*sweep.Trainer{seeking()}, log: &lines{}, wrap: func(s Store) Store {
					store.Store = s
					return store
				}}
				h.up()
				defer h.down()
				for _, name := range []string{"h", "i", "g"} {
					for { // there may be no room
						_, err := h.client.Submit(context.Background(), &proto.SubmitRequest{Spec: []byte(last(lives[name])), Filename: "test.yaml"})
						if err == nil {
							break
						}
					}
				}
				var steps []string
				defer func() {
					if t.Failed() {
						t.Log(strings.Join(steps, ", "))
					}
				}()
				for range 100 {
					steps = append(steps, h.step())
					if h.random.IntN(2) == 0 {
						h.settle()
					}
				}
				store.heal()
				h.finish()
				for name, w := range want {
					if digest, n := h.ended(name); digest != w.digest || n != w.points {
						t.Errorf("%s has %d points, alone %d; the digests are equal: %v", name, n, w.points, digest == w.digest)
					}
				}
			})
		})
	}
}
