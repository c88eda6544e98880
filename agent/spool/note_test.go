package spool

import (
	"testing"
)

// TestDeath: whoever ends without closing its spool is known by its note and its log, once; whoever closes it leaves neither.
func TestDeath(t *testing.T) {
	root := t.TempDir()
	write := func(s *Spool) {
		t.Helper()
		log, err := s.Log()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"first", "last"} {
			if err := s.Note([]byte(text), text == "last"); err != nil {
				t.Fatal(err)
			}
			if _, err := log.Write([]byte(text + "\n")); err != nil {
				t.Fatal(err)
			}
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
	}
	orderly, _ := mustOpen(t, root, "orderly")
	write(orderly)
	if err := orderly.Close(); err != nil {
		t.Fatal(err)
	}
	told, _ := mustOpen(t, root, "told") // to leave, and killed while it does
	write(told)
	if err := told.Forget(); err != nil {
		t.Fatal(err)
	}
	told.unlock()
	killed, _ := mustOpen(t, root, "killed")
	write(killed)
	if err := killed.Append(records("one")); err != nil {
		t.Fatal(err)
	}
	killed.unlock()
	next, left := mustOpen(t, root, "next")
	if len(left.Deaths) != 1 || left.Deaths[0].Name != "killed" || string(left.Deaths[0].Note) != "last" || string(left.Deaths[0].Log) != "first\nlast\n" {
		t.Fatalf("deaths: %+v", left.Deaths)
	}
	next.unlock() // nobody has been told
	next, left = mustOpen(t, root, "again")
	if len(left.Deaths) != 1 || len(left.Records) != 1 {
		t.Fatalf("after another end: %+v", left)
	}
	if err := next.Bury(left.Deaths[0]); err != nil {
		t.Fatal(err)
	}
	if err := next.Remove(left.Records); err != nil {
		t.Fatal(err)
	}
	if err := next.Close(); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, root); got != ". lock" {
		t.Errorf("left behind: %s", got)
	}
}

// TestLogIsBounded writes more into a log than it keeps.
func TestLogIsBounded(t *testing.T) {
	s, _ := mustOpen(t, t.TempDir(), "a")
	defer s.Close()
	log, err := s.Log()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for range 40 {
		if _, err := log.Write(make([]byte, logLimit/16)); err != nil {
			t.Fatal(err)
		}
	}
	if info, err := log.Stat(); err != nil || info.Size() > 2*logLimit {
		t.Errorf("%v %v", info, err)
	}
}
