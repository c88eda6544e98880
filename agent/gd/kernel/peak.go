package kernel

import (
	"math"
	"sync"
	"time"
)

// Peak is what the processor's FMA units can do at most in a precision, in 10^9 operations a second, with this many threads: the best of
// five runs of Gauge.
func Peak[F Number](threads int) float64 {
	run, best := Gauge[F](threads), 0.0
	for range 5 {
		best = max(best, run())
	}
	return best
}

// Gauge makes a function that measures the peak once, by a register-only loop of the widest instruction set that the processor has:
// for who measures something else in turn with it, because what a machine can do changes while others use it.
func Gauge[F Number](threads int) (run func() (gflops float64)) {
	loop, flops := widest[F]()
	rounds := 1 << 12
	// Long enough for the clock and for the processor to reach its speed, even if others held one of the two up.
	for min(timeAll(loop, rounds, threads), timeAll(loop, rounds, threads)) <= 20*time.Millisecond {
		rounds *= 2
	}
	return func() float64 {
		return flops * float64(rounds) * float64(threads) / timeAll(loop, rounds, threads).Seconds() / 1e9
	}
}

// timeAll runs the loop in every thread at once and waits for the last.
func timeAll[F Number](loop func(rounds int, start *F), rounds, threads int) time.Duration {
	var wait sync.WaitGroup
	begin := time.Now()
	for range threads {
		wait.Go(func() {
			start := [16]F{} // one vector
			for i := range start {
				start[i] = 1e-3
			}
			loop(rounds, &start[0])
		})
	}
	wait.Wait()
	return time.Since(begin)
}

const plainFlops = 8 * 2

// plainPeak is the loop in plain Go: eight chains.
func plainPeak[F Number](rounds int, start *F) {
	x := float64(*start)
	s0, s1, s2, s3, s4, s5, s6, s7 := x, x, x, x, x, x, x, x
	for range rounds {
		s0, s1 = math.FMA(x, x, s0), math.FMA(x, x, s1)
		s2, s3 = math.FMA(x, x, s2), math.FMA(x, x, s3)
		s4, s5 = math.FMA(x, x, s4), math.FMA(x, x, s5)
		s6, s7 = math.FMA(x, x, s6), math.FMA(x, x, s7)
	}
	*start = F(s0 + s1 + s2 + s3 + s4 + s5 + s6 + s7)
}
