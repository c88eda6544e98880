package kernel

import (
	"fmt"
	"slices"
	"testing"
)

// BenchmarkProduct is the speed of products, their padding not counted as work, beside the peak that was measured in the same run.
func BenchmarkProduct(b *testing.B) {
	for _, name := range Names() {
		k, _ := Choose(name)
		for _, s := range [][3]int{{64, 1000, 1000}, {64, 1000, 50}, {64, 50, 1000}, {64, 100, 100}, {64, 20, 40}, {32, 20, 40}, {32, 40, 20}, {8, 20, 40}, {64, 4000, 1000}} {
			rows, inner, outer := s[0], s[1], s[2]
			b.Run(fmt.Sprintf("%s/%dx%dx%d", name, rows, inner, outer), func(b *testing.B) {
				x, packed := random(1, rows*inner), Pack[float64](random(2, inner*outer), inner, outer, outer, 1)
				c := make([]float64, rows*packed.Stride())
				for b.Loop() {
					k.Product(c, x, inner, rows, packed)
				}
				speed := 2 * float64(rows*inner*outer) * float64(b.N) / b.Elapsed().Seconds() / 1e9
				b.ReportMetric(speed, "GF/s")
				b.ReportMetric(speed/Peak[float64](1), "of-peak")
			})
		}
	}
}

// BenchmarkElements is the time of everything else, for each sample of each neuron.
func BenchmarkElements(b *testing.B) {
	for _, name := range Names() {
		k, _ := Choose(name)
		for _, n := range []int{20, 40, 100, 1000} {
			const rows = 64
			x, y, z, a, g := random(1, rows*n), random(2, rows*n), random(3, rows*n), random(4, rows), random(5, n)
			few, bits, sum := make([]float64, rows), make([]uint64, rows*Words(n)), make([]float64, n)
			small := slices.Repeat([]float64{1e-9}, rows)
			for _, c := range []struct {
				name string
				do   func()
			}{
				{"descend", func() { k.Descend(x, small, y, n, n) }},
				{"activate", func() { k.Activate(z, n, a, bits, sum) }},
				{"push", func() { k.Push(y, small, bits, g) }},
				{"dots", func() { k.Dots(few, x, n, y, n, n) }},
				{"distances", func() { k.Distances(few, x, y, n) }},
				{"works", func() { k.Works(few, x, y, z, n) }},
			} {
				b.Run(fmt.Sprintf("%s/%s/%d", name, c.name, n), func(b *testing.B) {
					for b.Loop() {
						c.do()
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows/float64(n), "ns/element")
				})
			}
		}
	}
}

// BenchmarkGather is the speed of Gather as a product's, what is not set counted as work: the peak is no bound.
func BenchmarkGather(b *testing.B) {
	for _, name := range Names() {
		k, _ := Choose(name)
		for _, s := range [][3]int{{64, 1000, 1000}, {64, 1000, 50}, {64, 100, 20}, {64, 100, 100}, {64, 40, 20}, {32, 20, 20}, {64, 80, 20}, {64, 64, 48}} {
			rows, inner, outer := s[0], s[1], s[2]
			b.Run(fmt.Sprintf("%s/%dx%dx%d", name, rows, inner, outer), func(b *testing.B) {
				g, right := random(1, inner), NewRows[float64](inner, outer)
				copy(right.Data, random(2, len(right.Data)))
				c, bits := make([]float64, rows*right.Width()), patterns(1, rows, inner)
				for b.Loop() {
					k.Gather(c, bits, g, rows, right)
				}
				b.ReportMetric(2*float64(rows*inner*outer)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GF/s")
			})
		}
	}
}
