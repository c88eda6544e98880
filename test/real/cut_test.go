//go:build cluster

package real

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// cutSpec has one long point and many short ones. The lease is short, so that the long point outlasts it several times.
const cutSpec = `
name: cut
trainer: two-layer
fixed: {n: 60, d: 30, m: 512, stop_at_fit: false}
zip: [[steps, seed]]
grid:
  steps: [%s]
  seed: 0..%d
record: {curves: [loss, max_move], at: {log: 8}}
`

const (
	lease     = 6 * time.Second
	longPoint = 16.0 // seconds
	shorts    = 24
)

// cutSweep is the sweep, and its undisturbed digest.
func cutSweep(t *testing.T) sweep {
	speed, err := stepsASecond()
	if err != nil {
		t.Fatal(err)
	}
	steps := []string{fmt.Sprint(int(speed * longPoint))}
	for range shorts {
		steps = append(steps, fmt.Sprint(int(speed*0.25)))
	}
	spec := fmt.Sprintf(cutSpec, strings.Join(steps, ", "), shorts)
	s := newSite(t, spec)
	s.must(s.verb("run", "sweep.yaml"))
	return sweep{spec, s.must(s.verb("digest"))}
}

// A net is a coordinator on host 1, and agents on hosts 2 and 3.
type netted struct {
	*site
	name        string // prefix of the hosts
	coordinator *process
	agents      map[int]*process
}

func startNet(t *testing.T, want sweep) *netted {
	name := fmt.Sprintf("w%d", os.Getpid())
	t.Cleanup(func() { script(t, "netns.sh", name, "down") })
	script(t, "netns.sh", name, "up", "3")
	n := &netted{site: newSite(t, want.spec), name: name, agents: map[int]*process{}}
	n.prefix = []string{"ip", "netns", "exec", name + "1"}
	n.coordinator, _ = n.serve("--listen", "10.78.0.1:7777", "--lease", lease.String())
	n.must(n.verb("submit", "sweep.yaml"))
	return n
}

func (n *netted) agent(host int) {
	n.t.Helper()
	spool := fmt.Sprintf("spool%d", host)
	n.agents[host] = n.start(n.command("ip", "netns", "exec", fmt.Sprint(n.name, host), program, "agent", "--cores", "1", "--spool", spool))
}

func (n *netted) net(words ...string) {
	n.t.Helper()
	script(n.t, append([]string{"netns.sh", n.name}, words...)...)
}

// logged says whether the coordinator or an agent has said something.
func (n *netted) logged(text string) bool {
	b, err := os.ReadFile(filepath.Join(n.dir, "output"))
	return err == nil && strings.Contains(string(b), text)
}

// works wants the process of an agent's to compute for a while: it uses at least a tenth of a processor, which others use too.
func (n *netted) works(host int) {
	n.t.Helper()
	const ticks, look = 100, time.Second
	pid := n.agents[host].Process.Pid
	before := busy(n.t, pid)
	timer := time.NewTimer(look)
	defer timer.Stop()
	<-timer.C
	if used := busy(n.t, pid) - before; used < ticks/10 {
		n.t.Errorf("agent %d used %d hundredths of a second in a second of the cut: it does not compute", host, used)
	}
}

// spooled says whether an agent keeps results that nobody has acknowledged.
func (n *netted) spooled(host int) bool {
	files, _ := filepath.Glob(filepath.Join(n.dir, fmt.Sprintf("spool%d", host), "*", "*.spool"))
	return len(files) > 0
}

// begin starts agent 2, which takes the long point, and then agent 3.
func (n *netted) begin() {
	n.agent(2)
	n.until("the long point runs", func() bool { return n.status().Running > 0 })
	n.agent(3)
	n.until("both agents work", func() bool { return n.status().Done > 2 })
}

// lost waits until agent 2 has lost its points and agent 3 runs the long one, and sees that both compute meanwhile.
func (n *netted) lost() {
	n.t.Helper()
	from := n.status().Done
	n.works(2)
	n.until("the lease has ended", func() bool { return n.logged("an agent was lost") })
	n.works(2)
	n.until("only the long point is left, and runs elsewhere", func() bool {
		st := n.status()
		return st.Running == 1 && st.Done == st.Points-1
	})
	n.works(3)
	if now := n.status().Done; now <= from {
		n.t.Errorf("nothing was done during the cut: %d, then %d", from, now)
	}
}

// end wants one row a point and, once healed, nothing left in the spools.
func (n *netted) end(want sweep) []row {
	n.t.Helper()
	n.must(n.verb("wait"))
	n.until("all results are delivered", func() bool { return !n.spooled(2) && !n.spooled(3) })
	rows := n.finish(n.coordinator, want)
	for _, p := range n.agents {
		n.stop(p, syscall.SIGTERM)
	}
	return rows
}

// TestCut breaks the network between the coordinator and an agent that runs a long point.
func TestCut(t *testing.T) {
	want := cutSweep(t)
	t.Run("both ways, until it has finished", func(t *testing.T) {
		n := startNet(t, want)
		n.begin()
		n.net("cut", "1", "2")
		n.net("cut", "2", "1")
		n.lost()
		n.until("agent 2 has finished the long point, cut off", func() bool { return n.spooled(2) })
		if st := n.status(); st.Running != 1 {
			t.Fatalf("agent 3 does not run it any more: %+v", st)
		}
		n.net("heal")
		n.end(want)
	})
	t.Run("both ways, healed while both run it", func(t *testing.T) {
		n := startNet(t, want)
		n.begin()
		n.net("cut", "1", "2")
		n.net("cut", "2", "1")
		n.lost()
		n.net("heal")
		n.end(want)
	})
	t.Run("on the way to the coordinator", func(t *testing.T) {
		n := startNet(t, want)
		n.begin()
		n.net("cut", "2", "1")
		n.lost()
		n.net("heal")
		n.end(want)
	})
	t.Run("on the way from the coordinator", func(t *testing.T) {
		n := startNet(t, want)
		n.begin()
		n.net("cut", "1", "2")
		n.works(2)
		n.until("the others are done", func() bool { st := n.status(); return st.Done >= st.Points-2 })
		n.works(2)
		n.net("heal")
		if rows := n.end(want); !slices.ContainsFunc(rows, func(r row) bool { return r.state == "done" }) {
			t.Error("nothing is done")
		}
	})
}
