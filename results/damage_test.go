package results_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
	"github.com/widthlaw/widthlaw/sweep"
)

// fillStore puts some of everything into a new store, in several commits, and removes some again.
func fillStore(t testing.TB, dir string, many int) {
	t.Helper()
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for from := 0; from < many; from += 100 {
		var rows []results.Row
		for i := from; i < from+100; i++ {
			rows = append(rows, storetest.Row(i, 0))
		}
		rows[1].Provenance.Host = strings.Repeat("long ", 2000) // overflow pages
		_, err = s.Put(rows)
		must(err)
	}
	_, err = s.Put([]results.Row{storetest.Row(7, 1)})
	must(err)
	hash, err := s.PutFile(bytes.NewReader(storetest.Content(300 * many)))
	must(err)
	must(s.SaveSweep(results.SweepRecord{ID: "one", Name: "first", Files: map[string]string{"a.csv": hash}, Submitted: time.Unix(1_700_000_000, 0).UTC()}))
	var troubles []results.Trouble
	for i := range 60 {
		troubles = append(troubles, results.Trouble{Sweep: "one", Key: storetest.Row(5000+i, 0).Key, State: sweep.Failed, Error: "no", History: []string{"a"}})
	}
	must(s.SaveTroubles(troubles))
	_, err = s.NextEpoch()
	must(err)
	var drop []sweep.Key
	for i := range many / 7 {
		drop = append(drop, storetest.Row(3*i, 0).Key)
	}
	must(s.DeleteSweep("none", drop))
	must(s.Close())
}

// everything reads all that a store gives and hashes it.
func everything(dir string) (sum [32]byte, err error) {
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		return sum, err
	}
	defer s.Close()
	h := sha256.New()
	err = s.Walk(func(r results.Row) error {
		again, ok, err := s.Get(r.Key)
		if err == nil && (!ok || !bytes.Equal(again.Outcome, r.Outcome)) {
			err = errors.New("Get and Walk differ")
		}
		fmt.Fprintf(h, "%x %x %v\n", r.Point, r.Outcome, r.Provenance)
		return err
	})
	if err != nil {
		return sum, err
	}
	conflicts, err1 := s.Conflicts()
	sweeps, err2 := s.Sweeps()
	troubles, err3 := s.Troubles("one")
	if err := errors.Join(err1, err2, err3); err != nil {
		return sum, err
	}
	for _, r := range sweeps {
		for _, hash := range r.Files {
			f, err := s.OpenFile(hash)
			if err != nil {
				return sum, err
			}
			if _, err := io.Copy(h, f); err != nil {
				return sum, err
			}
		}
	}
	fmt.Fprintln(h, s.Len(), conflicts, sweeps, troubles)
	h.Sum(sum[:0])
	return sum, nil
}

// TestFlippedBytes flips single bytes of a store with a thousand outcomes. What is read afterwards is either what was written or an
// error, and then the check finds it too.
func TestFlippedBytes(t *testing.T) {
	seeds := []uint64{7}
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		seeds = []uint64{7, 8, 9, 10}
	}
	dir := t.TempDir()
	fillStore(t, dir, 1200)
	path := filepath.Join(dir, "widthlaw.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want, err := everything(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, seed := range seeds {
		random := rand.New(rand.NewPCG(seed, 7))
		found, harmless := 0, 0
		for i := range 500 {
			at, bit := random.IntN(len(whole)), byte(1)<<random.IntN(8)
			if i < 100 { // the pages that say where the others are, both of them
				at = i%2*4096 + random.IntN(96)
			}
			damage := bytes.Clone(whole)
			damage[at] ^= bit
			if err := os.WriteFile(path, damage, 0o600); err != nil {
				t.Fatal(err)
			}
			if flip := fmt.Sprintf("seed %d: flip %d at %d", seed, i, at); checkFlipped(t, flip, dir, want) {
				found++
			} else {
				harmless++
			}
		}
		if found < 150 {
			t.Fatalf("seed %d: of 500 flips only %d were damage, %d harmless: the test reaches too little", seed, found, harmless)
		}
		t.Logf("seed %d: %d damaging flips found, %d harmless", seed, found, harmless)
	}
}

// checkFlipped looks at a store with a flipped byte and says whether the check finds it.
func checkFlipped(t *testing.T, flip, dir string, want [32]byte) (found bool) {
	t.Helper()
	r, err := results.Check(dir, nil)
	if err != nil && !errors.Is(err, results.ErrNewerSchema) {
		t.Fatalf("%s: check: %v", flip, err)
	}
	got, readErr := everything(dir)
	switch {
	case readErr != nil && !errors.Is(readErr, results.ErrDamaged):
		t.Fatalf("%s: %v", flip, readErr)
	case readErr != nil && r.Clean():
		t.Fatalf("%s: reading says %v, the check finds nothing", flip, readErr)
	case readErr == nil && got != want:
		t.Fatalf("%s: other numbers, silently; the check finds %v", flip, r.Damage)
	}
	return !r.Clean()
}

func TestCutShort(t *testing.T) {
	dir := t.TempDir()
	fillStore(t, dir, 1000)
	path := filepath.Join(dir, "widthlaw.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var copy bytes.Buffer
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Backup(&copy), s.Close()); err != nil {
		t.Fatal(err)
	}
	used := copy.Len()
	for _, length := range []int{1, 100, 4096, 8191, 8192, 12288, used / 2, used - 4096, used - 1} {
		if err := os.WriteFile(path, whole[:length], 0o600); err != nil {
			t.Fatal(err)
		}
		if r, err := results.Check(dir, nil); err != nil || r.Clean() {
			t.Errorf("cut to %d of %d: check finds %v, %v", length, used, r.Damage, err)
		}
		if _, err := everything(dir); !errors.Is(err, results.ErrDamaged) {
			t.Errorf("cut to %d of %d: %v", length, used, err)
		}
	}
}

// TestCutShortWhileOpen makes the mapping fault under a reader and a writer.
func TestCutShortWhileOpen(t *testing.T) {
	dir := t.TempDir()
	fillStore(t, dir, 1000)
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := os.Truncate(filepath.Join(dir, "widthlaw.db"), 8192); err != nil {
		t.Fatal(err)
	}
	if err := s.Walk(func(results.Row) error { return nil }); !errors.Is(err, results.ErrDamaged) {
		t.Errorf("Walk: %v", err)
	}
	if _, _, err := s.Get(storetest.Row(1, 0).Key); !errors.Is(err, results.ErrDamaged) {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Put([]results.Row{storetest.Row(9999, 0)}); !errors.Is(err, results.ErrDamaged) {
		t.Errorf("Put: %v", err)
	}
}

// TestAffected damages one row and expects to hear which.
func TestAffected(t *testing.T) {
	dir := t.TempDir()
	fillStore(t, dir, 1000)
	path := filepath.Join(dir, "widthlaw.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	victim := storetest.Row(500, 0)
	for at := 0; ; at++ { // older copies of its page too
		i := bytes.Index(whole[at:], victim.Point)
		if i < 0 {
			break
		}
		at += i
		whole[at] ^= 1
	}
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := results.Check(dir, nil)
	if err != nil || len(r.Affected) != 1 || r.Affected[0] != victim.Key {
		t.Fatalf("affected: %v, %v; want %v", r.Affected, err, victim.Key)
	}
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, _, err := s.Get(victim.Key); !errors.Is(err, results.ErrDamaged) {
		t.Errorf("Get: %v", err)
	}
	if _, ok, err := s.Get(storetest.Row(499, 0).Key); !ok || err != nil {
		t.Errorf("the row beside it: %v, %v", ok, err)
	}
}

// TestValid lets the caller judge rows.
func TestValid(t *testing.T) {
	dir := t.TempDir()
	fillStore(t, dir, 1000)
	victim := storetest.Row(500, 0)
	r, err := results.Check(dir, func(r results.Row) error {
		if r.Key == victim.Key {
			return errors.New("makes no sense")
		}
		_, err := sweep.DecodeOutcome(r.Outcome)
		return err
	})
	if err != nil || len(r.Affected) != 1 || len(r.Damage) != 1 || !strings.Contains(r.Damage[0].Text, "makes no sense") {
		t.Fatalf("%+v, %v", r, err)
	}
}
