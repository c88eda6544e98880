package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// huntSpec takes some seconds: 500 runs, of which a batch follows from those before.
const huntSpec = `
name: hunt
trainer: two-layer
fixed: {d: 20, data: sphere}
grid:
  n: [60, 90, 130]
  m: {search: [2, 2000], resolution: 1.15}
  seed: 0..4999
`

// TestSearchKilled: a search that is killed again and again, or runs on two agents of which one dies, makes the same runs.
func TestSearchKilled(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if err := os.WriteFile(filepath.Join(h.dir, "hunt.yaml"), []byte(huntSpec), 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("run", "hunt.yaml", "--state", "undisturbed", "--cores", "1")
	digest := h.must("digest", "hunt", "--state", "undisturbed")

	begun := regexp.MustCompile(`"done":[1-9]`)
	for range 4 {
		cmd := h.start("run", "hunt.yaml", "--state", "killed")
		h.until(begun, "status", "hunt", "--state", "killed", "--output", "json")
		time.Sleep(100 * time.Millisecond) // a moment like any other
		kill(cmd)
	}
	h.must("run", "hunt.yaml", "--state", "killed")
	if got := h.must("digest", "hunt", "--state", "killed"); got != digest {
		t.Errorf("digest after four kills: %s, undisturbed: %s", got, digest)
	}
	h.must("check", "--state", "killed")

	server := h.start("serve", "--state", "together", "--listen", "127.0.0.1:0")
	h.awaitFile("together/agent-access.json")
	h.until(regexp.MustCompile(`revision 1`), "submit", "hunt.yaml", "--state", "together")
	one := h.start("agent", "--access", "together/agent-access.json", "--cores", "1", "--spool", "one")
	two := h.start("agent", "--access", "together/agent-access.json", "--cores", "1", "--spool", "two")
	h.until(begun, "status", "hunt", "--state", "together", "--output", "json")
	kill(one)
	kill(server)
	server = h.start("serve", "--state", "together", "--listen", "127.0.0.1:0")
	h.until(regexp.MustCompile(`"running":[1-9]|"pending":0`), "status", "hunt", "--state", "together", "--output", "json")
	h.must("wait", "hunt", "--state", "together")
	if got := h.must("digest", "hunt", "--state", "together"); got != digest {
		t.Errorf("digest of a search on two agents: %s, of one on one core: %s", got, digest)
	}
	kill(two)
	kill(server)
}
