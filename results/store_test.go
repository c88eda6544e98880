package results_test

import (
	"testing"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
)

func TestStore(t *testing.T) {
	open := func(t testing.TB, dir string) storetest.Store {
		s, err := results.Open(dir, results.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	storetest.Run(t, open, func(t testing.TB, dir string) { storetest.Check(t, dir) })
}
