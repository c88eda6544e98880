package kernel

import "golang.org/x/sys/cpu"

// widest is the loop of the widest instruction set that the processor has, whatever kernel runs.
func widest[F Number]() (loop func(rounds int, start *F), flopsPerRound float64) {
	lanes := float64(PanelOf[F]()) // of AVX-512
	switch {
	case cpu.X86.HasAVX512F:
		return either[F](avx512Peak, avx512Peak32), 24 * 2 * lanes
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return either[F](avx2Peak, avx2Peak32), 14 * 2 * lanes / 2
	}
	return plainPeak[F], plainFlops
}

func either[F Number](double func(int, *float64), single func(int, *float32)) func(int, *F) {
	if f, ok := any(double).(func(int, *F)); ok {
		return f
	}
	return any(single).(func(int, *F))
}
