package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// poisonSpec has a point that takes minutes, and others that take no time. The long one comes first; whoever is killed while it runs alone
// was killed by it, as far as anybody can tell.
const poisonSpec = `
name: poison
trainer: two-layer
fixed: {n: 60, d: 30, m: 512, stop_at_fit: false}
zip: [[steps, seed]]
grid:
  steps: [1000000, 10, 10, 10]
  seed: 0..3
quarantine_after: 2
`

// alone waits until a process has written down that it runs the long point and holds no other.
func (h *house) alone(run *exec.Cmd) {
	h.t.Helper()
	long := []byte{0x0f, 0x42, 0x40} // steps
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for _, path := range h.notes(run) {
			var note struct {
				Alone  bool
				Points [][]byte
			}
			if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &note) == nil && note.Alone && bytes.Contains(note.Points[0], long) {
				return
			}
		}
	}
	h.t.Fatal("no process has written down that it runs the long point alone")
}

// notes are where a process has written down what it runs: one file, or none.
func (h *house) notes(run *exec.Cmd) []string {
	h.t.Helper()
	found, err := filepath.Glob(filepath.Join(h.dir, ".widthlaw", "spool", fmt.Sprintf("agent-*-%d-*", run.Process.Pid), "note"))
	if err != nil {
		h.t.Fatal(err)
	}
	return found
}

func poisoned(t *testing.T) *house {
	t.Parallel()
	h := newHouse(t)
	h.write("poison.yaml", poisonSpec)
	return h
}

// TestStoppedIsNoPoison: a point that runs when its process is told to stop is not to blame, however hastily that is.
func TestStoppedIsNoPoison(t *testing.T) {
	h := poisoned(t)
	for range 3 { // Ctrl-C, twice
		run := h.start("run", "poison.yaml", "--cores", "1")
		h.alone(run)
		run.Process.Signal(syscall.SIGINT)
		for end := time.Now().Add(10 * time.Second); len(h.notes(run)) > 0 && time.Now().Before(end); time.Sleep(time.Millisecond) {
		}
		run.Process.Signal(syscall.SIGINT)
		run.Wait()
		if left := h.notes(run); len(left) > 0 {
			t.Fatalf("a process that was told to stop left %v", left)
		}
	}
	if said := h.must("explain", "poison", "0"); strings.Contains(said, "lost") {
		t.Errorf("after Ctrl-C a loss is counted:\n%s", said)
	}
	if said := h.must("status", "poison", "--output", "json"); !strings.Contains(said, `"quarantined":0,`) {
		t.Errorf("%s", said)
	}
}

// TestPoisonInRun: a point that kills the process of `run`, coordinator and all, is put aside after quarantine_after times, and explained.
func TestPoisonInRun(t *testing.T) {
	h := poisoned(t)
	for _, end := range []syscall.Signal{syscall.SIGKILL, syscall.SIGABRT} { // of which the runtime leaves a trace
		run := h.start("run", "poison.yaml", "--cores", "1")
		h.alone(run)
		run.Process.Signal(end)
		run.Wait()
	}
	h.fails(exitFailures, h.command("run", "poison.yaml", "--cores", "1"))
	if said := h.must("status", "poison", "--output", "json"); !strings.Contains(said, `"done":3,`) || !strings.Contains(said, `"quarantined":1,`) {
		t.Errorf("%s", said)
	}
	said := h.must("explain", "poison", "0")
	for _, text := range []string{"quarantined", "was lost while it ran this point alone (2 of 2)", "it was killed, by somebody or by the system", ": SIGABRT: abort", "widthlaw retry poison 0"} {
		if !strings.Contains(said, text) {
			t.Errorf("explain does not say %q:\n%s", text, said)
		}
	}
	if said := h.must("retry", "poison", "0"); !strings.Contains(said, "1 points of poison run again") {
		t.Errorf("retry: %s", said)
	}
	if said := h.must("status", "poison", "--output", "json"); !strings.Contains(said, `"pending":1,`) && !strings.Contains(said, `"preempted":1,`) {
		t.Errorf("after retry: %s", said)
	}
}
