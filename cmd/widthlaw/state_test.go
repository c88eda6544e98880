package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fails runs a process that must end with an exit code, and returns what it said on stderr.
func (h *house) fails(code int, cmd *exec.Cmd) string {
	h.t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != code {
		h.t.Fatalf("%s: %v, not exit code %d; it said:\n%s", strings.Join(cmd.Args, " "), err, code, &stderr)
	}
	return stderr.String()
}

func (h *house) write(name, text string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.dir, name), []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func want(t *testing.T, text, pattern string) {
	t.Helper()
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("no %q in:\n%s", pattern, text)
	}
}

const quickSpec = "name: quick\ntrainer: two-layer\nfixed: {n: 6, d: 3}\ngrid: {m: [2, 4], seed: 0..2}\n"

func TestReadOnlyState(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("quick.yaml", quickSpec)
	h.must("run", "quick.yaml")
	for path, mode := range map[string]os.FileMode{".widthlaw/widthlaw.db": 0o444, ".widthlaw/lock": 0o444, ".widthlaw": 0o555, "quick.yaml": 0o444, ".": 0o755} {
		if err := os.Chmod(filepath.Join(h.dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(filepath.Join(h.dir, ".widthlaw"), 0o755) }) // so that it can be removed
	for _, args := range [][]string{{"status"}, {"run", "quick.yaml"}} {
		said := h.fails(1, h.asNobody(args...))
		want(t, said, "not writable")
		want(t, said, "--state")
	}
}

// asNobody is a process that file modes bind, also where the test runs as root.
func (h *house) asNobody(args ...string) *exec.Cmd {
	h.t.Helper()
	cmd := h.command(args...)
	if os.Getuid() != 0 {
		return cmd
	}
	program, err := os.ReadFile(cmd.Path)
	if err != nil {
		h.t.Fatal(err)
	}
	cmd.Path = filepath.Join(h.dir, "widthlaw") // where nobody may read it
	if err := os.WriteFile(cmd.Path, program, 0o755); err != nil {
		h.t.Fatal(err)
	}
	for dir := h.dir; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			h.t.Fatal(err)
		}
	}
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return cmd
}

func TestStateInUseIsNamedWithItsProcess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("quick.yaml", quickSpec)
	serve := h.start("serve")
	h.awaitFile(".widthlaw/access.json")
	said := h.fails(1, h.command("run", "quick.yaml"))
	want(t, said, "in use by process "+regexp.QuoteMeta(pid(serve)))
	kill(serve)
	h.must("run", "quick.yaml") // what it left behind, its access file too, is in nobody's way
}

const longSpec = "name: long\ntrainer: two-layer\nfixed: {n: 200, d: 20, m: 100, steps: 3000, stop_at_fit: false}\ngrid: {seed: 0..99}\n"

// interrupted waits for a process that was sent Ctrl-C.
func interrupted(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitStopped {
			t.Errorf("after Ctrl-C: %v, not exit code %d", err, exitStopped)
		}
	case <-time.After(25 * time.Second):
		t.Error("the process still lives 25 s after Ctrl-C")
	}
}

func TestCtrlCOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("long.yaml", longSpec)
	run := h.start("run", "long.yaml")
	h.until(regexp.MustCompile(`"done":2`), "status", "--output", "json")
	run.Process.Signal(os.Interrupt)
	interrupted(t, run)
	want(t, h.must("status", "--output", "json"), `"done":[1-9][0-9]?,.*"running":0`)
	h.must("check")
}

func TestCtrlCTwice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("long.yaml", strings.Replace(longSpec, "m: 100, steps: 3000", "m: 4000, steps: 100000", 1))
	run := h.start("run", "long.yaml")
	h.until(regexp.MustCompile(`"running":1`), "status", "--output", "json")
	run.Process.Signal(os.Interrupt)
	run.Process.Signal(os.Interrupt)
	interrupted(t, run)
}

func pid(cmd *exec.Cmd) string { return strconv.Itoa(cmd.Process.Pid) }
