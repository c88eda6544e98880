package results_test

import (
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden reads a store that the first schema wrote. It must stay readable; a new schema adds a file, it replaces none.
func TestGolden(t *testing.T) {
	const golden = "testdata/schema1.db"
	if *update {
		dir := t.TempDir()
		fillStore(t, dir, 100)
		if _, _, err := results.Compact(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "widthlaw.db"), golden); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "widthlaw.db"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	r := storetest.Check(t, dir)
	if r.Rows != 86 || r.Conflicts != 1 || r.Sweeps != 1 || r.Troubles != 60 || r.Files != 1 {
		t.Errorf("the check counts %+v", r)
	}
	got, err := everything(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(got[:]); got != goldenSum {
		t.Errorf("it reads as %s, want %s", got, goldenSum)
	}
	s := storetest.OpenIn(t, dir)
	if verdicts, err := s.Put([]results.Row{storetest.Row(1, 0), storetest.Row(9999, 0)}); err != nil || verdicts[0] != results.Same || verdicts[1] != results.Added {
		t.Errorf("putting more: %v, %v", verdicts, err)
	}
	if epoch, err := s.NextEpoch(); err != nil || epoch < 2 {
		t.Errorf("epoch %d, %v", epoch, err)
	}
}

const goldenSum = "66b7084fea7710fc4c7c37999f004dc251c2679b5ffeae4b25db159c91f587b0"
