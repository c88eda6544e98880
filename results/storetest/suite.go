package storetest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A Store is the contract: results.Store's methods, over whatever keeps them.
type Store interface {
	Put([]results.Row) ([]results.Verdict, error)
	Has(sweep.Key) bool
	Get(sweep.Key) (results.Row, bool, error)
	Len() uint64
	Walk(func(results.Row) error) error
	Conflicts() ([]results.ConflictRow, error)
	SaveSweep(results.SweepRecord) error
	Sweeps() ([]results.SweepRecord, error)
	DeleteSweep(id string, drop []sweep.Key) error
	SaveTroubles([]results.Trouble) error
	Troubles(sweep string) ([]results.Trouble, error)
	ClearTroubles(sweep string, keys []sweep.Key) error
	NextEpoch() (uint32, error)
	PutFile(io.Reader) (hash string, err error)
	OpenFile(hash string) (io.ReadCloser, error)
	Close() error
}

// An Opener opens the store of a directory; opened again after Close, it holds what it held.
type Opener func(t testing.TB, dir string) Store

// Run is the conformance suite. check runs over the directory after each test, when the store is closed.
func Run(t *testing.T, open Opener, check func(t testing.TB, dir string)) {
	tests := map[string]func(*testing.T, *reopening){
		"rows": testRows, "conflict": testConflict, "walk": testWalk, "refusal": testRefusal, "delete": testDelete,
		"sweeps": testSweeps, "troubles": testTroubles, "epoch": testEpoch, "files": testFiles, "concurrent": testConcurrent,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := &reopening{t: t, dir: t.TempDir(), opener: open}
			r.Store = open(t, r.dir)
			test(t, r)
			if err := r.Store.Close(); err != nil {
				t.Error(err)
			}
			check(t, r.dir)
		})
	}
	t.Run("model", func(t *testing.T) { testModel(t, open, check) })
}

// A reopening is a store that can be closed and opened again.
type reopening struct {
	Store
	t      testing.TB
	dir    string
	opener Opener
}

func (r *reopening) reopen() {
	r.t.Helper()
	if err := r.Store.Close(); err != nil {
		r.t.Fatal(err)
	}
	r.Store = r.opener(r.t, r.dir)
}

func (r *reopening) put(want results.Verdict, rows ...results.Row) {
	r.t.Helper()
	verdicts, err := r.Put(rows)
	if err != nil {
		r.t.Fatal(err)
	}
	for i, v := range verdicts {
		if v != want {
			r.t.Fatalf("row %d is %v, want %v", i, v, want)
		}
	}
	if len(verdicts) != len(rows) {
		r.t.Fatalf("%d verdicts on %d rows", len(verdicts), len(rows))
	}
}

func (r *reopening) want(rows ...results.Row) {
	r.t.Helper()
	for _, row := range rows {
		got, ok, err := r.Get(row.Key)
		if err != nil || !ok || !r.Has(row.Key) {
			r.t.Fatalf("Get: %v, %v; Has: %v", ok, err, r.Has(row.Key))
		}
		if d := cmp.Diff(row, got); d != "" {
			r.t.Fatalf("row differs (-put +got):\n%s", d)
		}
	}
}

func someRows(from, to int) []results.Row {
	var list []results.Row
	for i := from; i < to; i++ {
		list = append(list, Row(i, 0))
	}
	return list
}

func testRows(t *testing.T, s *reopening) {
	rows := someRows(0, 700)
	rows[3].Provenance = sweep.Provenance{} // zero times are kept too
	big := sweep.Outcome{Curves: sweep.Curves{Values: map[string][]float64{"loss": nil}}}
	for k := range int64(5000) {
		big.Curves.Step = append(big.Curves.Step, k)
		big.Curves.Values["loss"] = append(big.Curves.Values["loss"], 1/float64(k+1))
	}
	rows[5].Outcome = big.Encode(nil)
	s.put(results.Added, rows...)
	s.put(results.Same, rows[100:300]...)
	for range 2 {
		s.want(rows...)
		if s.Len() != 700 || s.Has(Row(700, 0).Key) {
			t.Fatalf("%d rows, want 700; has one that was never put: %v", s.Len(), s.Has(Row(700, 0).Key))
		}
		if _, ok, err := s.Get(Row(701, 0).Key); ok || err != nil {
			t.Fatalf("a row that was never put: %v, %v", ok, err)
		}
		s.reopen()
	}
	twice := Row(800, 0)
	verdicts, err := s.Put([]results.Row{twice, twice, Row(800, 1)})
	if want := []results.Verdict{results.Added, results.Same, results.Conflict}; err != nil || !slices.Equal(verdicts, want) {
		t.Fatalf("a point thrice in one batch: %v, %v", verdicts, err)
	}
}

func testConflict(t *testing.T, s *reopening) {
	first, other := Row(1, 0), Row(1, 1)
	s.put(results.Added, first, Row(2, 0))
	s.put(results.Conflict, other)
	s.put(results.Conflict, other) // recorded once
	s.put(results.Same, first)
	for range 2 {
		s.want(first)
		list, err := s.Conflicts()
		if want := []results.ConflictRow{{Kept: first, Refused: other}}; err != nil || !cmp.Equal(list, want) {
			t.Fatalf("conflicts: %v\n%s", err, cmp.Diff(want, list))
		}
		s.reopen()
	}
	if err := s.DeleteSweep("none", []sweep.Key{first.Key}); err != nil {
		t.Fatal(err)
	}
	if list, err := s.Conflicts(); err != nil || len(list) != 0 {
		t.Fatalf("%d conflicts of a row that is gone, %v", len(list), err)
	}
}

func testWalk(t *testing.T, s *reopening) {
	rows := someRows(0, 1500)
	for part := range slices.Chunk(rows, 400) {
		s.put(results.Added, part...)
	}
	i := 0
	err := s.Walk(func(r results.Row) error {
		if !cmp.Equal(r, rows[i]) {
			t.Fatalf("row %d of the walk is another", i)
		}
		if i++; i == 10 {
			s.put(results.Added, Row(5000, 0)) // a walk may use the store; it sees what was there when it began
		}
		return nil
	})
	if err != nil || i != len(rows) {
		t.Fatalf("%d rows of %d, %v", i, len(rows), err)
	}
	stop := errors.New("stop")
	if err := s.Walk(func(results.Row) error { return stop }); !errors.Is(err, stop) {
		t.Fatalf("the walk ended with %v, not with the callback's error", err)
	}
}

func testRefusal(t *testing.T, s *reopening) {
	wrong := Row(1, 0)
	wrong.Key[0] ^= 1
	if _, err := s.Put([]results.Row{Row(2, 0), wrong}); err == nil || s.Len() != 0 {
		t.Fatalf("a row under another's key: %v, %d rows", err, s.Len())
	}
}

func testDelete(t *testing.T, s *reopening) {
	rows := someRows(0, 3000)
	s.put(results.Added, rows...)
	file, err := s.PutFile(strings.NewReader("mine"))
	if err != nil {
		t.Fatal(err)
	}
	shared, err := s.PutFile(strings.NewReader("ours"))
	if err != nil {
		t.Fatal(err)
	}
	for id, files := range map[string]map[string]string{"one": {"a": file, "b": shared}, "two": {"b": shared}} {
		if err := s.SaveSweep(results.SweepRecord{ID: id, Files: files}); err != nil {
			t.Fatal(err)
		}
		if err := s.SaveTroubles([]results.Trouble{{Sweep: id, Key: rows[0].Key, State: sweep.Failed}}); err != nil {
			t.Fatal(err)
		}
	}
	var drop []sweep.Key
	for i := 2999; i >= 0; i -= 2 {
		drop = append(drop, rows[i].Key)
	}
	drop = append(drop, drop[0], Row(9999, 0).Key) // twice, and never
	if err := s.DeleteSweep("one", drop); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s.Len() != 1500 || s.Has(rows[1].Key) || !s.Has(rows[0].Key) {
			t.Fatalf("%d rows; has a deleted one: %v; has another: %v", s.Len(), s.Has(rows[1].Key), s.Has(rows[0].Key))
		}
		s.reopen()
	}
	if _, err := s.OpenFile(file); !errors.Is(err, results.ErrNoFile) {
		t.Fatalf("the file of the deleted sweep: %v", err)
	}
	if _, err := s.OpenFile(shared); err != nil {
		t.Fatalf("the file of another sweep: %v", err)
	}
	one, _ := s.Troubles("one")
	two, _ := s.Troubles("two")
	list, err := s.Sweeps()
	if err != nil || len(list) != 1 || list[0].ID != "two" || len(one) != 0 || len(two) != 1 {
		t.Fatalf("left: sweeps %v, troubles %v and %v, %v", list, one, two, err)
	}
	s.put(results.Added, rows[1])
	s.want(rows[1])
}

func testSweeps(t *testing.T, s *reopening) {
	at := time.Unix(1_700_000_000, 5).UTC()
	second := results.SweepRecord{ID: "b", Name: "later", Submitted: at.Add(time.Hour)}
	first := results.SweepRecord{ID: "z", Name: "first", Revision: 1, Spec: []byte("name: \xff first\n"), Filename: "a.yaml", Submitted: at}
	for _, r := range []results.SweepRecord{second, first} {
		if err := s.SaveSweep(r); err != nil {
			t.Fatal(err)
		}
	}
	first.Revision, first.Paused, first.Stopped, first.Priority = 2, true, true, -3
	if err := s.SaveSweep(first); err != nil {
		t.Fatal(err)
	}
	s.reopen()
	list, err := s.Sweeps()
	if want := []results.SweepRecord{first, second}; err != nil || !cmp.Equal(list, want) {
		t.Fatalf("%v\n%s", err, cmp.Diff(want, list))
	}
	for _, r := range []results.SweepRecord{{}, {ID: "a\x00b"}, {ID: "c", Files: map[string]string{"x": strings.Repeat("0", 64)}}} {
		if err := s.SaveSweep(r); err == nil {
			t.Fatalf("sweep %q with files %v was kept", r.ID, r.Files)
		}
	}
}

func testTroubles(t *testing.T, s *reopening) {
	list := []results.Trouble{
		{Sweep: "s", Key: sweep.Key{1}, Index: 7, State: sweep.Failed, Attempts: 3, Error: "no", History: []string{"a", "b"}},
		{Sweep: "s", Key: sweep.Key{2}, State: sweep.Pending, Losses: 1},
		{Sweep: "s", Key: sweep.Key{3}, State: sweep.Cancelled},
	}
	if err := s.SaveTroubles(append(slices.Clone(list), results.Trouble{Sweep: "sweep", Key: sweep.Key{1}})); err != nil {
		t.Fatal(err)
	}
	list[1].Losses, list[1].State = 3, sweep.Quarantined
	if err := s.SaveTroubles(list[1:2]); err != nil {
		t.Fatal(err)
	}
	s.reopen()
	if got, err := s.Troubles("s"); err != nil || !cmp.Equal(got, list) {
		t.Fatalf("%v\n%s", err, cmp.Diff(list, got))
	}
	if err := s.ClearTroubles("s", []sweep.Key{{1}, {2}, {9}}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Troubles("s"); err != nil || !cmp.Equal(got, list[2:]) {
		t.Fatalf("after clearing: %v, %v", got, err)
	}
	if got, err := s.Troubles("sweep"); err != nil || len(got) != 1 {
		t.Fatalf("another sweep's: %v, %v", got, err)
	}
}

func testEpoch(t *testing.T, s *reopening) {
	last := uint32(0)
	for range 5 {
		got, err := s.NextEpoch()
		if err != nil || got <= last {
			t.Fatalf("epoch %d after %d, %v", got, last, err)
		}
		last = got
		s.reopen()
	}
}

func testFiles(t *testing.T, s *reopening) {
	for _, size := range []int{0, 1, 256 << 10, 256<<10 + 1, 9 << 20} {
		content := Content(size)
		sum := sha256.Sum256(content)
		for range 2 {
			if hash, err := s.PutFile(bytes.NewReader(content)); err != nil || hash != hex.EncodeToString(sum[:]) {
				t.Fatalf("%d bytes: %s, %v", size, hash, err)
			}
		}
		s.reopen()
		r, err := s.OpenFile(hex.EncodeToString(sum[:]))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Fatalf("%d bytes read back as %d, %v", size, len(got), err)
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	broken := io.MultiReader(bytes.NewReader(Content(5<<20)), failing{})
	if _, err := s.PutFile(broken); !errors.Is(err, errFailing) {
		t.Fatalf("a reader that fails: %v", err)
	}
	if _, err := s.PutFile(strings.NewReader("after")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.OpenFile(strings.Repeat("0", 64)); !errors.Is(err, results.ErrNoFile) {
		t.Fatalf("a file that was never put: %v", err)
	}
	if _, err := s.OpenFile("../../etc/passwd"); err == nil {
		t.Fatal("opened something that is no hash")
	}
}

var errFailing = errors.New("cannot be read")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

// testConcurrent reads while rows come and go; the race detector sees the rest.
func testConcurrent(t *testing.T, s *reopening) {
	stable := someRows(0, 500)
	s.put(results.Added, stable...)
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if r, ok, err := s.Get(stable[i%500].Key); !ok || err != nil || r.Key != stable[i%500].Key {
					t.Errorf("a row that is there: %v, %v", ok, err)
					return
				}
				if i%50 == 0 {
					if err := s.Walk(func(results.Row) error { return nil }); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for round := range 10 {
		extra := someRows(1000*(round+1), 1000*(round+1)+100)
		s.put(results.Added, extra...)
		var drop []sweep.Key
		for _, r := range extra {
			drop = append(drop, r.Key)
		}
		if err := s.DeleteSweep("none", drop); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	readers.Wait()
	if s.Len() != 500 {
		t.Fatalf("%d rows, want 500", s.Len())
	}
}
