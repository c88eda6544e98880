package storetest

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// testModel does the same random things to a store and to a slice, and compares.
func testModel(t *testing.T, open Opener, check func(testing.TB, string)) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		m := &model{t: rt, store: open(t, dir), variant: map[int]int{}}
		defer func() {
			if err := m.store.Close(); err != nil {
				rt.Error(err)
			}
			check(t, dir)
		}()
		rt.Repeat(map[string]func(*rapid.T){
			"put":    m.put,
			"delete": m.delete,
			"get":    m.get,
			"reopen": func(rt *rapid.T) {
				if err := m.store.Close(); err != nil {
					rt.Fatal(err)
				}
				m.store = open(t, dir)
			},
			"": m.compare,
		})
	})
}

// A model is what the store should hold: numbers of Row in commit order, and the variant of each.
type model struct {
	t       *rapid.T
	store   Store
	order   []int
	variant map[int]int
}

const modelRows = 2000

func (m *model) put(t *rapid.T) {
	from, many := rapid.IntRange(0, modelRows).Draw(t, "from"), rapid.IntRange(0, 300).Draw(t, "many")
	variant := rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "variant")
	var rows []results.Row
	var want []results.Verdict
	for i := from; i < from+many; i++ {
		rows = append(rows, Row(i, variant))
		kept, ok := m.variant[i]
		switch {
		case !ok:
			want = append(want, results.Added)
			m.variant[i], m.order = variant, append(m.order, i)
		case kept == variant:
			want = append(want, results.Same)
		default:
			want = append(want, results.Conflict)
		}
	}
	got, err := m.store.Put(rows)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("verdicts %v, want %v, %v", got, want, err)
	}
}

func (m *model) delete(t *rapid.T) {
	from, many := rapid.IntRange(0, modelRows).Draw(t, "from"), rapid.IntRange(0, 600).Draw(t, "many")
	var drop []sweep.Key
	for i := from; i < from+many; i++ {
		drop = append(drop, Row(i, 0).Key)
		delete(m.variant, i)
	}
	m.order = slices.DeleteFunc(m.order, func(i int) bool { return from <= i && i < from+many })
	if err := m.store.DeleteSweep("none", drop); err != nil {
		t.Fatal(err)
	}
}

func (m *model) get(t *rapid.T) {
	i := rapid.IntRange(0, modelRows+600).Draw(t, "row")
	variant, want := m.variant[i]
	row := Row(i, variant)
	got, ok, err := m.store.Get(row.Key)
	if err != nil || ok != want || ok && !cmp.Equal(got, row) || m.store.Has(row.Key) != want {
		t.Fatalf("row %d: %v, %v, want %v\n%s", i, ok, err, want, cmp.Diff(row, got))
	}
}

func (m *model) compare(t *rapid.T) {
	var order []int
	at := map[sweep.Key]int{}
	for _, i := range m.order {
		at[Row(i, 0).Key] = i
	}
	err := m.store.Walk(func(r results.Row) error {
		i, ok := at[r.Key]
		if !ok || string(r.Outcome) != string(Row(i, m.variant[i]).Outcome) {
			t.Fatalf("the walk finds row %d, known: %v", i, ok)
		}
		order = append(order, i)
		return nil
	})
	if err != nil || !slices.Equal(order, m.order) || m.store.Len() != uint64(len(m.order)) {
		t.Fatalf("the walk finds %d rows in order %v, want %v, %v", m.store.Len(), order, m.order, err)
	}
}
