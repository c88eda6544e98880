package fit

import (
	"math"
	"testing"
)

// BenchmarkMillion fits 10^6 outcomes without the bootstrap; BenchmarkDraws draws 2,000 times from 10^5.
func BenchmarkMillion(b *testing.B) { benchmark(b, 10000, -1) }

func BenchmarkDraws(b *testing.B) { benchmark(b, 1000, 2000) }

func benchmark(b *testing.B, clusters int64, draws int) {
	k := squareLaw(clusters)
	k.n, k.angle, k.m = []int64{20, 80, 320, 1280}, []float64{0.3, 1, 3}, []int64{16, 64, 256, 1024, 4096, 16384, 65536, 262144}
	runs := k.simulate(1)
	b.ResetTimer()
	for range b.N {
		l := runs.Analyze(Options{Draws: draws}).Laws[0]
		if math.Abs(float64(l.Exponents.N.Value)-k.a) > 0.1 {
			b.Fatalf("the exponent of n is %v", l.Exponents.N.Value)
		}
	}
}
