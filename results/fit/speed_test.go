package fit

import (
	"math"
	"syscall"
	"testing"
)

// BenchmarkMillion fits 10^6 outcomes without the bootstrap, in at most 10 s of a processor; BenchmarkDraws draws 2,000 times from
// 10^5, in at most 60 s of two.
func BenchmarkMillion(b *testing.B) { benchmark(b, 10000, -1, 10) }

func BenchmarkDraws(b *testing.B) { benchmark(b, 1000, 2000, 2*60) }

func benchmark(b *testing.B, clusters int64, draws int, most float64) {
	k := squareLaw(clusters)
	k.vary = 0.05 // so that no rows can be added up
	k.n, k.angle, k.m = []int64{20, 80, 320, 1280}, []float64{0.3, 1, 3}, []int64{16, 64, 256, 1024, 4096, 16384, 65536, 262144}
	runs := k.simulate(1)
	from := userSeconds(b)
	b.ResetTimer()
	for range b.N {
		l := runs.Analyze(Options{Draws: draws}).Laws[0]
		if math.Abs(float64(l.Exponents.N.Value)-k.a) > 0.1 {
			b.Fatalf("the exponent of n is %v", l.Exponents.N.Value)
		}
	}
	took := (userSeconds(b) - from) / float64(b.N)
	b.ReportMetric(took, "cpu-s/op")
	if took > most {
		b.Errorf("%.1f s of a processor, not %g", took, most)
	}
}

// userSeconds are this process' on all processors: what others run beside it does not count.
func userSeconds(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()) / 1e9
}
