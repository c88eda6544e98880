package history

import (
	"time"
)

// happen lets a fault happen.
func (d *director) happen(f fault) {
	r := f.random
	d.mu.Lock()
	l := d.now()
	var alive []*process
	for _, h := range d.hosts {
		if h.process != nil {
			alive = append(alive, h.process)
		}
	}
	d.mu.Unlock()
	kind := f.kind
	if len(alive) == 0 || d.plan.poison { // then only what happens to coordinators
		kind %= 45
	}
	if d.plan.cuts && (kind >= 45 && kind < 66 || kind >= 94) {
		kind = 80
	}
	var p *process
	if len(alive) > 0 {
		p = alive[r.IntN(len(alive))]
	}
	switch {
	case kind < 10:
		if l != nil {
			d.killCoordinator(l)
		}
	case kind < 15:
		if l != nil {
			d.down(l)
			d.after(seconds(r, 0, 60), d.comeUp)
		}
	case kind < 25:
		d.arm(diskFault{countdown: 1 + r.IntN(12), then: []int{dieBefore, dieAfter}[r.IntN(2)]})
	case kind < 32:
		d.arm(diskFault{countdown: 1 + r.IntN(8), then: []int{writeNot, writeUnsure}[r.IntN(2)]})
	case kind < 38:
		all := []int{writeNot, writeUnsure, writeWell}[r.IntN(3)]
		x := diskFault{until: time.Now().Add(seconds(r, 1, 45)), all: all}
		if all == writeWell {
			x.slow = seconds(r, 0.1, 8)
		}
		d.arm(x)
	case kind < 45:
		d.freeze(l, seconds(r, 1, 50))
	case kind < 58:
		d.killProcess(p)
	case kind < 66:
		d.mu.Lock()
		d.provoke(trigger{1 + r.IntN(8), r.IntN(2) == 0, r.IntN(2) == 0, p, d.killProcess})
		d.mu.Unlock()
	case kind < 74:
		d.mu.Lock()
		d.provoke(trigger{1 + r.IntN(8), r.IntN(2) == 0, r.IntN(2) == 0, p, d.cut})
		d.mu.Unlock()
	case kind < 80:
		d.cut(p)
	case kind < 88:
		d.isolate(p, seconds(r, 0.1, 70))
	case kind < 94:
		d.stall(p, seconds(r, 0.1, 70), r.IntN(3))
	default:
		host := p.host
		d.leave(p)
		d.after(seconds(r, 0, 30), func() { d.start(host) })
	}
}

func (d *director) provoke(t trigger) {
	d.next = t
	d.noted("%s: something happens at message %d from now, receiving=%v after=%v", t.process.name, t.countdown, t.receiving, t.after)
}

func (d *director) arm(f diskFault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if f.countdown == 0 {
		f.countdown, f.then = d.fault.countdown, d.fault.then
	}
	d.fault = f
	d.noted("disk: for %v what it does is %d, %v slower; at write %d from now it does %d", max(0, time.Until(f.until)), f.all, f.slow, f.countdown, f.then)
}

// cut breaks the connection of an agent, which may dial again at once.
func (w *world) cut(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted("%s is cut off", p.name)
	w.cutWires(p)
}

func (d *director) isolate(p *process, dt time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noted("%s is cut off for %v", p.name, dt)
	p.away = true
	d.cutWires(p)
	d.after(dt, func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		p.away = false
		d.noted("%s may dial again", p.name)
	})
}

// stall holds what travels between an agent and the coordinator, in one direction or both.
func (d *director) stall(p *process, dt time.Duration, which int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.noted("%s: what travels (up %v, down %v) is held for %v", p.name, which != 1, which != 2, dt)
	d.stallWires(func(x *process) bool { return x == p }, which != 1, which != 2, time.Now().Add(dt))
	if p.session != nil {
		p.session.doubt = true
	}
}

// freeze stops the coordinator's process for a while, as SIGSTOP or a machine that sleeps does: its clock jumps. Its loop stands still from
// the next line that it logs.
func (d *director) freeze(l *life, dt time.Duration) {
	if l == nil {
		return
	}
	d.mu.Lock()
	until := time.Now().Add(dt)
	d.noted("coordinator %d stands still for %v", l.number, dt)
	d.stallWires(func(*process) bool { return true }, true, true, until)
	if d.frozen.Before(until) {
		d.frozen = until
	}
	for _, h := range d.hosts {
		if h.process != nil && h.process.session != nil {
			h.process.session.doubt = true // the loop may have had nothing to log, and been awake all the while
		}
	}
	d.mu.Unlock()
}
