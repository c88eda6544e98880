// Package storetest is what every store of results has to pass (Run), and what other packages' tests open a store with
// (Open): the store's checker runs after every test that touched one.
package storetest

import (
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// Open opens a new store that the test's end closes and checks.
func Open(t testing.TB) *results.Store {
	t.Helper()
	return OpenIn(t, t.TempDir())
}

// OpenIn is Open in a directory. The test may close the store itself and open the directory again.
func OpenIn(t testing.TB, dir string) *results.Store {
	t.Helper()
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		Check(t, dir)
	})
	return s
}

// Check fails the test unless the directory's store, which nobody has open, is whole, and returns what the checker found.
func Check(t testing.TB, dir string) results.Report {
	t.Helper()
	r, err := results.Check(dir, nil)
	if err != nil {
		t.Error(err)
	}
	for _, d := range r.Damage {
		t.Errorf("check: %v", d)
	}
	return r
}

// Row is the i-th of many rows: a point of its own, and an outcome that is canonical and, for each variant, another.
func Row(i, variant int) results.Row {
	point := fmt.Appendf(nil, "widthlaw point 1\nnumber %d", i)
	outcome := sweep.Outcome{
		Scalars: map[string]sweep.Value{"lambda0": sweep.FloatValue(float64(i) / 3), "variant": sweep.IntValue(int64(variant))},
	}
	started := time.Unix(1_700_000_000, int64(i)).UTC()
	return results.Row{
		Key: sweep.KeyOf(point), Point: point, Outcome: outcome.Encode(nil),
		Provenance: sweep.Provenance{
			Host: "host", Agent: "agent-1", Kernel: "generic", Version: "1", Revision: "abc",
			Started: started, Finished: started.Add(time.Second), Attempts: 1, Threads: 1, Seconds: 1,
		},
	}
}

// Content is size bytes that differ from chunk to chunk.
func Content(size int) []byte {
	b := make([]byte, 0, size+8)
	for i := uint64(0); len(b) < size; i++ {
		b = binary.BigEndian.AppendUint64(b, i*0x9e3779b97f4a7c15)
	}
	return b[:size]
}
