package agent

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/widthlaw/widthlaw/sweep"
)

var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// check says which invariant of a desk does not hold.
func (d *desk) check() string {
	threads, memory := d.freeCores, d.freeMemory
	for l := range d.running {
		threads += l.threads
		memory += l.task.Memory
		if l.place != nil || l.threads < 1 {
			return "a running lease waits or has no thread"
		}
	}
	waiting := 0
	for e := d.waiting.Front(); e != nil; e = e.Next() {
		l := e.Value.(*lease)
		if l.place != e || d.held[l.task.Fence] != l {
			return "a waiting lease is not held"
		}
		waiting++
	}
	for fence, l := range d.held {
		if _, runs := d.running[l]; l.task.Fence != fence || runs == (l.place != nil) {
			return "a held lease neither waits nor runs"
		}
	}
	switch {
	case threads != d.cores || d.freeCores < 0:
		return "cores do not add up"
	case memory != d.memory || d.freeMemory < 0:
		return "memory does not add up"
	case len(d.held) < waiting:
		return "a waiting lease is not held"
	}
	return ""
}

// deskModel drives a desk at random and knows in which order the tasks came.
type deskModel struct {
	*desk
	now     time.Time
	fence   uint64
	front   *lease              // the longest waiting, since
	besides map[*lease]struct{} // these ran
}

func (m *deskModel) add(t *rapid.T) {
	m.fence++
	m.desk.add(sweep.Task{Fence: m.fence, Threads: rapid.SampledFrom([]int{1, 1, 1, 2, 6}).Draw(t, "threads"), Memory: rapid.SampledFrom([]int64{0, 1, 2, 6, 8, 10}).Draw(t, "memory")})
}

func (m *deskModel) next(t *rapid.T) {
	var front *lease
	if e := m.waiting.Front(); e != nil {
		front = e.Value.(*lease)
	}
	if front != m.front {
		m.front, m.besides = front, maps.Clone(m.running)
	}
	free, memory := m.freeCores, m.freeMemory
	l := m.desk.next(m.now)
	switch {
	case front == nil || l == front:
		m.front = nil
	case l != nil && (front.task.Memory <= memory || l.task.Memory > memory || l.task.Threads > free):
		t.Fatalf("%+v overtook %+v with %d cores and %d bytes free", l.task, front.task, free, memory)
	case free > 0 && !m.besidesRun() && front.task.Memory > memory:
		t.Fatalf("%+v starves: all that ran when it came to the front has finished", front.task)
	case l == nil && front.task.Memory <= memory && free > 0 && m.now.Sub(front.first) >= patience:
		t.Fatalf("%+v waits for more cores although it was patient", front.task)
	}
}

func (m *deskModel) besidesRun() bool {
	for l := range m.besides {
		if _, ok := m.running[l]; ok {
			return true
		}
	}
	return false
}

// pick chooses a held or running lease.
func pick(t *rapid.T, all []*lease) *lease {
	if len(all) == 0 {
		return nil
	}
	slices.SortFunc(all, func(a, b *lease) int { return int(a.task.Fence) - int(b.task.Fence) })
	return rapid.SampledFrom(all).Draw(t, "lease")
}

func TestDeskModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &deskModel{desk: newDesk(rapid.IntRange(1, 5).Draw(t, "cores"), 10), now: epoch}
		t.Repeat(map[string]func(*rapid.T){
			"add":  m.add,
			"next": m.next,
			"wait": func(t *rapid.T) {
				m.now = m.now.Add(time.Duration(rapid.IntRange(1, 1500).Draw(t, "ms")) * time.Millisecond)
			},
			"finish": func(t *rapid.T) {
				if l := pick(t, slices.Collect(maps.Keys(m.running))); l != nil {
					m.finish(l, m.now)
				}
			},
			"drop": func(t *rapid.T) {
				if l := pick(t, slices.Collect(maps.Values(m.held))); l != nil {
					m.drop(l.task.Fence)
				}
			},
			"rename": func(t *rapid.T) {
				if l := pick(t, slices.Collect(maps.Values(m.held))); l != nil {
					m.fence++
					m.rename(l.task.Fence, m.fence)
				}
			},
			"handBack": func(t *rapid.T) {
				keep := rapid.IntRange(0, 5).Draw(t, "keep")
				m.handBack(keep)
				if len(m.held) > keep && m.waiting.Len() > 0 {
					t.Fatalf("%d leases are held", len(m.held))
				}
			},
			"": func(t *rapid.T) {
				if wrong := m.check(); wrong != "" {
					t.Fatal(wrong)
				}
			},
		})
	})
}

// A large point gets its threads as soon as smaller ones before it have ended, and never waits longer than patience for them.
func TestDeskThreads(t *testing.T) {
	d := newDesk(4, 0)
	for fence, threads := range []int{1, 1, 4, 1} {
		d.add(sweep.Task{Fence: uint64(fence), Threads: threads})
	}
	a, b := d.next(epoch), d.next(epoch)
	if got := d.next(epoch); got != nil {
		t.Fatalf("%+v overtook the large point", got.task)
	}
	d.finish(a, epoch)
	if got := d.next(epoch.Add(patience - 1)); got != nil {
		t.Fatalf("%+v started on too few cores too early", got.task)
	}
	large := d.next(epoch.Add(patience))
	if large == nil || large.task.Fence != 2 || large.threads != 3 {
		t.Fatalf("after %v the large point should run on the 3 free cores: %+v", patience, large)
	}
	d.finish(b, epoch)
	if small := d.next(epoch); small == nil || small.task.Fence != 3 {
		t.Error("the last point does not start on the free core")
	}
}

// Small points overtake a large one that waits for memory, one after the other, but leave it what it waits for.
func TestDeskMemory(t *testing.T) {
	d := newDesk(4, 10)
	for fence, memory := range []int64{6, 8, 2, 2, 2} {
		d.add(sweep.Task{Fence: uint64(fence), Threads: 1, Memory: memory})
	}
	first, small := d.next(epoch), d.next(epoch)
	if small == nil || small.task.Fence != 2 {
		t.Fatalf("%+v runs beside the first", small)
	}
	if l := d.next(epoch); l != nil {
		t.Fatalf("%+v takes memory that the large point waits for", l.task)
	}
	d.finish(small, epoch)
	if small = d.next(epoch); small == nil || small.task.Fence != 3 {
		t.Fatalf("%+v runs in the place of the small point that has finished", small)
	}
	d.finish(first, epoch)
	if l := d.next(epoch); l == nil || l.task.Fence != 1 {
		t.Errorf("%+v runs, not the large point", l)
	}
}

// The window is half a second of work at a steady rate, whatever the rate, within its bounds.
func TestDeskWindow(t *testing.T) {
	for _, c := range []struct{ perSecond, least, most int }{{0, 8, 8}, {1, 8, 8}, {100, 48, 52}, {2000, 950, 1050}, {100_000, maxWindow, maxWindow}} {
		d := newDesk(4, 0)
		now := epoch
		for range c.perSecond * 5 {
			now = now.Add(time.Second / time.Duration(c.perSecond))
			d.add(sweep.Task{Threads: 1})
			d.finish(d.next(now), now)
		}
		if w := d.window(now); w < c.least || w > c.most {
			t.Errorf("window at %d points a second: %d, not in %d..%d", c.perSecond, w, c.least, c.most)
		}
		if w := d.window(now.Add(time.Minute)); w != 8 {
			t.Errorf("window after a minute without results: %d", w)
		}
	}
}
