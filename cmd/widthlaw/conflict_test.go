package main

import (
	"path/filepath"
	"testing"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestConflictIsShown: two stores that disagree in a bit about a point keep the first, say so, and end with exit code 3.
func TestConflictIsShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("quick.yaml", quickSpec)
	h.must("run", "quick.yaml")
	digest := h.must("digest")
	h.disagree("other")
	h.fails(exitFailures, h.command("merge", "other"))
	want(t, h.must("status", "--output", "json"), `"done":6,.*"conflicts":1`)
	want(t, h.must("status"), "gave different bits")
	h.fails(exitFailures, h.command("wait", "quick"))
	if got := h.must("digest"); got != digest {
		t.Errorf("digest after a conflict: %s, before it: %s", got, digest)
	}
}

// disagree makes a state directory with the first result of this one's, but for one number.
func (h *house) disagree(name string) {
	h.t.Helper()
	ours := h.rows(".widthlaw", nil)
	outcome, err := sweep.DecodeOutcome(ours[0].Outcome)
	if err != nil {
		h.t.Fatal(err)
	}
	outcome.Scalars["loss_final"] = sweep.FloatValue(123)
	ours[0].Outcome = outcome.Encode(nil)
	h.rows(name, ours[:1])
}

// rows puts results into a state directory, and gives all that are there.
func (h *house) rows(state string, more []results.Row) (all []results.Row) {
	h.t.Helper()
	store, err := results.Open(filepath.Join(h.dir, state), results.Options{})
	if err != nil {
		h.t.Fatal(err)
	}
	defer store.Close()
	if len(more) > 0 {
		if _, err := store.Put(more); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := store.Walk(func(r results.Row) error { all = append(all, r); return nil }); err != nil {
		h.t.Fatal(err)
	}
	return all
}
