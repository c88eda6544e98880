package gd

import (
	"testing"
	"testing/synctest"
)

// TestGateSleeps: who waits long enough sleeps, and is woken.
func TestGateSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g, through := newGate(), false
		go func() {
			g.wait()
			through = true
		}()
		synctest.Wait() // returns once the goroutine sleeps: a gate that only looked would never let it
		if through || g.state.Load() != asleep {
			t.Errorf("through: %v, state %d", through, g.state.Load())
		}
		g.open()
		synctest.Wait()
		if !through || g.state.Load() != shut {
			t.Errorf("opened; through: %v, state %d", through, g.state.Load())
		}
	})
}

// TestGateHandsOver: two goroutines take turns at a number, however long either waits.
func TestGateHandsOver(t *testing.T) {
	there, back := newGate(), newGate()
	const turns = 2000
	number := 0
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range turns {
			there.wait()
			number++
			back.open()
		}
	}()
	for range turns {
		number++
		there.open()
		back.wait()
	}
	<-over
	if number != 2*turns {
		t.Errorf("%d turns, want %d", number, 2*turns)
	}
}
