package agent

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestNewAsksForWhatItNeeds(t *testing.T) {
	if _, err := New(Config{}); err == nil {
		t.Error("an agent without a coordinator was made")
	}
}

// BenchmarkEmptyTrainer is how many points a second one agent takes, runs, keeps on disk and delivers.
func BenchmarkEmptyTrainer(b *testing.B) {
	c := newFakeCoordinator()
	defer c.down()
	trainer := fakeTrainer()
	c.add(tasks(b, trainer, int64(b.N), 0)...)
	b.ResetTimer()
	began := time.Now()
	a := start(b, c, trainer, func(config *Config) { config.Log = slog.New(slog.DiscardHandler) })
	for c.arrived() < b.N {
		time.Sleep(time.Millisecond)
	}
	b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "points/s")
	a.end(b)
	if c.doubles() != 0 {
		b.Errorf("%d points did not come exactly once", c.doubles())
	}
}
