package kernel

import (
	"math"
	"sync"
	"time"
)

// Peak is what the processor's FMA units can do at most, in 10^9 float64 operations a second, with this many threads: the best of
// five runs of Gauge.
func Peak(threads int) float64 {
	run, best := Gauge(threads), 0.0
	for range 5 {
		best = max(best, run())
	}
	return best
}

// Gauge makes a function that measures the peak once, by a register-only loop of the widest instruction set that the processor has:
// for who measures something else in turn with it, because what a machine can do changes while others use it.
func Gauge(threads int) (run func() (gflops float64)) {
	loop, flops := widest()
	rounds := 1 << 12
	for { // long enough for the clock and for the processor to reach its speed, even if others held one of the two up
		if min(timeAll(loop, rounds, threads), timeAll(loop, rounds, threads)) > 20*time.Millisecond {
			break
		}
		rounds *= 2
	}
	return func() float64 {
		return flops * float64(rounds) * float64(threads) / timeAll(loop, rounds, threads).Seconds() / 1e9
	}
}

// timeAll runs the loop in every thread at once and waits for the last.
func timeAll(loop func(rounds int, start *[8]float64), rounds, threads int) time.Duration {
	var wait sync.WaitGroup
	begin := time.Now()
	for range threads {
		wait.Go(func() { loop(rounds, &[8]float64{1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3}) })
	}
	wait.Wait()
	return time.Since(begin)
}

const scalarFlops = 8 * 2

// fmaScalar is the loop in plain Go: eight chains, kept in the array between rounds.
func fmaScalar(rounds int, start *[8]float64) {
	s0, s1, s2, s3, s4, s5, s6, s7 := start[0], start[1], start[2], start[3], start[4], start[5], start[6], start[7]
	x := s0
	for range rounds {
		s0, s1 = math.FMA(x, x, s0), math.FMA(x, x, s1)
		s2, s3 = math.FMA(x, x, s2), math.FMA(x, x, s3)
		s4, s5 = math.FMA(x, x, s4), math.FMA(x, x, s5)
		s6, s7 = math.FMA(x, x, s6), math.FMA(x, x, s7)
	}
	*start = [8]float64{s0, s1, s2, s3, s4, s5, s6, s7}
}
