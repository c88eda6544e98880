package coordinator

import (
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A forecast knows what of a sweep's cost is left.
type forecast struct {
	known  bool
	whole  float64 // flops of all points
	behind float64 // flops of the points that the cursor has passed
	passed uint64  // how many those are
	open   float64 // flops of those of them that had no outcome, and still have none
	points uint64  // how many those are
}

func (f *forecast) take(p portion, whole float64) {
	if whole > 0 {
		f.known, f.whole = true, whole
	}
	f.behind += p.flops + p.skipped
	f.passed += p.passed
	f.open += p.flops
	f.points += uint64(len(p.items))
}

func (f *forecast) done(cost sweep.Cost) {
	f.open = max(f.open-cost.Flops, 0)
	f.points = max(f.points, 1) - 1
}

// left is the flops of the points without an outcome. Ahead of the cursor some points may be stored; they are taken to be of average
// cost.
func (f *forecast) left(points, done uint64) float64 {
	ahead := max(f.whole-f.behind, 0)
	if behind := f.passed - min(f.points, f.passed); done > behind && points > f.passed {
		ahead *= 1 - min(float64(done-behind)/float64(points-f.passed), 1)
	}
	return ahead + f.open
}

// A speed is what a trainer's flops take: core-seconds by the clock for each flop that the cost model says. It so has learned both the
// machine's speed and the share of a budget that points use.
type speed struct {
	seconds, flops float64 // weighted, older results less
	samples        int
}

// speedMemory is by how much a result's weight falls with each later one.
const speedMemory = 0.999

// guessedSpeed is for a trainer of which nothing is known: seconds a flop, on one core.
const guessedSpeed = 2e-10

// learn takes a result in. One that is off by more than a factor of ten (a machine that was suspended) counts as if it were off by ten.
func (s *speed) learn(cost sweep.Cost, p sweep.Provenance) {
	x := p.Seconds * float64(max(p.Threads, 1))
	if !(cost.Flops > 0) || !(x > 0) || math.IsInf(x, 0) || math.IsInf(cost.Flops, 0) {
		return
	}
	if s.samples >= 10 {
		usual := s.perFlop() * cost.Flops
		x = min(max(x, usual/10), usual*10)
	}
	s.seconds = speedMemory*s.seconds + x
	s.flops = speedMemory*s.flops + cost.Flops
	s.samples++
}

func (s *speed) perFlop() float64 {
	if s == nil || s.flops == 0 {
		return guessedSpeed
	}
	return s.seconds / s.flops
}

// learn takes the time that a result took into the speed of its trainer.
func (c *Coordinator) learn(l *landing) {
	if !l.known {
		return
	}
	name := l.point.Trainer.Name
	s := c.speeds[name]
	if s == nil {
		s = &speed{}
		c.speeds[name] = s
	}
	s.learn(l.cost, l.Provenance)
	if s.samples&(s.samples-1) != 0 && s.samples%64 != 0 { // at 1, 2, 4, ..., 64, 128, 192, ...
		return
	}
	for _, k := range c.campaigns {
		if k.spec.Trainer.Name == name {
			c.queue.SetSpeed(k.id, s.perFlop())
		}
	}
}

// eta is how long a sweep will take if all agents work on it; negative: not known.
func (c *Coordinator) eta(k *campaign, s sweep.Status) time.Duration {
	cores := 0
	for _, a := range c.queue.Agents() {
		if a.Connected {
			cores += a.Capacity.Cores
		}
	}
	if cores == 0 || s.Stopped {
		return -1
	}
	seconds := 0.0
	if k.forecast.known || k.hunt != nil {
		seconds = k.left(s) * c.speeds[k.spec.Trainer.Name].perFlop() / float64(cores)
	}
	if s.DonePerSecond > 0 && seconds < 1 { // many small points: what they cost is not flops
		seconds = max(seconds, float64(s.Pending+s.Running+s.Preempted)/s.DonePerSecond)
	} else if !k.forecast.known && k.hunt == nil {
		return -1
	}
	if seconds > 1e9 {
		return -1
	}
	return time.Duration(seconds * 1e9)
}

// left is the flops of a sweep's points without an outcome.
func (k *campaign) left(s sweep.Status) float64 {
	if k.hunt != nil {
		return k.forecast.open + k.hunt.flops
	}
	return k.forecast.left(s.Points, s.Done)
}

// A rate counts how many points are done a second, lately.
type rate struct {
	n    float64 // weighted by age
	last time.Time
	from time.Time
}

// rateTime is the age by which a point's weight falls to 1/e.
const rateTime = 10 * time.Second

func (r *rate) add(now time.Time) {
	if r.last.IsZero() {
		r.from = now
	}
	r.n = r.n*r.fade(now) + 1
	r.last = now
}

func (r *rate) fade(now time.Time) float64 {
	return math.Exp(-float64(now.Sub(r.last)) / float64(rateTime))
}

func (r *rate) perSecond(now time.Time) float64 {
	if r.last.IsZero() {
		return 0
	}
	seen := 1 - math.Exp(-float64(now.Sub(r.from))/float64(rateTime)) // the weight of a steady stream since it began
	return r.n * r.fade(now) / (rateTime.Seconds() * max(seen, 0.01))
}
