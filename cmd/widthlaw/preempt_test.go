package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// walkSpec has one point of 30,000 steps, or so many times more, each of which takes some 150 microseconds.
func walkSpec(times int) string {
	return fmt.Sprintf("name: walk\ntrainer: two-layer\nfixed: {n: 50, d: 20, m: 2000, lr: 1e-4, steps: %d, stop_at_fit: false, steps_limit: 10000000}\n"+
		"grid: {seed: [1]}\nrecord: {curves: [loss, max_move, pattern_changes, pl], at: {log: 30}}\n", 30_000*times)
}

// A strain says how often a long point is interrupted, how many times longer than usual it has to be for that, and within which time of its
// start each agent is asked to leave.
type strain struct {
	interruptions, times int
	within               time.Duration
}

func disturbances() strain {
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		return strain{interruptions: 30, times: 20, within: 2500 * time.Millisecond}
	}
	return strain{interruptions: 4, times: 3, within: 700 * time.Millisecond}
}

// TestLongPointInterrupted: a point that takes long and is interrupted again and again yields what it yields undisturbed.
func TestLongPointInterrupted(t *testing.T) {
	t.Parallel()
	load := disturbances()
	h := newHouse(t)
	h.write("walk.yaml", walkSpec(load.times))
	h.ends(h.lasting("run", "walk.yaml", "--cores", "1"))
	digest := h.must("digest")
	t.Run("agents", func(t *testing.T) { preemptAgents(t, load, digest) })
	t.Run("run", func(t *testing.T) { interruptRun(t, load, digest) })
	if load.times > 10 { // it takes more than a minute until there is a checkpoint to go on from
		t.Run("kill", func(t *testing.T) { killRun(t, load, digest) })
	}
}

// lasting starts a process that may live as long as the test does.
func (h *house) lasting(args ...string) *exec.Cmd {
	h.t.Helper()
	cmd := exec.Command("widthlaw", args...)
	cmd.Dir, cmd.Env = h.dir, h.env
	return h.begin(cmd, h.logs)
}

// A diary is what a process says.
type diary struct {
	t    *testing.T
	path string
}

func (d diary) text() string {
	d.t.Helper()
	b, err := os.ReadFile(d.path)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(b)
}

func (d diary) await(text string) {
	d.t.Helper()
	for end := time.Now().Add(time.Minute); !strings.Contains(d.text(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			d.t.Fatalf("never said %q:\n%s", text, d.text())
		}
	}
}

// watched starts a process whose words are looked at.
func (h *house) watched(args ...string) (*exec.Cmd, diary) {
	h.t.Helper()
	return h.recorded(h.command(args...))
}

// recorded starts a process with a diary.
func (h *house) recorded(cmd *exec.Cmd) (*exec.Cmd, diary) {
	h.t.Helper()
	f, err := os.CreateTemp(h.dir, "diary-*")
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	return h.begin(cmd, f), diary{h.t, f.Name()}
}

// ends waits for a process that must succeed.
func (h *house) ends(cmd *exec.Cmd) {
	h.t.Helper()
	if err := cmd.Wait(); err != nil {
		h.t.Fatalf("%v: %v", cmd.Args, err)
	}
}

var stepIn = regexp.MustCompile(`msg="(a point was preempted|a point goes on)[^"]*".* step=(\d+)`)

// A toll is what interruptions cost a point.
type toll struct {
	kept    int           // interruptions that left a checkpoint
	reached int           // the step of the last one
	lost    time.Duration // of computing that had to be done again
	longest time.Duration // that an agent took to leave
}

// preemptAgents asks each agent to leave, at any moment: it is gone in time, and the next one goes on where it was.
func preemptAgents(t *testing.T, load strain, digest string) {
	h := newHouse(t)
	h.write("walk.yaml", walkSpec(load.times))
	serve := h.lasting("serve")
	h.awaitFile(".widthlaw/agent-access.json")
	h.must("submit", "walk.yaml")
	random := rand.New(rand.NewPCG(3, 4))
	var cost toll
	first, done := 1500*time.Millisecond, 0
	for ; done < load.interruptions; done++ {
		cost.preempt(h, first+time.Duration(random.Int64N(int64(load.within))), random)
		if strings.Contains(h.must("status", "--output", "json"), `"done":1`) {
			break
		}
		want(t, h.must("status", "--output", "json"), `"running":0,"pending":[01],"preempted":[01]`)
		first = 0
	}
	last := h.lasting("agent", "--cores", "1")
	h.ends(h.lasting("wait", "walk"))
	if got := h.must("digest"); got != digest {
		t.Errorf("digest after %d interruptions: %s, undisturbed: %s", done, got, digest)
	}
	rows := h.must("export", "--format", "jsonl")
	want(t, rows, `"attempts":1`)
	last.Process.Signal(syscall.SIGTERM)
	h.ends(last)
	h.nothingKept()
	serve.Process.Signal(syscall.SIGTERM)
	h.ends(serve)
	h.must("check")
	cost.judge(t, done, load.interruptions, rows)
}

// preempt starts an agent and asks it to leave after a time with a session.
func (c *toll) preempt(h *house, after time.Duration, random *rand.Rand) {
	h.t.Helper()
	agent, log := h.watched("agent", "--cores", strconv.Itoa(1+random.IntN(2)))
	log.await("a session with the coordinator")
	started := time.Now()
	time.Sleep(after)
	asked := time.Now()
	agent.Process.Signal([]os.Signal{syscall.SIGTERM, syscall.SIGUSR1}[random.IntN(2)])
	if err := agent.Wait(); err != nil {
		h.t.Errorf("an agent that was asked to leave: %v\n%s", err, log.text())
	}
	left := time.Now()
	c.longest = max(c.longest, left.Sub(asked))
	went, kept := c.reached > 0, false
	for _, m := range stepIn.FindAllStringSubmatch(log.text(), -1) {
		step, _ := strconv.Atoi(m[2])
		switch {
		case m[1] == "a point goes on" && step != c.reached:
			h.t.Errorf("an agent goes on from step %d; the last one left at step %d", step, c.reached)
		case m[1] == "a point goes on":
			went = false
		case m[1] == "a point was preempted":
			c.reached, kept = step, true
			c.kept++
		}
	}
	if !kept && !went { // it computed, and nothing is left of it
		c.lost += left.Sub(started)
	}
}

// judge says what the interruptions cost, and wants that to be little.
func (c *toll) judge(t *testing.T, interruptions, most int, rows string) {
	t.Helper()
	m := regexp.MustCompile(`"seconds":([0-9.e+-]+)`).FindStringSubmatch(rows)
	if m == nil {
		t.Fatalf("no seconds in %s", rows)
	}
	seconds, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	share := c.lost.Seconds() / seconds
	t.Logf("a point of %.1f s, interrupted %d times, with %d checkpoints: %.2f s of it were computed twice, %.2f %%; the slowest agent left in %v",
		seconds, interruptions, c.kept, c.lost.Seconds(), 100*share, c.longest.Round(time.Millisecond))
	if share > 0.03 {
		t.Errorf("%.1f %% of the point were computed twice", 100*share)
	}
	if c.longest > 20*time.Second {
		t.Errorf("an agent took %v to leave", c.longest)
	}
	if interruptions < most || c.kept < most/2 {
		t.Errorf("%d interruptions, %d checkpoints; %d interruptions should fit: make walkSpec longer", interruptions, c.kept, most)
	}
}

// interruptRun presses Ctrl-C: the same command goes on where it was.
func interruptRun(t *testing.T, load strain, digest string) {
	h := newHouse(t)
	h.write("walk.yaml", walkSpec(load.times))
	reached := int64(0)
	for range load.interruptions {
		run := h.start("run", "walk.yaml")
		h.until(regexp.MustCompile(`"running":1|"done":1`), "status", "--output", "json")
		time.Sleep(1500 * time.Millisecond)
		run.Process.Signal(os.Interrupt)
		err := run.Wait()
		if err == nil {
			break
		}
		if run.ProcessState.ExitCode() != exitStopped {
			t.Fatalf("after Ctrl-C: %v", err)
		}
		want(t, h.must("status", "--output", "json"), `"preempted":1`)
		want(t, h.must("export", "--format", "csv"), `,preempted,`)
		if step := h.stepKept(); step <= reached {
			t.Errorf("a checkpoint of step %d after one of step %d", step, reached)
		} else {
			reached = step
		}
	}
	h.ends(h.lasting("run", "walk.yaml"))
	if got := h.must("digest"); got != digest {
		t.Errorf("digest after interruptions: %s, undisturbed: %s", got, digest)
	}
	h.nothingKept()
	h.must("check")
}

// killRun kills a run: the same command goes on from the last checkpoint that it had taken on the way.
func killRun(t *testing.T, load strain, digest string) {
	h := newHouse(t)
	h.write("walk.yaml", walkSpec(load.times))
	run := h.lasting("run", "walk.yaml", "--cores", "1")
	for end := time.Now().Add(2 * time.Minute); len(h.kept()) == 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("no checkpoint after two minutes")
		}
	}
	kill(run)
	want(t, h.must("status", "--output", "json"), `"preempted":1`)
	h.ends(h.lasting("run", "walk.yaml", "--cores", "1"))
	if got := h.must("digest"); got != digest {
		t.Errorf("digest after a kill: %s, undisturbed: %s", got, digest)
	}
	h.nothingKept()
}

// TestNobodyListens: an agent whose log nobody reads any more, because the session of ssh or the terminal that it was started from has
// ended, hands its point back with a checkpoint all the same.
func TestNobodyListens(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.write("walk.yaml", walkSpec(100))
	h.lasting("serve")
	h.must("submit", "walk.yaml")
	h.until(regexp.MustCompile("agents +0"), "status")
	said, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	agent := h.command("agent", "--cores", "1")
	agent.Stderr = end
	if err := errors.Join(agent.Start(), end.Close()); err != nil {
		t.Fatal(err)
	}
	h.until(regexp.MustCompile(`"running":1`), "status", "--output", "json")
	time.Sleep(1500 * time.Millisecond)
	said.Close()
	agent.Process.Signal(syscall.SIGHUP)
	h.ends(agent)
	want(t, h.must("status", "--output", "json"), `"running":0,"pending":0,"preempted":1`)
}

// kept are the checkpoints of the state directory.
func (h *house) kept() []string {
	h.t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.dir, ".widthlaw", "checkpoints", "*"))
	if err != nil {
		h.t.Fatal(err)
	}
	return paths
}

func (h *house) nothingKept() {
	h.t.Helper()
	if left := h.kept(); len(left) > 0 {
		h.t.Errorf("%v is left of a point that is done", left)
	}
}

// stepKept is the step of the only checkpoint.
func (h *house) stepKept() int64 {
	h.t.Helper()
	paths := h.kept()
	if len(paths) != 1 {
		h.t.Fatalf("%v are kept, not one", paths)
	}
	f, err := os.Open(paths[0])
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := sweep.ReadCheckpointHead(f)
	if err = errors.Join(err, f.Close()); err != nil {
		h.t.Fatal(err)
	}
	return c.Step
}
