//go:build !amd64

package kernel

// widest is the loop that measures the peak; there is no vector loop for this processor.
func widest[F Number]() (loop func(rounds int, start *F), flopsPerRound float64) {
	return plainPeak[F], plainFlops
}
