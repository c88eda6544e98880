package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/test/planted"
)

// enough is how many histories may pass until a planted bug is found.
const enough = 500

// TestPlanted builds the simulator with a bug in the program, for one bug after the other, and looks whether it bites: some history
// breaks a promise, and the same history does so again. `make test` does that for two bugs, `make soak` for all.
func TestPlanted(t *testing.T) {
	bugs := []string{planted.AckBeforeCommit, planted.SpoolEmptied}
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		bugs = planted.All()
	}
	for _, bug := range bugs {
		t.Run(bug, func(t *testing.T) {
			said, violations := run(t, options{first: 1, histories: enough, stop: true, bug: bug})
			if violations == 0 {
				t.Fatalf("not found:\n%s", said)
			}
			seed, why := found(t, said)
			t.Logf("%s: found by history %d: %s", bug, seed, why)
			again, _ := run(t, options{first: seed, histories: 1, bug: bug})
			if _, twice := found(t, again); twice != why {
				t.Errorf("history %d again: %s", seed, again)
			}
		})
	}
}

var finding = regexp.MustCompile(`(?m)^seed (\d+) breaks a promise; again, with a transcript: (.*)\n  (.*)$`)

// found reads which history broke a promise first, and which.
func found(t *testing.T, said string) (seed uint64, why string) {
	t.Helper()
	m := finding.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("no promise was broken:\n%s", said)
	}
	for _, digit := range m[1] {
		seed = seed*10 + uint64(digit-'0')
	}
	return seed, m[3]
}

// TestAgain runs the command that a finding names.
func TestAgain(t *testing.T) {
	said, _ := run(t, options{first: 1, histories: enough, stop: true, bug: planted.AckBeforeCommit})
	_, why := found(t, said)
	c := exec.Command("sh", "-c", finding.FindStringSubmatch(said)[2])
	c.Dir = "../.."
	out, err := c.CombinedOutput()
	text := string(out)
	if err == nil || !strings.Contains(text, "coordinator 1 is up") || !strings.Contains(text, "VIOLATION: "+why) || !strings.Contains(text, "1 histories, ") {
		t.Errorf("%v:\n%s", err, text)
	}
}
