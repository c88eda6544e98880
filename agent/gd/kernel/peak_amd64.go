package kernel

import "golang.org/x/sys/cpu"

//go:noescape
func fma512(rounds int, start *[8]float64)

//go:noescape
func fma256(rounds int, start *[8]float64)

// widest is the loop of the widest instruction set that the processor has, whatever kernel runs.
func widest() (loop func(rounds int, start *[8]float64), flopsPerRound float64) {
	switch {
	case cpu.X86.HasAVX512F:
		return fma512, 24 * 8 * 2
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return fma256, 14 * 4 * 2
	}
	return fmaScalar, scalarFlops
}
