//go:build cluster

package real

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// clusterNodes is how many nodes the cluster has, with one processor each: enough for all tests at once.
const clusterNodes = "8"

// A slurm is a sweep that the agents of a job in a cluster work on.
type slurm struct {
	*site
	address string // of the coordinator
	job     string // the array of agents
}

// startSlurm starts the cluster in a short path: Slurm's sockets have long names.
func startSlurm(t *testing.T) (conf string) {
	dir, err := os.MkdirTemp("/tmp", "slurm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		script(t, "slurm-down.sh", dir)
		if t.Failed() {
			log, _ := os.ReadFile(dir + "/log/slurmctld.log")
			t.Logf("slurmctld:\n%s", tail(log))
		}
		os.RemoveAll(dir)
	})
	script(t, "slurm-up.sh", dir, clusterNodes)
	return dir + "/slurm.conf"
}

// launchOn starts a coordinator with a sweep, and agents for it.
func launchOn(t *testing.T, conf string, want sweep, nodes int, args ...string) (*slurm, *process) {
	t.Helper()
	c := &slurm{site: newSite(t, want.spec)}
	c.env = append(c.env, "SLURM_CONF="+conf)
	coordinator, address := c.serve()
	c.address = address
	c.must(c.verb("submit", "sweep.yaml"))
	c.launch(nodes, args...)
	return c, coordinator
}

func (c *slurm) launch(nodes int, args ...string) {
	c.t.Helper()
	out := c.must(c.verb(append([]string{"launch", "slurm", "--nodes", strconv.Itoa(nodes), "--cores", "1", "--idle-exit", "4s", "--coordinator", c.address}, args...)...))
	job := regexp.MustCompile(`^Slurm job (\d+):`).FindStringSubmatch(out)
	if job == nil {
		c.t.Fatalf("launch said %s", out)
	}
	c.job = job[1]
	c.t.Cleanup(func() {
		logs, _ := filepath.Glob(filepath.Join(c.dir, "config/widthlaw/launch/slurm-*.log"))
		for _, name := range logs {
			if text, err := os.ReadFile(name); err == nil && c.t.Failed() {
				c.t.Logf("%s:\n%s", filepath.Base(name), tail(text))
			}
		}
	})
}

// elements are the states of the array's elements, such as "1 RUNNING n1".
func (c *slurm) elements() []string {
	c.t.Helper()
	out := c.must(c.command("squeue", "--noheader", "--array", "--job", c.job, "--format", "%K %T %N"))
	if out == "" {
		return nil
	}
	return strings.Split(out, "\n")
}

// node waits until an element of the array runs on a node other than `but`, and gives its name.
func (c *slurm) node(element, but string) (node string) {
	c.t.Helper()
	c.until("agent "+element+" runs on a node", func() bool {
		for _, e := range c.elements() {
			if f := strings.Fields(e); len(f) == 3 && f[0] == element && f[1] == "RUNNING" && f[2] != but {
				node = f[2]
				return true
			}
		}
		return false
	})
	return node
}

// deep waits until the agent of an element has computed for one and a half seconds: it is in the middle of a long point.
func (c *slurm) deep(element string) {
	c.t.Helper()
	c.until("agent "+element+" is in the middle of a point", func() bool {
		for _, p := range processes() {
			variables, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.id))
			if err == nil && strings.Contains(p.line, "agent --access "+c.dir) && bytes.Contains(variables, []byte("SLURM_ARRAY_TASK_ID="+element+"\x00")) {
				return busy(c.t, p.id) >= 150
			}
		}
		return false
	})
}

// gone waits until the agents have left by themselves.
func (c *slurm) gone() {
	c.t.Helper()
	c.until("all agents have left", func() bool {
		out, err := c.command("squeue", "--noheader", "--job", c.job, "--states", "PENDING,RUNNING,COMPLETING,CONFIGURING").Output()
		return err != nil || len(strings.TrimSpace(string(out))) == 0 // an error: Slurm has forgotten the job
	})
}

// says wants the logs of the agents, or the coordinator's, to have a line.
func (c *slurm) says(pattern, text string) {
	c.t.Helper()
	files, _ := filepath.Glob(filepath.Join(c.dir, pattern))
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), text) {
			return
		}
	}
	c.t.Errorf("no file %s says %q", pattern, text)
}

// TestSlurm takes agents away in every way that Slurm has.
func TestSlurm(t *testing.T) {
	t.Parallel()
	conf := startSlurm(t)
	ends := startShort(t, conf) // beside the others
	both := undisturbed(t, mix{long: 4, seconds: 5, short: 32}, mix{long: 4, seconds: 5, short: 12})
	long, short := both[0], both[1]
	for name, test := range map[string]func(*testing.T, string, sweep){
		"array": testArray, "preemption": testPreemption, "requeue": testRequeue, "cancel": testCancel,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, conf, short)
		})
	}
	t.Run("split brain", func(t *testing.T) {
		t.Parallel()
		testSplitBrain(t, conf, long)
	})
	t.Run("end of the allocation", func(t *testing.T) {
		t.Parallel()
		ends(t)
	})
}

// An array of agents does the sweep, shows no secret, and leaves by itself.
func testArray(t *testing.T, conf string, want sweep) {
	c, coordinator := launchOn(t, conf, want, 2)
	c.progress(4)
	c.secret()
	c.must(c.verb("wait"))
	c.gone()
	rows := c.finish(coordinator, want)
	c.noRetry(rows)
	if n := len(agents(rows)); n != 2 {
		t.Errorf("%d agents did the work, not 2", n)
	}
	c.says("config/widthlaw/launch/*.log", "nothing to do: leaving")
}

// A partition of higher priority takes an agent's node, and gives it back.
func testPreemption(t *testing.T, conf string, want sweep) {
	c, coordinator := launchOn(t, conf, want, 2)
	c.deep("1")
	node := c.node("1", "")
	c.must(c.command("sbatch", "--partition", "high", "--nodelist", node, "--output", "/dev/null", "--wrap", "sleep 3"))
	c.until("agent 1 is preempted", func() bool { return restarts(c, "1") == 1 })
	c.node("1", "")
	rows := c.finish(coordinator, want)
	c.noRetry(rows)
	c.says("output", "agent left")
	c.resumed()
	c.gone()
}

// resumed wants a point to have been preempted with a checkpoint, and to have gone on from it.
func (c *slurm) resumed() {
	c.t.Helper()
	c.says("config/widthlaw/launch/*.log", "a point was preempted; it goes on elsewhere from its checkpoint")
	c.says("config/widthlaw/launch/*.log", "a point goes on from its checkpoint")
}

// restarts is how often Slurm has started an element of the array again. (Only the test asks with scontrol.)
func restarts(c *slurm, element string) int {
	out, _ := c.command("scontrol", "show", "job", c.job+"_"+element).Output()
	m := regexp.MustCompile(`Restarts=(\d+)`).FindSubmatch(out)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]))
	return n
}

func testRequeue(t *testing.T, conf string, want sweep) {
	c, coordinator := launchOn(t, conf, want, 2)
	for i := range 2 {
		c.deep("1")
		c.must(c.command("scontrol", "requeue", c.job+"_1"))
		c.until("agent 1 is requeued", func() bool { return restarts(c, "1") == i+1 })
		c.node("1", "")
	}
	c.noRetry(c.finish(coordinator, want))
	c.resumed()
	c.gone()
}

// One agent is cancelled, then all are; others are launched later.
func testCancel(t *testing.T, conf string, want sweep) {
	c, coordinator := launchOn(t, conf, want, 2)
	c.deep("2")
	c.must(c.command("scancel", c.job+"_2"))
	c.progress(3)
	c.must(c.command("scancel", c.job))
	c.gone()
	if st := c.status(); st.Running != 0 || st.Done == st.Points {
		t.Errorf("after all agents were cancelled: %+v", st)
	}
	c.launch(2)
	c.noRetry(c.finish(coordinator, want))
	c.resumed()
	c.gone()
}

// startShort launches an agent whose allocation lasts two minutes; what it returns wants it to have left before that.
func startShort(t *testing.T, conf string) (ends func(*testing.T)) {
	c := &slurm{site: newSite(t, "")}
	c.env = append(c.env, "SLURM_CONF="+conf)
	_, c.address = c.serve()
	c.launch(1, "--time", "2m", "--idle-exit", "10m")
	c.node("1", "")
	return func(t *testing.T) {
		c.t = t
		c.gone()
		out := c.must(c.command("scontrol", "show", "job", c.job+"_1"))
		if !strings.Contains(out, "JobState=COMPLETED") || !strings.Contains(out, "ExitCode=0:0") {
			t.Errorf("the agent did not leave before the end of its allocation:\n%s", out)
		}
		c.says("output", "agent left")
	}
}

// slurmd is killed, and the agent under it lives on: Slurm starts it a second time elsewhere.
func testSplitBrain(t *testing.T, conf string, want sweep) {
	c, coordinator := launchOn(t, conf, want, 2)
	c.progress(2)
	node := c.node("1", "")
	dir := filepath.Dir(conf)
	text, err := os.ReadFile(filepath.Join(dir, "run", node+".pid"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	c.node("1", node)
	c.until("three agents live: the one that Slurm lost sight of, its second self and the other", func() bool {
		living := 0
		for _, p := range processes() {
			if strings.Contains(p.line, "agent --access "+c.dir) {
				living++
			}
		}
		return living == 3
	})
	c.progress(6)
	rows := c.finish(coordinator, want)
	c.noRetry(rows)
	if n := len(agents(rows)); n != 3 {
		t.Errorf("%d agents delivered, not 3", n)
	}
	script(t, "slurm-up.sh", dir, clusterNodes)
	c.gone()
}
