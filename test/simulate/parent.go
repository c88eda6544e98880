package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A tally gathers what the children say.
type tally struct {
	options
	mu         sync.Mutex
	ran        uint64
	violations int
	over       bool // enough is known
}

// runAll shares the histories out among children.
func (o options) runAll() (violations int, ran uint64, err error) {
	parent := o.folder
	if parent == "" {
		if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
			parent = "/dev/shm"
		}
	}
	folder, err := os.MkdirTemp(parent, "widthlaw-simulate-")
	if err != nil {
		return 0, 0, fmt.Errorf("%w; name another -folder", err)
	}
	o.folder = folder
	t := &tally{options: o}
	n := uint64(max(1, min(o.processes, int(min(o.histories, 1024)))))
	var children sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		children.Go(func() { errs[i] = t.share(o.first+i, (o.histories-i+n-1)/n, n) })
	}
	children.Wait()
	return t.violations, t.ran, errors.Join(append(errs, os.RemoveAll(folder))...)
}

// share runs every step-th history, in as many processes, one after the other, as it takes: one that breaks down costs one history.
func (t *tally) share(first, histories, step uint64) error {
	for histories > 0 {
		done, err := t.child(first, histories, step)
		if err != nil {
			return err
		}
		first, histories = first+done*step, histories-done
		t.mu.Lock()
		over := t.over
		t.mu.Unlock()
		if over {
			return nil
		}
	}
	return nil
}

// longest is how long a history may take in real time: one that goes on has found a way not to end.
const longest = 2 * time.Minute

// child runs one process until it ends or breaks down, and says for how many histories that was good.
func (t *tally) child(first, histories, step uint64) (done uint64, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	c := exec.Command(self, "-child", "-folder", t.folder, "-seed", fmt.Sprint(first), "-histories", fmt.Sprint(histories), "-step", fmt.Sprint(step),
		"-repeat", fmt.Sprint(t.repeat), fmt.Sprintf("-v=%v", t.verbose))
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := c.Start(); err != nil {
		return 0, err
	}
	lines := bufio.NewReader(out)
	open, failed := false, false
	late := time.AfterFunc(longest, func() { _ = c.Process.Kill() })
	defer late.Stop()
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		said, ours := strings.CutPrefix(line, "\x01")
		word, rest, _ := strings.Cut(strings.TrimSuffix(said, "\n"), " ")
		switch {
		case !ours:
			t.print(line)
		case word == "begins":
			open, failed = true, false
			late.Reset(longest)
		case word == "violates":
			seed, text, _ := strings.Cut(rest, " ")
			text, _ = strconv.Unquote(text)
			t.violated(seed, text, !failed)
			failed = true
		case word == "ends":
			open = false
			done++
			if t.ended(failed) {
				_ = c.Process.Kill()
			}
		}
	}
	err = c.Wait()
	if open && !t.isOver() {
		seed := first + done*step
		t.violated(fmt.Sprint(seed), fmt.Sprintf("the process ended: %v\n%s", err, stderr.String()), true)
		t.ended(true)
		done++
	}
	return done, nil
}

func (t *tally) print(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Print(line)
}

func (t *tally) violated(seed, text string, first bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.violations++
	if first {
		fmt.Printf("seed %s breaks a promise; again, with a transcript: go run ./test/simulate -seed %s -histories 1 -repeat 20 -v\n", seed, seed)
	}
	fmt.Printf("  %s\n", text)
}

// ended counts a history and says whether the children should end.
func (t *tally) ended(failed bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ran++
	t.over = t.over || failed && t.stop
	return t.over
}

func (t *tally) isOver() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}
