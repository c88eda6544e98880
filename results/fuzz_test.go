package results

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

func FuzzDecodeRow(f *testing.F) {
	f.Add(Row{Point: []byte("p"), Outcome: []byte("o"), Provenance: sweep.Provenance{Host: "h", Attempts: 2}}.encode(nil))
	f.Add([]byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeRow(b); err == nil {
			again, err := decodeRow(r.encode(nil))
			if err != nil || again.Key != r.Key || !bytes.Equal(again.Outcome, r.Outcome) {
				t.Fatalf("%v: %v differs from %v", err, again, r)
			}
		}
	})
}

// FuzzStored reads any payload under a right checksum as each kind of value. It is refused as damaged, or read.
func FuzzStored(f *testing.F) {
	f.Add([]byte("one\x00"+string(make([]byte, 32))), []byte(`{"state":"failed","attempts":2,"error":"no","history":["a"]}`))
	f.Add([]byte("one"), []byte(`{"Name":"first","Files":{"a.csv":"00"},"Submitted":"2026-01-02T03:04:05Z"}`))
	f.Add(make([]byte, 32), make([]byte, 20))
	f.Add(totalsKey, make([]byte, 48))
	f.Add(schemaKey, []byte{0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, key, payload []byte) {
		seal := func(k bucket) []byte {
			return k.seal(nil, key, func(b []byte) []byte { return append(b, payload...) })
		}
		_, errTrouble := parseTrouble(key, seal(troubles))
		_, errSweep := parseSweep(key, seal(sweeps))
		_, errFile := parseFile(key, seal(files))
		_, errTotals := parseTotals(payload)
		for _, err := range []error{errTrouble, errSweep, errFile, errTotals} {
			if err != nil && !errors.Is(err, ErrDamaged) {
				t.Error(err)
			}
		}
		c := checker{twins: map[uint64]bool{}, known: map[sweep.Key]uint64{}, files: map[uint64]*fileCheck{}, hashes: map[string]bool{}}
		for _, visit := range []func(key, payload []byte) error{c.about, c.row, c.key, c.conflict, c.sweep, c.trouble} {
			_ = visit(key, payload) // it may say what it likes
		}
		_ = c.fileEntry(key, payload)
		_ = c.chunk(key, payload)
	})
}

// FuzzFile takes any bytes apart as a store. It may find what it likes but not panic.
func FuzzFile(f *testing.F) {
	dir := f.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		f.Fatal(err)
	}
	if _, err := s.Put([]Row{{Key: sweep.KeyOf([]byte("p")), Point: []byte("p")}}); err != nil {
		f.Fatal(err)
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text[:40960])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, skim := range []bool{false, true} {
			var c checker
			p := newParser(bytes.NewReader(b), int64(len(b)), func(page uint64, text string) { c.add(page, "%s", text) })
			if p == nil {
				return
			}
			p.skim = skim
			_ = c.contents(p)
			p.free()
		}
	})
}
