package gd

import "sync/atomic"

// A gate is where one goroutine waits until another opens it. The one that waits first looks for some microseconds, as long as a phase of
// a small network takes, since sleeping and waking takes longer than that; then it sleeps, and costs nothing. Going through shuts it.
type gate struct {
	state atomic.Int32
	wake  chan struct{}
}

const (
	shut int32 = iota
	asleep
	opened
)

// looks is how often a gate is looked at before its goroutine sleeps.
const looks = 1 << 15

func newGate() gate { return gate{wake: make(chan struct{}, 1)} }

// open lets the other through, now or when it comes.
func (g *gate) open() {
	if g.state.Swap(opened) == asleep {
		g.wake <- struct{}{}
	}
}

func (g *gate) wait() {
	for range looks {
		if g.state.Load() == opened {
			g.state.Store(shut)
			return
		}
	}
	if g.state.CompareAndSwap(shut, asleep) {
		<-g.wake
	}
	g.state.Store(shut)
}
