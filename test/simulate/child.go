package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/test/simulate/history"
)

// What a child tells on its standard output, a line each. Other lines are the transcript; whether anybody reads it makes no difference to
// the history.
const (
	violatesLine = "\x01violates "
	endsLine     = "\x01ends"
)

// runChild runs one history, inside a test, because only there is fake time to be had. It does not return.
func (o options) runChild() {
	testing.Main(
		func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "history", F: func(t *testing.T) {
			begin(t, o.first)
			var r history.Report
			synctest.Test(t, func(*testing.T) {
				r = history.Run(o.first, filepath.Join(o.folder, fmt.Sprintf("history-%d", o.first)), true)
			})
			r.Write(os.Stdout)
			for _, v := range r.Violations {
				fmt.Printf("%s%q\n", violatesLine, v)
			}
			fmt.Println(endsLine)
			os.Exit(0)
		}}}, nil, nil)
}

// A told is what a child has told of a history.
type told struct {
	seed       uint64
	transcript strings.Builder
	violations []string
}

// longest is how long a history may take in real time: one that goes on has found a way not to end.
const longest = 2 * time.Minute

// history runs the history of a seed in a process of its own. What ends that process, such as a panic, breaks a promise too.
func (t *tally) history(ctx context.Context, seed uint64) (*told, error) {
	ctx, stop := context.WithTimeout(ctx, longest)
	defer stop()
	c := exec.CommandContext(ctx, t.program, "-child", "-folder", t.folder, "-seed", fmt.Sprint(seed), fmt.Sprintf("-v=%v", t.verbose))
	c.Env = []string{"GOMAXPROCS=1", "TMPDIR=" + t.folder}               // see package steady
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGQUIT) } // it then says where it hangs
	c.WaitDelay = 10 * time.Second
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	h := &told{seed: seed}
	ended := false
	for line := range strings.Lines(string(out)) {
		text, violates := strings.CutPrefix(line, violatesLine)
		switch {
		case violates:
			text, _ = strconv.Unquote(strings.TrimSuffix(text, "\n"))
			h.violations = append(h.violations, text)
		case line == endsLine+"\n":
			ended = true
		case t.verbose:
			h.transcript.WriteString(line)
		}
	}
	if !ended {
		h.violations = append(h.violations, fmt.Sprintf("the process ended: %v\n%s", err, culprits(stderr.String())))
	}
	return h, nil
}

// culprits shortens what a process says that hangs or breaks down: of its many goroutines those are left out that wait as they should.
func culprits(text string) string {
	kept, many := strings.Builder{}, strings.Count(text, "\n\n")
	for part := range strings.SplitSeq(text, "\n\n") {
		head, _, _ := strings.Cut(part, "\n")
		if many > 10 && (strings.Contains(head, "(durable)") && !strings.Contains(head, "sleep") || strings.HasPrefix(head, "goroutine") && !strings.Contains(head, "bubble")) {
			continue
		}
		kept.WriteString(part + "\n\n")
	}
	return kept.String()
}
