package history

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/widthlaw/widthlaw/test/toy"
)

// killed tells the director that something has been killed, by itself or by a trigger.
type killed struct {
	process *process
	life    *life
}

// An errand is something that the director has to do at a moment.
type errand struct {
	at time.Time
	do func()
}

// A director lets things happen, one at a time.
type director struct {
	*world
	errands []errand
	paused  bool // as was wanted last
	random  *rand.Rand
}

func (d *director) after(wait time.Duration, do func()) {
	d.errands = append(d.errands, errand{time.Now().Add(wait), do})
	slices.SortStableFunc(d.errands, func(a, b errand) int { return a.at.Compare(b.at) })
}

// direct is the whole history.
func (w *world) direct() {
	d := &director{world: w, random: rand.New(rand.NewPCG(w.plan.seed, 2))}
	w.toy = toy.Trainer()
	if err := os.MkdirAll(w.folder, 0o700); err != nil {
		w.violated("files: %v", err)
		return
	}
	w.disk = w.newDisk()
	for range w.plan.hosts {
		w.newHost(d.random)
	}
	d.comeUp()
	d.submit("first", w.plan.rows)
	for _, h := range w.hosts {
		d.after(seconds(d.random, 0, 5), func() { w.start(h) })
	}
	if w.plan.more > 0 {
		d.after(w.plan.submitMore, func() {
			name := "first"
			if w.plan.second {
				name = "second"
			}
			d.submit(name, w.plan.rows+w.plan.more)
		})
	}
	if w.plan.pause {
		d.after(seconds(d.random, 0, 30), func() { d.paused = true; d.pause() })
		d.after(seconds(d.random, 30, 60), func() { d.paused = false; d.pause() })
	}
	for _, f := range w.plan.faults {
		d.after(f.at, func() { d.happen(f) })
	}
	d.pass(w.plan.horizon)
	d.heal()
	d.finish()
}

// pass lets time pass, with all that is to happen meanwhile.
func (d *director) pass(dt time.Duration) {
	end := time.Now().Add(dt)
	for d.step(end) {
	}
}

// step does what is next; false: there is nothing more before the end.
func (d *director) step(end time.Time) bool {
	next := end
	if len(d.errands) > 0 && d.errands[0].at.Before(end) {
		next = d.errands[0].at
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case x := <-d.signals:
		d.bury(x.(killed))
	case <-timer.C:
		if next.Equal(end) {
			return false
		}
		e := d.errands[0]
		d.errands = d.errands[1:]
		e.do()
	}
	return true
}

// bury cleans up after something was killed, and has it come back later.
func (d *director) bury(k killed) {
	if l := k.life; l != nil {
		if l.stop == nil {
			return // before it was up: comeUp tries again
		}
		d.down(l)
		away := []time.Duration{0, seconds(d.random, 0, 10), seconds(d.random, 0, 90)}[d.random.IntN(3)]
		d.after(away, d.comeUp)
		return
	}
	p := k.process
	p.stop()
	if d.plan.poison {
		d.after(seconds(d.random, 0, 10), func() { d.start(p.host) })
		return
	}
	switch d.random.IntN(8) {
	case 0:
		d.note("the machine of %s went down, and its disk lost the end of what was written", p.name)
		if err := tear(p.host.spool, d.random); err != nil {
			d.violated("files: %v", err)
		}
	case 1:
		other := d.hosts[d.random.IntN(len(d.hosts))]
		d.note("a copy of the spool of %s turns up on host %d", p.name, other.number)
		ghost := p.host.nextSpool(d.world)
		if err := copyTree(ghost, p.host.spool); err != nil {
			d.violated("files: %v", err)
		}
		d.mu.Lock()
		other.extra = append(other.extra, ghost)
		d.mu.Unlock()
	}
	if d.random.IntN(4) > 0 {
		d.after(seconds(d.random, 0, 20), func() { d.start(p.host) })
	}
}

func (d *director) comeUp() {
	d.mu.Lock()
	up := d.now() != nil
	d.mu.Unlock()
	if up {
		return
	}
	if err := d.up(); err != nil {
		d.note("no coordinator: %v", err)
		if !errors.Is(err, errDisk) && !errors.Is(err, errDead) {
			d.violated("no coordinator: %v", err)
		}
		d.after(time.Second, d.comeUp)
	}
}

// submit submits the sweep again and again until that is taken.
func (d *director) submit(name string, rows int64) {
	if err := d.ask(func(c clients) error { return c.submit(d.plan.spec(name, rows)) }); err != nil {
		d.note("sweep %s is not taken: %v", name, err)
		d.after(2*time.Second, func() { d.submit(name, rows) })
		return
	}
	d.note("sweep %s with %d rows is submitted", name, rows)
}

// pause pauses the sweep, or lets it go on, as was wanted last.
func (d *director) pause() {
	on := d.paused
	if err := d.ask(func(c clients) error { return c.pause("first", on) }); err != nil {
		d.note("paused=%v: %v", on, err)
		d.after(2*time.Second, d.pause)
		return
	}
	d.note("the sweep is paused: %v", on)
}

// heal ends all faults and sees to it that every host has an agent.
func (d *director) heal() {
	d.mu.Lock()
	d.noted("no more faults")
	d.fault, d.next = diskFault{}, trigger{}
	for _, h := range d.hosts {
		if h.process != nil {
			h.process.away = false
		}
	}
	d.mu.Unlock()
	for _, h := range d.hosts {
		d.after(0, func() { d.start(h) })
	}
	if d.plan.pause {
		d.paused = false
		d.after(time.Second, d.pause)
	}
}

// patience is how long a sweep may take once there are no more faults: each point may have to run alone several times over.
func (p plan) patience() time.Duration {
	all := time.Duration(0)
	for i := range p.rows + p.more {
		for j := range p.columns {
			n := p.nature(i, j)
			all += n.takes * time.Duration(2+p.retries)
			if n.poison {
				all += quarantineAfter * 2 * time.Minute
			}
		}
	}
	return 2*all + 10*time.Minute
}

// finish waits for the sweeps to rest and looks at everything.
func (d *director) finish() {
	end := time.Now().Add(d.plan.patience())
	rested := false
	for times := 0; times < 2 && time.Now().Before(end); times++ {
		d.pass(5 * time.Second)
		if rested = d.check() && d.delivered(); !rested {
			times = -1
		}
	}
	if !rested {
		d.violated("nothing ends within %v", d.plan.patience())
		d.note("%s", d.standing())
	}
	d.errands = nil
	for _, h := range slices.SortedFunc(slices.Values(d.hosts), func(a, b *host) int { return cmp.Compare(b.number, a.number) }) {
		if p := h.process; p != nil {
			d.leave(p)
		}
	}
	d.pass(45 * time.Second) // longer than a lease: those who were killed are forgotten too
	if rested {
		d.verify()
	}
	d.mu.Lock()
	l := d.now()
	d.mu.Unlock()
	if l != nil {
		d.down(l)
	}
	for len(d.signals) > 0 {
		d.bury((<-d.signals).(killed))
	}
	if rested {
		d.audit()
	}
	if err := d.disk.check(); err != nil {
		d.violated("check: %v", err)
	}
}

// delivered says whether every host has an agent with a session and without results that nobody has acknowledged.
func (w *world) delivered() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.hosts {
		p := h.process
		if p == nil || p.session == nil || p.session.over || len(p.unsafe) > 0 {
			return false
		}
	}
	return true
}

func (d *director) standing() string {
	text := ""
	_ = d.ask(func(c clients) error {
		list, err := c.sweeps()
		for _, s := range list {
			text += fmt.Sprintf("%v\n", s)
		}
		return err
	})
	return text
}
