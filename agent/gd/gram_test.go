package gd

import (
	"fmt"
	"math"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd/eigen"
)

// TestBlockwiseAgreesWithPairwise: two ways to H_inf, and the bits of the faster one for every number of threads.
func TestBlockwiseAgreesWithPairwise(t *testing.T) {
	n := eigen.Large + 70
	for _, data := range []string{
		"d=30", "d=3", "d=1", "d=9 data=pairs angle=1e-9", "d=20 data=pairs angle=0.12", "d=20 data=pairs angle=3.14159",
		"d=40 data=clusters clusters=3 spread=0.001", "d=7 data=clusters clusters=2 spread=0",
	} {
		ds := mustMake(t, fmt.Sprintf("n=%d %s", n, data))
		for i := range ds.D { // an input of zeros, and one that is not of length 1
			ds.X[5*ds.D+i], ds.X[9*ds.D+i] = 0, 3*ds.X[9*ds.D+i]
		}
		matrix := func(threads int) (h []float64) {
			withPool(threads, func(p *pool) error { h = ds.hiddenGram(t.Context(), bestKernel(t), p); return nil })
			return h
		}
		h, again := matrix(1), matrix(3)
		g := hiddenGram{n: n, d: ds.D, h: make([]float64, n*n)}
		g.u, g.size = ds.directions()
		worst := 0.0
		for i := range n {
			g.pairwise(new(worker), i)
			for j := range i + 1 {
				worst = max(worst, math.Abs(h[i*n+j]-g.h[i*n+j]))
				if h[i*n+j] != again[i*n+j] {
					t.Fatalf("%s: three threads give other bits than one", data)
				}
			}
		}
		if !(worst < 4e-15) { // of elements up to 9/2
			t.Errorf("%s: elements differ by %v", data, worst)
		}
		t.Logf("%s: elements differ by %v", data, worst)
	}
}
