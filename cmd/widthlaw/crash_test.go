package main

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashSpec takes 10 s of one core with AVX-512, and a minute without SIMD, in points of up to a tenth of a second.
const crashSpec = `
name: crash
trainer: two-layer
fixed: {d: 10, data: sphere}
grid:
  n: [20, 100]
  m: {log: [4, 64], points: 6}
  seed: 0..119
record: {curves: [loss, lambda_min, max_move], at: {log: 8}}
`

// A house is a directory with processes of the program in it.
type house struct {
	t    *testing.T
	dir  string
	env  []string
	logs *os.File // what the processes that were started say
}

func newHouse(t *testing.T, env ...string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), env: append(os.Environ(), env...)}
	h.env = append(h.env, "XDG_CACHE_HOME="+filepath.Join(h.dir, "cache"), "XDG_CONFIG_HOME="+filepath.Join(h.dir, "config"))
	if err := os.WriteFile(filepath.Join(h.dir, "crash.yaml"), []byte(crashSpec), 0o600); err != nil {
		t.Fatal(err)
	}
	logs, err := os.Create(filepath.Join(h.dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	h.logs = logs
	t.Cleanup(func() {
		logs.Close()
		if text, err := os.ReadFile(logs.Name()); err == nil && t.Failed() {
			t.Logf("the processes said:\n%s", text)
		}
	})
	return h
}

// command is a process that ends with the test at the latest, and after ten minutes in any case.
func (h *house) command(args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	h.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "widthlaw", args...)
	cmd.Dir, cmd.Env = h.dir, h.env
	return cmd
}

// start starts a process that the test's end kills, should it still live.
func (h *house) start(args ...string) *exec.Cmd {
	h.t.Helper()
	return h.begin(h.command(args...), h.logs)
}

// begin starts a process that says what it says to a file, and that the test's end kills, should it still live.
func (h *house) begin(cmd *exec.Cmd, says *os.File) *exec.Cmd {
	h.t.Helper()
	cmd.Stdout, cmd.Stderr = says, says
	if err := cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			kill(cmd)
		}
	})
	return cmd
}

// kill ends a process as a power cut would.
func kill(cmd *exec.Cmd) {
	cmd.Process.Kill()
	cmd.Wait()
}

// must runs a process that must succeed, and returns what it printed.
func (h *house) must(args ...string) string {
	h.t.Helper()
	cmd := h.command(args...)
	var out, err bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &err
	if e := cmd.Run(); e != nil {
		h.t.Fatalf("widthlaw %s: %v\n%s%s", strings.Join(args, " "), e, &out, &err)
	}
	return strings.TrimSpace(out.String())
}

// until runs a process again and again until its output matches.
func (h *house) until(pattern *regexp.Regexp, args ...string) {
	h.t.Helper()
	var out []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		out, _ = h.command(args...).CombinedOutput()
		if pattern.Match(out) {
			return
		}
	}
	h.t.Fatalf("widthlaw %s never said %s; at last:\n%s", strings.Join(args, " "), pattern, out)
}

// TestOneDigest: however often a run is killed, and on however many threads it runs, the results have the same bits. TestKills does the
// same to a coordinator and its agents.
func TestOneDigest(t *testing.T) {
	t.Parallel()
	undisturbed := newHouse(t, "GOMAXPROCS=1")
	undisturbed.must("run", "crash.yaml")
	digest := undisturbed.must("digest", "crash")
	t.Run("run is killed again and again", func(t *testing.T) { runIsKilled(t, digest) })
	t.Run("two threads", func(t *testing.T) {
		h := newHouse(t)
		h.must("run", "crash.yaml", "--cores", "2")
		if got := h.must("digest", "crash"); got != digest {
			t.Errorf("digest with two threads: %s, with one: %s", got, digest)
		}
	})
}

func runIsKilled(t *testing.T, digest string) {
	h := newHouse(t)
	random := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for killed < 12 {
		cmd := h.start("run", "crash.yaml")
		moment := time.Duration(20+random.IntN(700)) * time.Millisecond
		timer := time.AfterFunc(moment, func() { cmd.Process.Kill() })
		err := cmd.Wait()
		timer.Stop()
		if err == nil {
			break // there was nothing left to disturb
		}
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("run, before it was killed: %v", err)
		}
		killed++
	}
	if killed < 5 {
		t.Errorf("only %d kills fitted into the run: make crashSpec longer", killed)
	}
	h.must("run", "crash.yaml")
	if got := h.must("digest", "crash"); got != digest {
		t.Errorf("digest after %d kills: %s, undisturbed: %s", killed, got, digest)
	}
	h.must("check")
}
