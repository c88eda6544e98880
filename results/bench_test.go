package results_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
)

// BenchmarkPut is durable commits of small rows. "rows/s" is what the coordinator can acknowledge at most.
func BenchmarkPut(b *testing.B) {
	for _, batch := range []int{100, 1000, 5000} {
		b.Run(fmt.Sprint(batch), func(b *testing.B) {
			dir := b.TempDir()
			s := storetest.OpenIn(b, dir)
			rows := make([]results.Row, batch)
			next := 0
			var spent time.Duration
			b.ResetTimer()
			for b.Loop() {
				for i := range rows {
					rows[i] = storetest.Row(next, 0)
					next++
				}
				begin := time.Now()
				if _, err := s.Put(rows); err != nil {
					b.Fatal(err)
				}
				spent += time.Since(begin)
			}
			info, err := os.Stat(filepath.Join(dir, "widthlaw.db"))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(next)/spent.Seconds(), "rows/s")
			b.ReportMetric(float64(info.Size())/float64(next), "bytes/row")
		})
	}
}
