package gd

import (
	"fmt"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// BenchmarkStart is a point without training, all that `init` needs: the network of step 0 and its tangent kernel's least eigenvalue. Its data
// set is in the library, but for "data set", which makes one for each point.
func BenchmarkStart(b *testing.B) {
	record := &sweep.Record{Curves: []string{"lambda_min"}, At: sweep.Schedule{Kind: sweep.Log, Count: 2}}
	at := func(b *testing.B, trainer *sweep.Trainer, m int) sweep.Point {
		return point(b, trainer, fmt.Sprintf("n=80 d=20 data=pairs pairs=1 angle=0.1 steps=0 m=%d", m), record)
	}
	for _, m := range []int{64, 256, 1024} {
		b.Run(fmt.Sprintf("m=%d", m), func(b *testing.B) {
			trainer := TwoLayer()
			p := at(b, trainer, m)
			runPoint(b, trainer, p, 1)
			for b.Loop() {
				runPoint(b, trainer, p, 1)
			}
		})
	}
	b.Run("data set", func(b *testing.B) {
		for b.Loop() {
			trainer := TwoLayer()
			runPoint(b, trainer, at(b, trainer, 64), 1)
		}
	})
}
