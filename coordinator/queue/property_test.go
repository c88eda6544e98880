package queue

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/widthlaw/widthlaw/sweep"
)

// check walks the whole queue and finds what does not hold.
func (q *Queue) check() error {
	live, busy := map[*line]int{}, map[*line]int{}
	for key, w := range q.works {
		live[w.line]++
		if w.Key != key || q.sweeps[w.line.ID] != w.line || w.line.stop {
			return fmt.Errorf("%d is of a sweep that is no more", w.Index)
		}
		switch w.phase {
		case leased:
			busy[w.line]++
			if q.agents[w.agent.id] != w.agent || w.list != &w.agent.held {
				return fmt.Errorf("%d is leased to nobody", w.Index)
			}
		case settling:
			busy[w.line]++
		case reserved:
			if w.agent.next != w {
				return fmt.Errorf("%d is reserved by nobody", w.Index)
			}
		case waiting:
			inHeap := w.list == nil && w.heapAt < len(w.line.large) && w.line.large[w.heapAt] == w
			if !inHeap && w.list != &w.line.back && w.list != &w.line.fed && w.list != &w.line.alone {
				return fmt.Errorf("%d waits nowhere", w.Index)
			}
		default:
			return fmt.Errorf("%d is in phase %d among the works", w.Index, w.phase)
		}
		for _, p := range w.waiters {
			live[p.line]++
			if p.phase != parked || p.line == w.line || len(p.waiters) > 0 || q.sweeps[p.line.ID] != p.line {
				return fmt.Errorf("%d is parked wrongly", p.Index)
			}
		}
	}
	for _, l := range q.order {
		if live[l] != l.live || busy[l] != l.busy {
			return fmt.Errorf("sweep %s has %d live and %d busy works, and counts %d and %d", l.ID, live[l], busy[l], l.live, l.busy)
		}
		var rests [7]uint64
		for key, w := range l.rest {
			rests[w.rests]++
			if q.find(l, key) != nil || w.phase != resting || w.line != l {
				return fmt.Errorf("%d rests and does not", w.Index)
			}
		}
		if rests != l.rests {
			return fmt.Errorf("sweep %s: %v at rest, counted %v", l.ID, rests, l.rests)
		}
	}
	for _, l := range q.order {
		for key := range l.saved {
			if q.saved[key].step == 0 {
				return fmt.Errorf("sweep %s: a checkpoint that is gone", l.ID)
			}
		}
		for key, w := range q.works {
			if _, in := l.keep(key, w.Point); in && l.saved[key] != (q.saved[key].step > 0) {
				return fmt.Errorf("sweep %s does not know the checkpoint of %d", l.ID, w.Index)
			}
		}
	}
	for _, l := range q.order {
		for _, w := range l.all() {
			if err := q.checkLosses(w); err != nil {
				return err
			}
		}
	}
	for agent, keys := range q.lost {
		for key := range keys {
			if !q.remembers(key, agent) {
				return fmt.Errorf("agent %s is looked for, and nothing was lost with it", agent)
			}
		}
	}
	return q.checkAgents()
}

// checkLosses looks at why a work is a suspect: nobody is to blame who is here.
func (q *Queue) checkLosses(w *work) error {
	counted := 0
	for _, x := range w.lost {
		if x.Counted {
			counted++
		}
		if q.agents[x.Agent] != nil || !q.lost[x.Agent][w.Key] {
			return fmt.Errorf("%d was lost with agent %s, which is here, or which nobody looks for", w.Index, x.Agent)
		}
	}
	if counted != w.losses || w.suspect != (len(w.lost) > 0) {
		return fmt.Errorf("%d: %d losses, %d known, suspect %v after %d", w.Index, w.losses, counted, w.suspect, len(w.lost))
	}
	if w.phase == resting && w.rests == sweep.Quarantined && w.losses < w.line.QuarantineAfter {
		return fmt.Errorf("%d is quarantined after %d losses", w.Index, w.losses)
	}
	return nil
}

func (q *Queue) checkAgents() error {
	n := 0
	for a := q.heard.oldest; a != nil; a = a.newer {
		n++
		var load time.Duration
		used, held, suspects := int64(0), 0, 0
		for w := a.held.first; w != nil; w = w.next {
			load, used, held = load+w.load, used+w.memory, held+1
			if w.suspect {
				suspects++
			}
			if w.phase != leased || w.agent != a {
				return fmt.Errorf("agent %s holds what is not leased to it", a.id)
			}
		}
		if load != a.load || used != a.used || held != a.held.n {
			return fmt.Errorf("agent %s: load %v, %d bytes, %d held, counted %v, %d, %d", a.id, load, used, held, a.load, a.used, a.held.n)
		}
		if a.newer != nil && a.newer.last.Before(a.last) {
			return fmt.Errorf("agent %s is not in the order of hearing", a.id)
		}
	}
	if n != len(q.agents) || n != len(q.ring) {
		return fmt.Errorf("%d agents heard, %d known, %d in the ring", n, len(q.agents), len(q.ring))
	}
	return nil
}

// A history plays random events against a queue and remembers what must hold.
type history struct {
	t      *rapid.T
	q      *Queue
	now    time.Time
	fence  uint64              // the last one granted
	live   map[sweep.Key]Grant // leases that agents believe in
	ghosts []Grant             // leases that agents believe in which were lost
	stored map[sweep.Key]bool
	steps  map[sweep.Key]int64 // of checkpoints
	saving []Trouble
	unsafe map[troubled]int // troubles that are not stored
	specs  map[string][]Item
	fed    map[string]int
}

func item(i uint64) Item {
	point := []byte{byte(i)}
	return Item{Index: i, Key: sweep.KeyOf(point), Point: point, Cost: sweep.Cost{Flops: float64(i%4) * 4e8, Steps: 1, Memory: int64(i % 5)}}
}

func (h *history) add(id string) {
	from := rapid.Uint64Range(0, 8).Draw(h.t, "from")
	to := rapid.Uint64Range(from, 16).Draw(h.t, "to")
	items := []Item{}
	keep := map[sweep.Key]uint64{}
	for i := from; i < to; i++ {
		items = append(items, item(i))
		keep[item(i).Key] = i
	}
	h.specs[id], h.fed[id] = items, 0
	for i := range uint64(16) { // the trouble of a point that left the sweep is forgotten
		if _, ok := keep[item(i).Key]; !ok {
			delete(h.unsafe, troubled{id, item(i).Key})
		}
	}
	h.q.Add(Sweep{
		ID: id, Name: id, Trainer: "t", Version: 1, Priority: rapid.IntRange(0, 1).Draw(h.t, "priority"),
		Retries: 1, QuarantineAfter: 2,
	}, func(k sweep.Key, _ []byte) (uint64, bool) { i, ok := keep[k]; return i, ok })
}

func (h *history) feed(id string, n int) {
	items := h.specs[id]
	end := min(h.fed[id]+n, len(items))
	var todo []Item
	for _, it := range items[h.fed[id]:end] {
		if !h.stored[it.Key] {
			todo = append(todo, it)
		}
	}
	h.fed[id] = end
	h.q.Feed(id, todo, end == len(items))
}

// after looks at what an event led to.
func (h *history) after() {
	h.q.Fill(h.now)
	r := h.q.Ready()
	for _, c := range r.Cancels {
		for k, g := range h.live {
			if g.Task.Fence == c.Fence {
				delete(h.live, k)
			}
		}
	}
	for _, t := range r.Troubles {
		h.saving = append(h.saving, t)
		h.unsafe[troubled{t.Sweep, t.Key}]++
	}
	for _, g := range r.Grants {
		key := sweep.KeyOf(g.Task.Point)
		if g.Task.Fence <= h.fence {
			h.t.Fatalf("fence %d after %d", g.Task.Fence, h.fence)
		}
		h.fence = g.Task.Fence
		if other, ok := h.live[key]; ok {
			h.t.Fatalf("%v is granted to %s while %s has it", g.Task.Point, g.Agent, other.Agent)
		}
		if h.stored[key] {
			h.t.Fatalf("%v is granted though it is stored", g.Task.Point)
		}
		if h.unsafe[troubled{g.Task.Sweep, key}] > 0 {
			h.t.Fatalf("%v is granted before its trouble is stored", g.Task.Point)
		}
		if g.Task.Checkpoint != h.steps[key] {
			h.t.Fatalf("%v is granted from step %d, and its checkpoint is of step %d", g.Task.Point, g.Task.Checkpoint, h.steps[key])
		}
		h.live[key] = g
	}
	if err := h.q.check(); err != nil {
		h.t.Fatal(err)
	}
}

// end forgets the leases of an agent.
func (h *history) end(agent string) {
	for k, g := range h.live {
		if g.Agent == agent {
			delete(h.live, k)
		}
	}
}

func (h *history) lease() (sweep.Key, Grant, bool) {
	for i := range uint64(16) { // in a fixed order
		if g, ok := h.live[item(i).Key]; ok && rapid.Bool().Draw(h.t, "this") {
			return item(i).Key, g, true
		}
	}
	return sweep.Key{}, Grant{}, false
}

func (h *history) claim(g Grant) Claim {
	key, in := sweep.KeyOf(g.Task.Point), map[string]Item{}
	for id, items := range h.specs {
		for _, x := range items {
			if x.Key == key {
				in[id] = x
			}
		}
	}
	return Claim{Key: key, Stored: h.stored[key], In: in, Claim: sweep.Claim{Fence: g.Task.Fence, Point: g.Task.Point, Threads: 1, Attempt: 1}}
}

func (h *history) connect(id string) {
	hello := sweep.Hello{Agent: id, Trainers: map[string]int{"t": 1}}
	var claims []Claim
	for i := range uint64(16) {
		it := item(i)
		if g, ok := h.live[it.Key]; ok && g.Agent == id && rapid.Bool().Draw(h.t, "claim") {
			claims = append(claims, h.claim(g))
		}
	}
	for _, g := range h.ghosts {
		if g.Agent == id && rapid.Bool().Draw(h.t, "ghost") {
			claims = append(claims, h.claim(g))
		}
	}
	h.ghosts = slices.DeleteFunc(h.ghosts, func(g Grant) bool { return g.Agent == id })
	h.end(id)
	kept := h.q.Connect(hello, claims, h.now)
	for _, k := range kept {
		for _, c := range claims {
			if c.Fence == k.Old {
				g := Grant{Agent: id, Task: sweep.Task{Fence: k.New, Point: c.Point}}
				if k.New <= h.fence || h.live[c.Key].Agent != "" || h.stored[c.Key] {
					h.t.Fatalf("%v was attached to %s wrongly", c.Point, id)
				}
				h.fence, h.live[c.Key] = k.New, g
			}
		}
	}
	h.q.Capacity(id, sweep.Capacity{Cores: 2, Memory: int64(rapid.IntRange(2, 9).Draw(h.t, "memory")), Window: rapid.IntRange(0, 4).Draw(h.t, "window")})
}

func (h *history) store(key sweep.Key) {
	h.q.Delivered("any", key)
	h.after()
	delete(h.live, key)
	h.stored[key] = true
	delete(h.steps, key)
	h.q.Done(key)
}

func (h *history) settle() {
	for _, t := range h.saving {
		h.unsafe[troubled{t.Sweep, t.Key}]--
		h.q.Settle(t.Sweep, t.Key)
	}
	h.saving = nil
}

func (h *history) step() {
	t := h.t
	sweeps, agents := rapid.SampledFrom([]string{"A", "B", "C"}), rapid.SampledFrom([]string{"a", "b", "c"})
	switch op := rapid.IntRange(0, 17).Draw(t, "op"); op {
	case 0:
		h.add(sweeps.Draw(t, "sweep"))
	case 1, 2:
		if id := sweeps.Draw(t, "sweep"); h.specs[id] != nil {
			h.feed(id, rapid.IntRange(1, 8).Draw(t, "n"))
		}
	case 3, 4:
		h.connect(agents.Draw(t, "agent"))
	case 5, 6:
		if key, g, ok := h.lease(); ok {
			h.q.Delivered(g.Agent, key)
			h.store(key)
		}
	case 7:
		if key, g, ok := h.lease(); ok && h.q.Failed(key, g.Task.Fence, 0, "boom", h.now) {
			delete(h.live, key)
			delete(h.steps, key)
		}
	case 8:
		h.settle()
	case 9:
		h.now = h.now.Add(time.Duration(rapid.IntRange(1, 12).Draw(t, "seconds")) * time.Second)
		for _, a := range h.q.Expire(h.now) {
			for i := range uint64(16) {
				if g := h.live[item(i).Key]; g.Agent == a {
					h.ghosts = append(h.ghosts, g)
				}
			}
			h.end(a)
		}
	case 10:
		h.q.Heard(agents.Draw(t, "agent"), h.now)
	case 11:
		h.q.Disconnect(agents.Draw(t, "agent"))
	case 12:
		h.q.Pause(sweeps.Draw(t, "sweep"), rapid.Bool().Draw(t, "paused"))
	case 13:
		if key, g, ok := h.lease(); ok {
			h.q.Handback(g.Agent, key, g.Task.Fence, h.now)
			delete(h.live, key)
		}
	case 14:
		if rapid.Bool().Draw(t, "leave") {
			a := agents.Draw(t, "agent")
			h.q.Leave(a)
			h.end(a)
		} else {
			h.q.Retry(sweeps.Draw(t, "sweep"), nil)
		}
	case 15:
		id := sweeps.Draw(t, "sweep")
		if rapid.Bool().Draw(t, "stop") {
			if rapid.Bool().Draw(t, "remove") {
				h.q.Remove(id)
			} else {
				h.q.Stop(id)
			}
			delete(h.specs, id)
			for i := range uint64(16) {
				delete(h.unsafe, troubled{id, item(i).Key})
			}
		} else if items := h.specs[id]; len(items) > 0 {
			h.q.CancelPoints(id, items[:1])
		}
	case 16:
		if i := item(rapid.Uint64Range(0, 15).Draw(t, "saved")); !h.stored[i.Key] {
			h.steps[i.Key]++
			h.q.Saved(i.Key, i.Point, h.steps[i.Key])
		}
	case 17:
		h.die(agents.Draw(t, "agent"))
	}
	h.after()
}

// die has a successor tell the death of an agent, which may be alive all the same, or lost long ago.
func (h *history) die(id string) {
	d := Death{Agent: id, Alone: rapid.Bool().Draw(h.t, "alone"), Log: []string{"gone"}}
	gone := h.q.agents[id] == nil || !h.q.agents[id].connected
	for i := range uint64(16) {
		if rapid.IntRange(0, 7).Draw(h.t, "ran") == 0 && gone {
			d.Points = append(d.Points, h.claim(Grant{Agent: id, Task: sweep.Task{Point: item(i).Point}}))
		}
	}
	d.Alone = d.Alone && len(d.Points) == 1
	h.q.Died(d, h.now)
	if gone {
		h.end(id)
	}
}

func TestHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := &history{
			t: t, q: New(3, 10*time.Second), now: time.Unix(0, 0), live: map[sweep.Key]Grant{}, stored: map[sweep.Key]bool{}, steps: map[sweep.Key]int64{},
			unsafe: map[troubled]int{}, specs: map[string][]Item{}, fed: map[string]int{},
		}
		for range rapid.IntRange(0, 80).Draw(t, "steps") {
			h.step()
		}
		h.finish()
	})
}

// finish lets a healthy agent do all that is left: then every sweep is idle, and each of its points stored or at rest.
func (h *history) finish() {
	h.now = h.now.Add(time.Hour)
	for _, a := range h.q.Expire(h.now) {
		h.end(a)
	}
	for _, id := range []string{"A", "B", "C"} {
		h.q.Pause(id, false)
		if h.specs[id] != nil {
			h.feed(id, 100)
		}
	}
	h.settle()
	h.q.Connect(sweep.Hello{Agent: "z", Trainers: map[string]int{"t": 1}}, nil, h.now)
	h.q.Capacity("z", sweep.Capacity{Cores: 4, Memory: 4, Window: 5})
	h.after()
	for range 200 {
		for i := range uint64(16) {
			if key := item(i).Key; h.live[key].Agent == "z" {
				h.store(key)
				h.after()
			}
		}
		h.settle()
		h.after()
	}
	for id, items := range h.specs {
		if c := h.q.Counts(id); !c.Idle || c.Running > 0 {
			h.t.Fatalf("sweep %s does not end: %+v", id, c)
		}
		for _, it := range items {
			if state := h.q.Look(id, it.Key).State; !h.stored[it.Key] && state == sweep.Pending {
				h.t.Fatalf("sweep %s: %d was forgotten", id, it.Index)
			}
		}
	}
}
