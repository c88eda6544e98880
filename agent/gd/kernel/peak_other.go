//go:build !amd64

package kernel

// widest is the loop that measures the peak; there is no vector loop for this processor.
func widest() (loop func(rounds int, start *[8]float64), flopsPerRound float64) {
	return fmaScalar, scalarFlops
}
