package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killings says how many processes are killed, over how many seeds of killSpec, and gives the random numbers by which it is done. `make
// soak` kills in a new order each time, unless WIDTHLAW_SEED has the seed that an earlier run has printed.
func killings(t *testing.T) (kills, seeds int, random *rand.Rand) {
	t.Helper()
	kills, seeds = 25, 40
	seed := uint64(1)
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		kills, seeds, seed = 200, 400, rand.Uint64()
	}
	if text := os.Getenv("WIDTHLAW_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("WIDTHLAW_SEED: %v", err)
		}
	}
	t.Logf("%d kills; the same again: WIDTHLAW_SEED=%d", kills, seed)
	return kills, seeds, rand.New(rand.NewPCG(seed, 0))
}

// killSpec is crashSpec with more seeds. No point is put aside: it is no point's fault that its agent is killed.
func killSpec(seeds int) string {
	return strings.Replace(crashSpec, "seed: 0..119", "seed: 0.."+strconv.Itoa(seeds-1), 1) + "quarantine_after: 1000\n"
}

// TestKills kills the coordinator and the agents at random, some at once, and starts each again: no point is lost, none comes out
// different, and the digest is that of a run that nobody has disturbed.
func TestKills(t *testing.T) {
	t.Parallel()
	kills, seeds, random := killings(t)
	undisturbed := newHouse(t)
	undisturbed.write("kill.yaml", killSpec(seeds))
	undisturbed.ends(undisturbed.lasting("run", "kill.yaml"))

	s := &siege{house: newHouse(t), random: random}
	s.write("kill.yaml", killSpec(seeds))
	s.must("submit", "kill.yaml")
	s.serve = s.lasting("serve", "--lease", "2s")
	s.awaitFile(".widthlaw/agent-access.json")
	s.until(regexp.MustCompile("agents +0"), "status")
	for range 3 {
		s.agents = append(s.agents, s.agent())
	}
	points := s.await(1).Points
	for killed := 0; killed < kills; {
		s.await(points * uint64(killed+1) / uint64(kills+2))
		time.Sleep(time.Duration(random.IntN(200)) * time.Millisecond) // a moment that nothing tells
		killed += s.strike()
	}
	s.ends(s.lasting("wait", "crash"))
	s.nothingLost(undisturbed.must("digest"))
}

// A siege is a coordinator with agents, each of which is killed now and then.
type siege struct {
	*house
	random *rand.Rand
	serve  *exec.Cmd
	agents []*exec.Cmd
	done   uint64 // points that were once said to be done
}

func (s *siege) agent() *exec.Cmd { return s.lasting("agent", "--cores", "1") }

// strike kills an agent, or the coordinator, or now and then all of them, starts them again, and says how many it has killed.
func (s *siege) strike() (killed int) {
	dice, victim := s.random.IntN(12), s.random.IntN(len(s.agents))
	if dice < 4 {
		kill(s.serve)
		killed++
	}
	for i := range s.agents {
		if dice == 0 || dice > 3 && i == victim {
			kill(s.agents[i])
			s.agents[i] = s.agent()
			killed++
		}
	}
	if dice < 4 {
		s.serve = s.lasting("serve", "--lease", "2s")
	}
	return killed
}

// counts are what `status --output json` says.
type counts struct{ Points, Done, Failed, Running, Pending, Preempted, Quarantined, Cancelled, Conflicts uint64 }

// await waits until so many points are done. What is done once stays so, whatever was killed since.
func (s *siege) await(done uint64) (c counts) {
	s.t.Helper()
	var out []byte
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		if out, err = s.command("list", "--output", "json").CombinedOutput(); err != nil {
			continue // the coordinator is on its way
		}
		var list struct{ Sweeps []counts }
		if err := json.Unmarshal(out, &list); err != nil {
			s.t.Fatalf("%v: %s", err, out)
		}
		if len(list.Sweeps) > 0 {
			c = list.Sweeps[0]
		}
		if c.Done < s.done {
			s.t.Fatalf("%d points are done, after %d were: what was acknowledged is lost", c.Done, s.done)
		}
		if s.done = c.Done; c.Done >= done {
			return c
		}
	}
	s.t.Fatalf("waited in vain for %d points that are done; at last:\n%s", done, out)
	return c
}

// nothingLost wants each point to be done once, into the bits of an undisturbed run, and the store to be sound.
func (s *siege) nothingLost(digest string) {
	s.t.Helper()
	c := s.await(s.done)
	if c.Done != c.Points || c.Conflicts != 0 {
		s.t.Errorf("at the end: %+v", c)
	}
	rows := strings.Split(s.must("export", "--format", "csv"), "\n")[1:]
	if uint64(len(rows)) != c.Points {
		s.t.Errorf("%d rows of %d points", len(rows), c.Points)
	}
	if got := s.must("digest"); got != digest {
		s.t.Errorf("digest after the kills: %s, undisturbed: %s", got, digest)
	}
	for _, p := range append(s.agents, s.serve) {
		p.Process.Signal(syscall.SIGTERM)
		s.ends(p)
	}
	s.must("check")
}
