package coordinator

import (
	"math"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
)

func TestSpeedFollowsWhatPointsTake(t *testing.T) {
	var s speed
	cost := sweep.Cost{Flops: 1e9}
	for range 100 {
		s.learn(cost, sweep.Provenance{Seconds: 0.5, Threads: 2})
	}
	if got := s.perFlop(); math.Abs(got-1e-9) > 1e-15 {
		t.Errorf("%v seconds a flop, want 1e-9", got)
	}
	s.learn(cost, sweep.Provenance{Seconds: 1e6, Threads: 2}) // the machine slept
	if got := s.perFlop(); got > 1.2e-9 {
		t.Errorf("one result made it %v", got)
	}
	before := s
	for _, p := range []sweep.Provenance{{}, {Seconds: math.NaN()}, {Seconds: math.Inf(1)}, {Seconds: -1}} {
		s.learn(cost, p)
	}
	s.learn(sweep.Cost{}, sweep.Provenance{Seconds: 1})
	if s != before {
		t.Error("results without a time, or points without a cost, were learned from")
	}
	if (*speed)(nil).perFlop() != guessedSpeed {
		t.Error("nothing is known, and it is not the guess")
	}
}

func TestForecastFallsToNothing(t *testing.T) {
	var f forecast
	f.take(portion{passed: 10, flops: 700, skipped: 300, items: make([]queue.Item, 7)}, 1900) // 3 of the first 10 are stored
	if got := f.left(100, 3); got != 700+900 {
		t.Errorf("left %v", got)
	}
	if got := f.left(100, 3+45); got != 700+450 { // half of those ahead are stored
		t.Errorf("left %v", got)
	}
	for range 7 {
		f.done(sweep.Cost{Flops: 100})
	}
	if got := f.left(100, 10); got != 900 {
		t.Errorf("left %v", got)
	}
	f.take(portion{passed: 90, skipped: 900}, 0)
	if got := f.left(100, 100); got != 0 {
		t.Errorf("left %v at the end", got)
	}
}

func TestRate(t *testing.T) {
	var r rate
	now := time.Unix(1000, 0)
	if r.perSecond(now) != 0 {
		t.Error("a rate of nothing")
	}
	for range 1000 { // 100 a second for 10 s
		r.add(now)
		now = now.Add(10 * time.Millisecond)
	}
	if got := r.perSecond(now); got < 95 || got > 105 {
		t.Errorf("%v a second, want 100", got)
	}
	if got := r.perSecond(now.Add(5 * time.Minute)); got > 1e-6 {
		t.Errorf("%v a second, long after", got)
	}
}
