//go:build cluster

// Package real tests launch and the agents on real clusters, which it starts itself: Slurm, sshd, hosts in network namespaces.
// It needs root, and installs what it needs (install.sh); `make test-cluster` runs it. In every test the sweep has to end with
// the digest of an undisturbed run, whatever was taken away.
//
// Most tests wait more than they compute: as many run side by side as there are processors.
//
// Start with a site below: a coordinator with its state directory.
package real

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is the path of the binary under test.
var program string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	if out, err := exec.Command("./install.sh").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "install.sh: %v\n%s", err, out)
		return 1
	}
	dir, err := os.MkdirTemp("", "widthlaw-real")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "widthlaw")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/widthlaw").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// A site is a directory with a coordinator's state in it, and the processes of one test.
type site struct {
	t      *testing.T
	dir    string
	env    []string
	prefix []string // before the coordinator's and the verbs' command lines: where they run
	output *os.File // what the processes said
}

func newSite(t *testing.T, spec string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, dir: dir, env: append(os.Environ(), "XDG_CACHE_HOME="+dir+"/cache", "XDG_CONFIG_HOME="+dir+"/config")}
	s.write("sweep.yaml", spec)
	var err error
	if s.output, err = os.Create(filepath.Join(dir, "output")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if text, err := os.ReadFile(s.output.Name()); err == nil && t.Failed() {
			t.Logf("the processes said:\n%s", tail(text))
		}
		s.output.Close()
	})
	return s
}

func tail(text []byte) []byte { return text[max(0, len(text)-10_000):] }

func (s *site) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) command(words ...string) *exec.Cmd {
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir, cmd.Env = s.dir, s.env
	return cmd
}

// verb is a command of the program where the coordinator runs.
func (s *site) verb(args ...string) *exec.Cmd {
	return s.command(slices.Concat(s.prefix, []string{program}, args)...)
}

// must runs a command that must succeed, and gives what it printed.
func (s *site) must(cmd *exec.Cmd) string {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	timer := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer timer.Stop()
	if err := cmd.Run(); err != nil {
		s.t.Fatalf("%v: %v\n%s%s", cmd.Args, err, &stdout, &stderr)
	}
	return strings.TrimSpace(stdout.String())
}

// A process runs until the test ends it, or ends.
type process struct {
	*exec.Cmd
	ended chan struct{} // closed when it has; err is set then
	err   error
}

func (s *site) start(cmd *exec.Cmd) *process {
	s.t.Helper()
	cmd.Stdout, cmd.Stderr = s.output, s.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that is killed leaves nothing behind
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	p := &process{Cmd: cmd, ended: make(chan struct{})}
	go func() { // it ends with the process, which the cleanup ends and waits for
		p.err = cmd.Wait()
		close(p.ended)
	}()
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		<-p.ended // its children keep no output open: the output is a file
	})
	return p
}

// stop asks a process to leave, and wants it to do so with exit code 0.
func (s *site) stop(p *process, sig syscall.Signal) {
	s.t.Helper()
	p.Process.Signal(sig)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		s.t.Fatalf("%v did not end within 30 s of %v", p.Args, sig)
	}
	if p.err != nil {
		s.t.Errorf("%v, asked to end: %v", p.Args, p.err)
	}
}

// serve starts a coordinator, and gives its address.
func (s *site) serve(args ...string) (*process, string) {
	s.t.Helper()
	p := s.start(s.verb(append([]string{"serve"}, args...)...))
	var access struct{ Address string }
	s.until("the coordinator is there", func() bool {
		text, err := os.ReadFile(filepath.Join(s.dir, ".widthlaw", "agent-access.json"))
		return err == nil && json.Unmarshal(text, &access) == nil && s.verb("list").Run() == nil
	})
	return p, access.Address
}

// patience is how long anything may take, where others may want the processors too.
const patience = 4 * time.Minute

// until waits for something that must come about. To look costs a process, as a rule, and there are few processors.
func (s *site) until(what string, holds func() bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if holds() {
			return
		}
	}
	s.t.Fatalf("waited %v in vain until %s", patience, what)
}

// A status is what `status --output json` says.
type status struct{ Points, Done, Failed, Running, Pending, Preempted, Quarantined, Cancelled, Conflicts, Late uint64 }

func (s *site) status() (st status) {
	s.t.Helper()
	if err := json.Unmarshal([]byte(s.must(s.verb("status", "--output", "json"))), &st); err != nil {
		s.t.Fatal(err)
	}
	return st
}

// progress waits until `more` further points are done, and wants work to be left then.
func (s *site) progress(more uint64) {
	s.t.Helper()
	from := s.status().Done
	var now status
	s.until(fmt.Sprintf("%d more points are done", more), func() bool { now = s.status(); return now.Done >= from+more })
	if now.Done+now.Running >= now.Points {
		s.t.Fatalf("the sweep was over before it was disturbed: give it more points (%+v)", now)
	}
}

// A row is what is exported of a point.
type row struct {
	state, host, agent string
	attempts           int
}

func (s *site) rows() []row {
	s.t.Helper()
	table, err := csv.NewReader(strings.NewReader(s.must(s.verb("export", "--format", "csv")))).ReadAll()
	if err != nil {
		s.t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(table[0], name) }
	var rows []row
	for _, r := range table[1:] {
		n, err := strconv.Atoi(r[column("attempts")])
		if err != nil {
			s.t.Fatal(err)
		}
		rows = append(rows, row{state: r[column("state")], host: r[column("host")], agent: r[column("agent")], attempts: n})
	}
	return rows
}

// finish waits for the sweep, and wants what every sweep owes: each point once, no conflict, no failure, the digest of an undisturbed
// run, and a sound store.
func (s *site) finish(coordinator *process, want sweep) []row {
	s.t.Helper()
	s.must(s.verb("wait"))
	st := s.status()
	if st.Done != st.Points || st.Conflicts != 0 {
		s.t.Errorf("at the end: %+v", st)
	}
	if got := s.must(s.verb("digest")); got != want.digest {
		s.t.Errorf("digest %s, undisturbed %s", got, want.digest)
	}
	rows := s.rows()
	if uint64(len(rows)) != st.Points {
		s.t.Errorf("%d rows of %d points", len(rows), st.Points)
	}
	s.stop(coordinator, syscall.SIGTERM)
	s.must(s.verb("check"))
	return rows
}

// noRetry wants every point to have needed one attempt.
func (s *site) noRetry(rows []row) {
	s.t.Helper()
	for i, r := range rows {
		if r.state != "done" || r.attempts != 1 {
			s.t.Errorf("row %d: %+v; no retry may be counted", i, r)
		}
	}
}

// agents are those that delivered something.
func agents(rows []row) (names []string) {
	for _, r := range rows {
		if !slices.Contains(names, r.agent) {
			names = append(names, r.agent)
		}
	}
	return names
}

// secret wants no process of this machine to show the coordinator's tokens on its command line.
func (s *site) secret() {
	s.t.Helper()
	var access struct{ Token string }
	text, err := os.ReadFile(filepath.Join(s.dir, ".widthlaw", "agent-access.json"))
	if err == nil {
		err = json.Unmarshal(text, &access)
	}
	if err != nil || access.Token == "" {
		s.t.Fatalf("no token: %v", err)
	}
	for _, p := range processes() {
		if strings.Contains(p.line, access.Token) || strings.Contains(p.line, program) && strings.Contains(p.line, "widthlaw1.") {
			s.t.Errorf("process %d shows a secret: %s", p.id, p.line)
		}
	}
}

// A running is a process of this machine.
type running struct {
	id, parent int
	line       string // its command line
}

func processes() (all []running) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		stat, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended
		}
		line, err := os.ReadFile(filepath.Join(filepath.Dir(f), "cmdline"))
		if err != nil || len(line) == 0 {
			continue
		}
		p := running{line: strings.ReplaceAll(strings.TrimRight(string(line), "\x00"), "\x00", " ")}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		p.id, _ = strconv.Atoi(filepath.Base(filepath.Dir(f)))
		p.parent, _ = strconv.Atoi(fields[1])
		all = append(all, p)
	}
	return all
}

// busy is the processor time that a process has used, in clock ticks of which a second has 100 (proc(5)).
func busy(t *testing.T, pid int) int {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	return user + system
}

// script runs a script of this folder that must succeed.
func script(t *testing.T, words ...string) {
	t.Helper()
	if out, err := exec.Command("./"+words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", words, err, out)
	}
}

// stepsASecond is how many steps of the sweeps' points a core takes in a second of its time: neither how fast the program is, nor who else
// computes here, must decide how long the points are.
var stepsASecond = sync.OnceValues(func() (float64, error) {
	const steps = 8000
	cmd := exec.Command(program, "point", "n=60", "d=30", "m=512", fmt.Sprint("steps=", steps), "stop_at_fit=false", "--threads", "1")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%w: %s", err, out)
	}
	return steps / cmd.ProcessState.UserTime().Seconds(), nil
})

// A mix is what a sweep consists of: a few long points, which agents take first, and short ones of half a second of one core's time.
type mix struct {
	long    int
	seconds float64 // of one core's time, that a long one takes
	short   int
}

func (m mix) spec(t *testing.T) string {
	t.Helper()
	speed, err := stepsASecond()
	if err != nil {
		t.Fatal(err)
	}
	steps := slices.Concat(
		slices.Repeat([]string{fmt.Sprint(int(speed * m.seconds))}, m.long),
		slices.Repeat([]string{fmt.Sprint(int(speed * 0.5))}, m.short))
	return fmt.Sprintf(`
name: real
trainer: two-layer
fixed: {n: 60, d: 30, m: 512, stop_at_fit: false}
zip: [[steps, seed]]
grid:
  steps: [%s]
  seed: 0..%d
record: {curves: [loss, max_move], at: {log: 8}}
`, strings.Join(steps, ", "), len(steps)-1)
}

// A sweep is a spec, and its undisturbed digest.
type sweep struct{ spec, digest string }

// undisturbed are sweeps, each run from beginning to end in one process. They share a store: what is part of another costs nothing.
func undisturbed(t *testing.T, mixes ...mix) (sweeps []sweep) {
	t.Helper()
	s := newSite(t, "")
	for _, m := range mixes {
		spec := m.spec(t)
		s.write("sweep.yaml", spec)
		s.must(s.verb("run", "sweep.yaml"))
		sweeps = append(sweeps, sweep{spec, s.must(s.verb("digest"))})
	}
	return sweeps
}
