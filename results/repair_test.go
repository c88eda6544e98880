package results_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
	"github.com/widthlaw/widthlaw/sweep"
)

// rowsOf are the rows of a store that is closed again, by key.
func rowsOf(t *testing.T, dir string) map[sweep.Key]results.Row {
	t.Helper()
	s := storetest.OpenIn(t, dir)
	defer s.Close()
	all := map[sweep.Key]results.Row{}
	if err := s.Walk(func(r results.Row) error { all[r.Key] = r; return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRepair damages a store here and there. What Repair leaves is sound, holds nothing but what was written, takes the lost
// rows again, and the damaged file is still there.
func TestRepair(t *testing.T) {
	origin := t.TempDir()
	fillStore(t, origin, 1000)
	whole, err := os.ReadFile(filepath.Join(origin, "widthlaw.db"))
	if err != nil {
		t.Fatal(err)
	}
	want, r := rowsOf(t, origin), rand.New(rand.NewPCG(8, 9))
	most := 0
	for trial := range 30 {
		dir := t.TempDir()
		path := filepath.Join(dir, "widthlaw.db")
		bad := bytes.Clone(whole)
		for range 1 + trial/2 {
			bad[4096+r.IntN(len(bad)-4096)] ^= 1 << r.IntN(8)
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		report, aside, err := results.Repair(dir)
		if err != nil {
			t.Fatal(err)
		}
		if kept, err := os.ReadFile(aside); err != nil || !bytes.Equal(kept, bad) {
			t.Fatalf("%s is not the damaged file: %v", aside, err)
		}
		got := rowsOf(t, dir) // which checks the store, too
		for k, row := range got {
			if w := want[k]; !bytes.Equal(w.Outcome, row.Outcome) || w.Provenance != row.Provenance {
				t.Fatalf("row %s was never written so", k)
			}
		}
		if uint64(len(got)) != report.Rows {
			t.Errorf("%d rows, the report says %d", len(got), report.Rows)
		}
		most = max(most, len(got))
		s := storetest.OpenIn(t, dir)
		for k, row := range want {
			if _, ok := got[k]; ok {
				continue
			}
			if v, err := s.Put([]results.Row{row}); err != nil || v[0] != results.Added {
				t.Fatalf("a lost row: %v, %v", v, err)
			}
		}
		if epoch, err := s.NextEpoch(); err != nil || epoch < 2 {
			t.Errorf("epoch %d comes again: %v", epoch, err)
		}
		s.Close()
	}
	if most < len(want)-20 {
		t.Errorf("of %d rows %d were saved at best", len(want), most)
	}
}

// TestRepairOfSound changes nothing that can be read, whatever else is in the store.
func TestRepairOfSound(t *testing.T) {
	dir := t.TempDir()
	fillStore(t, dir, 1000)
	want, err := everything(dir)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := results.Repair(dir); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := everything(dir); err != nil || got != want {
		t.Errorf("the repaired store differs: %v", err)
	}
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(list) != 4 { // the store, its lock, and twice what it was before
		t.Errorf("left in the directory: %v, %v", list, err)
	}
}

// TestRepairRefuses: nothing is changed where nothing can be saved.
func TestRepairRefuses(t *testing.T) {
	dir := t.TempDir()
	storetest.OpenIn(t, dir)
	if _, _, err := results.Repair(dir); err == nil {
		t.Error("a store in use was repaired")
	}
	strange := t.TempDir()
	noise := bytes.Repeat([]byte("not a store\n"), 4096)
	path := filepath.Join(strange, "widthlaw.db")
	if err := os.WriteFile(path, noise, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := results.Repair(strange); err == nil {
		t.Error("noise was repaired")
	}
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, noise) {
		t.Errorf("it was changed: %v", err)
	}
}
