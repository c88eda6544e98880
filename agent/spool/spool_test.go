package spool

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func mustOpen(t testing.TB, root, name string) (*Spool, Leftover) {
	t.Helper()
	s, left, err := Open(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return s, left
}

func records(payloads ...string) []*Record {
	var all []*Record
	for _, p := range payloads {
		all = append(all, &Record{Payload: []byte(p)})
	}
	return all
}

// tree lists a spool's root.
func tree(t testing.TB, root string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		rel, _ := filepath.Rel(root, path)
		names = append(names, rel)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}

func TestLeftoversAreAdoptedOnce(t *testing.T) {
	root := t.TempDir()
	a, _ := mustOpen(t, root, "a")
	if err := a.Append(records("one", "two")); err != nil {
		t.Fatal(err)
	}
	b, left := mustOpen(t, root, "b")
	if len(left.Records) != 0 {
		t.Fatalf("b adopted %d records of a living process", len(left.Records))
	}
	a.unlock() // as the kernel does when the process is killed
	c, left := mustOpen(t, root, "c")
	if len(left.Records) != 2 || string(left.Records[0].Payload) != "one" || string(left.Records[1].Payload) != "two" {
		t.Fatalf("c adopted %v", left.Records)
	}
	d, none := mustOpen(t, root, "d")
	if len(none.Records) != 0 {
		t.Fatalf("d adopted %d records that c has", len(none.Records))
	}
	if err := c.Remove(left.Records); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Spool{b, c, d} {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := tree(t, root); got != ". lock" {
		t.Errorf("left behind: %s", got)
	}
}

// Agents that come and go at once do not stand in each other's way, and none of their records is lost.
func TestComingAndGoing(t *testing.T) {
	root := t.TempDir()
	var group sync.WaitGroup
	for g := range 4 {
		group.Go(func() {
			for i := range 200 {
				s, _, err := Open(root, fmt.Sprintf("%d-%d", g, i))
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if entries, err := os.ReadDir(root); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestSameNameTwice(t *testing.T) {
	root := t.TempDir()
	a, _ := mustOpen(t, root, "a")
	defer a.Close()
	if _, _, err := Open(root, "a"); err == nil {
		t.Error("two processes share a folder")
	}
}

func TestRootIsAFile(t *testing.T) {
	root := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(root, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Open(root, "a"); err == nil || !strings.Contains(err.Error(), "another folder") {
		t.Errorf("Open says %v", err)
	}
}

func TestNewerSegmentIsLeftAlone(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "agent-old", "00000001.spool")
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("widthlaw spool 2\nhello"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, left := mustOpen(t, root, "a")
	if len(left.Unknown) != 1 || left.LostBytes != 0 {
		t.Errorf("leftover %+v", left)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

// A write that fails half-way leaves nothing, and the next one succeeds.
func TestAppendAfterFailure(t *testing.T) {
	root := t.TempDir()
	s, _ := mustOpen(t, root, "a")
	if err := s.Append(records("one")); err != nil {
		t.Fatal(err)
	}
	good := s.active.file
	broken, err := os.Open(good.Name()) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	s.active.file = broken
	lost := records("two")
	if err := s.Append(lost); err == nil || !strings.Contains(err.Error(), "make room") {
		t.Fatalf("Append says %v", err)
	}
	if err := s.Remove(lost); err != nil { // was never written: nothing happens
		t.Fatal(err)
	}
	broken.Close()
	s.active.file = good
	if _, err := good.WriteAt([]byte("torn"), s.active.size); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(records("three")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	b, left := mustOpen(t, root, "b")
	defer b.Close()
	if len(left.Records) != 2 || string(left.Records[1].Payload) != "three" || left.LostBytes != 0 {
		t.Errorf("left over: %d records, %d bytes lost", len(left.Records), left.LostBytes)
	}
}

// A machine is a spool beside a model of it: what was appended and not removed is there after every death.
type machine struct {
	root    string
	spool   *Spool
	opens   int
	appends int
	live    map[string]*Record
	removed map[string]bool // may come back after a death
}

func (m *machine) open(t *rapid.T) {
	m.opens++
	s, left, err := Open(m.root, fmt.Sprint(m.opens))
	if err != nil {
		t.Fatal(err)
	}
	m.spool = s
	s.limit = 3000 // so that segments come and go
	if left.LostBytes != 0 {
		t.Fatalf("%d bytes lost", left.LostBytes)
	}
	found := map[string]*Record{}
	for _, r := range left.Records {
		name := strings.TrimRight(string(r.Payload), ".")
		if m.live[name] == nil && !m.removed[name] {
			t.Fatalf("%q came back, or twice", name)
		}
		found[name] = r
	}
	for name := range m.live {
		if found[name] == nil {
			t.Fatalf("%q is lost", name)
		}
	}
	m.live, m.removed = found, map[string]bool{}
}

func (m *machine) appendSome(t *rapid.T) {
	var batch []*Record
	for range rapid.IntRange(1, 5).Draw(t, "records") {
		m.appends++
		name := fmt.Sprint(m.appends)
		size := rapid.SampledFrom([]int{0, 10, 2000}).Draw(t, "size")
		r := &Record{Payload: []byte(name + strings.Repeat(".", size))}
		m.live[name] = r
		batch = append(batch, r)
	}
	if err := m.spool.Append(batch); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) removeSome(t *rapid.T) {
	var batch []*Record
	for _, name := range slices.Sorted(maps.Keys(m.live)) {
		r := m.live[name]
		if rapid.Bool().Draw(t, "remove") {
			batch = append(batch, r)
			delete(m.live, name)
			m.removed[name] = true
		}
	}
	if err := m.spool.Remove(batch); err != nil {
		t.Fatal(err)
	}
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp("", "spool")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(root)
		m := &machine{root: root, live: map[string]*Record{}, removed: map[string]bool{}}
		m.open(t)
		t.Repeat(map[string]func(*rapid.T){
			"append": m.appendSome,
			"remove": m.removeSome,
			"kill":   func(t *rapid.T) { m.spool.unlock(); m.open(t) },
			"close": func(t *rapid.T) {
				if err := m.spool.Close(); err != nil {
					t.Fatal(err)
				}
				m.open(t)
			},
		})
		m.removeAll(t)
	})
}

func (m *machine) removeAll(t *rapid.T) {
	if err := m.spool.Remove(slices.Collect(maps.Values(m.live))); err != nil {
		t.Fatal(err)
	}
	if err := m.spool.Close(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(m.root)
	if err != nil || len(entries) != 1 {
		t.Fatalf("left behind: %v, %v", entries, err)
	}
}

func BenchmarkAppendRemove(b *testing.B) {
	s, _ := mustOpen(b, b.TempDir(), "a")
	defer s.Close()
	payload := make([]byte, 1000)
	for b.Loop() {
		batch := make([]*Record, 50)
		for i := range batch {
			batch[i] = &Record{Payload: payload}
		}
		if err := s.Append(batch); err != nil {
			b.Fatal(err)
		}
		if err := s.Remove(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*50/b.Elapsed().Seconds(), "records/s")
}
