package agent

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// written is the ledger that lies in a spool; nil: none.
func written(t *testing.T, root string) *ledger {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "agent-*", "note"))
	if err != nil || len(found) > 1 {
		t.Fatalf("%v %v", found, err)
	}
	if len(found) == 0 {
		return nil
	}
	text, err := os.ReadFile(found[0])
	l := &ledger{}
	if err == nil {
		err = json.Unmarshal(text, l)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLastWords: of a log that ends with a crash its reason is told, of another its end.
func TestLastWords(t *testing.T) {
	var log strings.Builder
	for i := range 20 {
		log.WriteString("line " + string(rune('a'+i)) + "\n")
	}
	quiet := lastWords([]byte(log.String()))
	if n := len(quiet); n != wordsKept+1 || quiet[n-2] != "line t" || !strings.Contains(quiet[n-1], "killed") {
		t.Errorf("%q", quiet)
	}
	log.WriteString("fatal error: runtime: out of memory\n\nruntime stack:\nruntime.throw({0x1})\n" + strings.Repeat("goroutine 9\n", 400))
	if loud := lastWords([]byte(log.String())); len(loud) != wordsKept || loud[0] != "fatal error: runtime: out of memory" || loud[1] != "runtime stack:" {
		t.Errorf("%q", loud)
	}
	if none := lastWords(nil); len(none) != 1 {
		t.Errorf("%q", none)
	}
}

// TestDeathsAreTold: what a dead agent ran is in each Hello until the coordinator has it on disk.
func TestDeathsAreTold(t *testing.T) {
	root := t.TempDir()
	folder := filepath.Join(root, "agent-dead-7")
	note, err := json.Marshal(ledger{Version: ledgerVersion, Alone: true, Points: [][]byte{[]byte("a point")}})
	if err == nil {
		err = os.Mkdir(folder, 0o700)
	}
	for name, text := range map[string]string{"lock": "", "note": string(note), "log": "fatal error: oops\n"} {
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	want := sweep.Death{Agent: "dead-7", Points: [][]byte{[]byte("a point")}, Alone: true, Log: []string{"fatal error: oops"}}
	for _, known := range []bool{false, true} {
		a, err := New(Config{Dial: newFakeDial, Trainers: []*sweep.Trainer{{}}, Spool: root})
		if err == nil {
			err = a.openSpool()
		}
		if err != nil {
			t.Fatal(err)
		}
		got := a.deaths()
		if len(got) != 1 || got[0].Agent != want.Agent || !got[0].Alone || !slices.Equal(got[0].Log, want.Log) || string(got[0].Points[0]) != "a point" || !a.wary {
			t.Fatalf("told: %+v", got)
		}
		if known {
			a.buried([]string{"another", "dead-7"})
		}
		a.closeSpool()
	}
	if left, err := os.ReadDir(root); err != nil || len(left) != 1 { // lock
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestLedger: a point is written down once it has run for a second, whether it runs alone or not, and not when the agent was told to leave.
func TestLedger(t *testing.T) {
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, err := New(Config{Dial: newFakeDial, Trainers: []*sweep.Trainer{{}}, Spool: root, Cores: 2})
		if err == nil {
			err = a.openSpool()
		}
		if err != nil {
			t.Fatal(err)
		}
		defer a.closeSpool()
		run := func(fence uint64, point string) {
			a.desk.add(sweep.Task{Fence: fence, Point: []byte(point), Threads: 1})
			a.desk.next(time.Now())
		}
		run(1, "x")
		if a.enter(time.Now(), true); written(t, root) != nil {
			t.Error("a point is written down as soon as it starts")
		}
		time.Sleep(time.Second)
		a.enter(time.Now(), true)
		if l := written(t, root); l == nil || !l.Alone || len(l.Points) != 1 || string(l.Points[0]) != "x" {
			t.Errorf("after a second: %+v", l)
		}
		run(2, "y")
		a.enter(time.Now(), true)
		if l := written(t, root); l.Alone || len(l.Points) != 1 {
			t.Errorf("with another point: %+v", l)
		}
		a.wary = true // as after a death
		a.enter(time.Now(), false)
		if l := written(t, root); l.Alone || len(l.Points) != 2 {
			t.Errorf("after a death: %+v", l)
		}
		a.strike()
		a.closed = true
		if a.enter(time.Now(), true); written(t, root) != nil {
			t.Error("an agent that was told to leave has it written down")
		}
	})
}
