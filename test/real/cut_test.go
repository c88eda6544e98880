//go:build cluster

package real

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// lease is short, so that the one long point of the sweep outlasts it several times.
const lease = 4 * time.Second

// A net is a coordinator on host 1, and agents on hosts 2 and 3.
type netted struct {
	*site
	name        string // prefix of the hosts
	coordinator *process
	agents      map[int]*process
	late        bool // agent 2 has come too late with the long point: another had it by then
}

// nets counts the networks that were made: each has a name of its own.
var nets atomic.Int32

func startNet(t *testing.T, want sweep) *netted {
	name := fmt.Sprintf("w%d%c", os.Getpid(), 'a'+nets.Add(1))
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

// computes says whether an agent uses a tenth of a second of the processor within a time. An idle one does not, and one that works does even
// where many share the processor.
func (n *netted) computes(host int, within time.Duration) bool {
	n.t.Helper()
	pid := n.agents[host].Process.Pid
	before := busy(n.t, pid)
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		if busy(n.t, pid)-before >= 10 {
			return true
		}
	}
	return false
}

// works wants an agent to compute.
func (n *netted) works(host int) {
	n.t.Helper()
	if !n.computes(host, 10*time.Second) {
		n.t.Errorf("agent %d does not compute during the cut", host)
	}
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
	n.late = true
	if now := n.status().Done; now <= from {
		n.t.Errorf("nothing was done during the cut: %d, then %d", from, now)
	}
}

// end wants all that agents held to be delivered, and the sweep to be as if nothing had happened.
func (n *netted) end(want sweep) {
	n.t.Helper()
	n.must(n.verb("wait"))
	n.until("agent 2 is back", func() bool { return n.logged("held=1 reattached=") })
	if st := n.status(); n.late && st.Late == 0 || st.Conflicts != 0 {
		n.t.Errorf("agent 2 came back under a fence that had been given up, with equal bits, and the status says %d late, %d conflicts", st.Late, st.Conflicts)
	}
	for _, p := range n.agents {
		n.stop(p, syscall.SIGTERM)
	}
	if n.logged("not all results could be delivered") {
		n.t.Error("an agent left with results that it could not deliver")
	}
	n.finish(n.coordinator, want)
}

// TestCut breaks the network between the coordinator and an agent that runs a long point.
func TestCut(t *testing.T) {
	t.Parallel()
	want := undisturbed(t, mix{long: 1, seconds: 16, short: 24})[0]
	t.Run("both ways, until it has finished", func(t *testing.T) {
		t.Parallel()
		n := startNet(t, want)
		n.begin()
		n.net("cut", "1", "2")
		n.net("cut", "2", "1")
		n.lost()
		n.until("agent 2 has finished the long point, cut off", func() bool { return !n.computes(2, 3*time.Second) })
		if st := n.status(); st.Running != 1 {
			t.Fatalf("agent 3 does not run it any more: %+v", st)
		}
		n.net("heal")
		n.end(want)
	})
	t.Run("both ways, healed while both run it", func(t *testing.T) {
		t.Parallel()
		n := startNet(t, want)
		n.begin()
		n.net("cut", "1", "2")
		n.net("cut", "2", "1")
		n.lost()
		n.net("heal")
		n.end(want)
	})
	t.Run("on the way to the coordinator", func(t *testing.T) {
		t.Parallel()
		n := startNet(t, want)
		n.begin()
		n.net("cut", "2", "1")
		n.lost()
		n.net("heal")
		n.end(want)
	})
	t.Run("on the way from the coordinator", func(t *testing.T) {
		t.Parallel()
		n := startNet(t, want)
		n.begin()
		n.net("cut", "1", "2")
		n.lost() // what agent 2 says is not confirmed: TCP says it again and again, and nothing new
		n.net("heal")
		n.end(want)
	})
}
