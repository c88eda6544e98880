package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/test/planted"
)

// enough is how many histories may pass until a planted bug is found.
const enough = "2000"

// TestPlanted builds the simulator with a bug in the program, for one bug after the other, and looks whether it bites.
func TestPlanted(t *testing.T) {
	bugs := []string{planted.AckBeforeCommit, planted.SpoolEmptied}
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		bugs = planted.All()
	}
	for _, bug := range bugs {
		t.Run(bug, func(t *testing.T) {
			said, code := simulate(t, "bug_"+bug, "-histories", enough, "-stop")
			first, _, _ := strings.Cut(said, "\n  ")
			if code != 1 || !strings.HasPrefix(first, "seed ") {
				t.Fatalf("exit code %d:\n%s", code, said)
			}
			t.Log(lastLine(said))
		})
	}
}

// TestNothingPlanted is the command as people call it.
func TestNothingPlanted(t *testing.T) {
	said, code := simulate(t, "", "-seed", "7", "-histories", "5")
	if code != 0 || said != "5 histories, 0 violations\n" {
		t.Errorf("exit code %d:\n%s", code, said)
	}
	if said, code = simulate(t, "", "-seed", "7", "-histories", "1", "-v"); code != 0 || !strings.Contains(said, "coordinator 1 is up") {
		t.Errorf("exit code %d, and no transcript:\n%s", code, said)
	}
	if said, code = simulate(t, "", "seven"); code != 2 || !strings.Contains(said, "only flags") {
		t.Errorf("exit code %d:\n%s", code, said)
	}
}

// simulate builds the command with a tag and runs it.
func simulate(t *testing.T, tag string, args ...string) (said string, code int) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "simulate")
	if out, err := exec.Command("go", "build", "-tags", tag, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	out, err := exec.Command(program, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(out), code
}

func lastLine(s string) string {
	s = strings.TrimSuffix(s, "\n")
	return s[strings.LastIndexByte(s, '\n')+1:]
}
