package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// run is the command without its flags.
func run(t *testing.T, o options) (said string, violations int) {
	t.Helper()
	if o.processes == 0 {
		o.processes = runtime.NumCPU()
	}
	var out bytes.Buffer
	violations, err := o.run(t.Context(), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.String(), violations
}

// TestHistories runs the first few of those that `make soak` runs.
func TestHistories(t *testing.T) {
	if said, violations := run(t, options{first: 1, histories: 300}); violations != 0 {
		t.Error(said)
	}
}

// TestOneSeedIsOneHistory compares whole transcripts, with every line that is logged, of two runs that differ in what goes on beside them.
func TestOneSeedIsOneHistory(t *testing.T) {
	alone, _ := run(t, options{first: 1, histories: 50, verbose: true, processes: 1})
	crowded, _ := run(t, options{first: 1, histories: 50, verbose: true, processes: 4})
	a, b := strings.Split(alone, "\n"), strings.Split(crowded, "\n")
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			t.Fatalf("line %d of %d and %d differs:\n%s\n%s", i+1, len(a), len(b), a[i], strings.Join(b[min(i, len(b)):min(i+1, len(b))], "\n"))
		}
	}
	if len(a) != len(b) || len(a) < 5000 {
		t.Fatalf("transcripts of %d and %d lines", len(a), len(b))
	}
}

// TestCommand is the command as people call it.
func TestCommand(t *testing.T) {
	program := filepath.Join(t.TempDir(), "simulate")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-seed", "7", "-histories", "2", "-v"}, 0, "coordinator 1 is up"},
		{[]string{"-seed", "7", "-histories", "2", "-v"}, 0, "\n2 histories, 0 violations\n"},
		{[]string{"seven"}, 2, "only flags"},
		{[]string{"-folder", "/nowhere/at/all"}, 2, "another -folder"},
	} {
		said, code := command(t, program, c.args...)
		if code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("simulate %v: exit code %d:\n%s", c.args, code, said)
		}
	}
}

// command runs something and says how it ended.
func command(t *testing.T, name string, args ...string) (said string, code int) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(out), code
}

// TestProgress: where nobody looks a line comes now and then, and says when the end may be.
func TestProgress(t *testing.T) {
	to, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	begun := time.Now()
	p := newProgress(to, 100, begun)
	for ran := range uint64(100) {
		p.show(ran+1, 2, begun.Add(time.Duration(ran+1)*time.Second))
	}
	p.end()
	said, err := os.ReadFile(to.Name())
	if err != nil {
		t.Fatal(err)
	}
	want := "30 of 100 histories, 2 violations, 1m10s left\n60 of 100 histories, 2 violations, 40s left\n90 of 100 histories, 2 violations, 10s left\n"
	if string(said) != want {
		t.Errorf("said %q, want %q", said, want)
	}
	newProgress(nil, 100, begun).show(100, 0, begun)
}
