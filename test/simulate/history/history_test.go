//go:debug tlsmlkem=0

package history

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/widthlaw/widthlaw/results/storetest"
)

// histories is how many of them run here, where goroutines take turns as they happen to; many more run by the command in test/simulate,
// each of which can be run again.
const histories = 40

func TestHistories(t *testing.T) {
	folder := fast(t)
	const shares = 2
	for share := range shares {
		t.Run(fmt.Sprintf("share %d", share), func(t *testing.T) {
			t.Parallel()
			for seed := uint64(share); seed < histories; seed += shares {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					var r Report
					synctest.Test(t, func(*testing.T) { r = Run(seed, filepath.Join(folder, fmt.Sprint(seed)), false) })
					for _, v := range r.Violations {
						t.Errorf("%s\nperhaps again, with a transcript: go run ./test/simulate -seed %d -histories 1 -v", v, seed)
					}
				})
			}
		})
	}
}

// fast is a folder in memory where there is one.
func fast(t *testing.T) string {
	t.Helper()
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	folder, err := os.MkdirTemp(memory, "widthlaw-history-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	return folder
}

// The store in memory is one: what holds of results.Store holds of it.
func TestMemory(t *testing.T) {
	stores := map[string]*memory{}
	storetest.Run(t, func(_ testing.TB, dir string) storetest.Store {
		if stores[dir] == nil {
			stores[dir] = newMemory()
		}
		return stores[dir]
	}, func(testing.TB, string) {})
}
