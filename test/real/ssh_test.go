//go:build cluster

package real

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startSSHD starts an sshd, and gives the file of its clients' settings.
func startSSHD(t *testing.T) (config string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	script(t, "sshd-up.sh", dir, strconv.Itoa(port))
	t.Cleanup(func() {
		text, err := os.ReadFile(dir + "/sshd.pid")
		if err != nil {
			t.Fatal(err)
		}
		pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
		syscall.Kill(pid, syscall.SIGTERM)
	})
	return dir + "/ssh_config"
}

// children are the processes that a process has started, and whose command lines have a text.
func children(parent int, text string) (list []running) {
	for _, p := range processes() {
		if p.parent == parent && strings.Contains(p.line, text) {
			list = append(list, p)
		}
	}
	return list
}

// remote are the agents that sshd started for this test's hosts.
func remote() (list []running) {
	for _, p := range processes() {
		if strings.HasPrefix(p.line, program+" agent --access -") {
			list = append(list, p)
		}
	}
	return list
}

// TestSSH has launch start agents over a real sshd.
func TestSSH(t *testing.T) {
	t.Parallel()
	t.Run("a client is killed", testSSHKilled)
	t.Run("launch is interrupted", testSSHInterrupted)
	t.Run("a host refuses", testSSHRefused)
}

// One of two ssh clients is killed: its agent leaves and hands its points back, launch connects again, and no retry is counted.
func testSSHKilled(t *testing.T) {
	config := startSSHD(t)
	want := undisturbed(t, mix{short: 40})[0]
	s := newSite(t, want.spec)
	coordinator, address := s.serve()
	s.must(s.verb("submit", "sweep.yaml"))
	s.write("hosts", "node1 cores=1\nnode2\n")
	launch := s.start(s.verb("launch", "ssh", "hosts", "--coordinator", address, "--binary", program, "--cores", "1", "--idle-exit", "4s", "--", "-F", config))
	s.progress(4)
	s.secret()
	clients, before := children(launch.Process.Pid, "node1"), remote()
	if len(clients) != 1 || len(before) != 2 {
		t.Fatalf("%d ssh clients of node1 and %d agents", len(clients), len(before))
	}
	if err := syscall.Kill(clients[0].id, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.until("the agent of the killed client has left, and another has come", func() bool {
		now, known := remote(), 0
		for _, p := range now {
			for _, q := range before {
				if p.id == q.id {
					known++
				}
			}
		}
		return len(now) == 2 && known == 1
	})
	s.progress(4)
	s.must(s.verb("wait"))
	select { // the agents leave by themselves, and launch with them
	case <-launch.ended:
		if launch.err != nil {
			t.Errorf("launch ssh: %v", launch.err)
		}
	case <-time.After(patience):
		t.Fatal("launch ssh stays although its agents have nothing to do")
	}
	rows := s.finish(coordinator, want)
	s.noRetry(rows)
	if n := len(agents(rows)); n != 3 {
		t.Errorf("%d agents delivered, not 3", n)
	}
}

// Ctrl-C has launch ask the agents to leave: all that they ran is handed back. The coordinator listens on loopback, and the agents come
// to it through ssh's tunnel.
func testSSHInterrupted(t *testing.T) {
	config := startSSHD(t)
	want := undisturbed(t, mix{short: 16})[0]
	s := newSite(t, want.spec)
	coordinator, _ := s.serve()
	s.must(s.verb("submit", "sweep.yaml"))
	s.write("hosts", "node1\nnode2\n")
	args := []string{"launch", "ssh", "hosts", "--tunnel", "--binary", program, "--cores", "1", "--idle-exit", "2s", "--", "-F", config}
	launch := s.start(s.verb(args...))
	s.progress(2)
	s.stop(launch, syscall.SIGINT)
	if left := remote(); len(left) > 0 {
		t.Errorf("agents that stayed: %v", left)
	}
	if st := s.status(); st.Running != 0 {
		t.Errorf("after the agents have left: %+v", st)
	}
	text, err := os.ReadFile(filepath.Join(s.dir, "output"))
	if err != nil || strings.Count(string(text), "agent left") != 2 {
		t.Errorf("not both agents left in order: %v", err)
	}
	s.must(s.verb(args...))
	s.noRetry(s.finish(coordinator, want))
}

// A host that refuses is given up with the reason, and the other works on.
func testSSHRefused(t *testing.T) {
	config := startSSHD(t)
	want := undisturbed(t, mix{short: 4})[0]
	s := newSite(t, want.spec)
	coordinator, address := s.serve()
	s.must(s.verb("submit", "sweep.yaml"))
	s.write("hosts", fmt.Sprintf("node1 binary=/nowhere/widthlaw\nnode2 binary=%s\n", program))
	out, err := s.verb("launch", "ssh", "hosts", "--coordinator", address, "--cores", "1", "--idle-exit", "2s", "--", "-F", config).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "node1: given up: the host cannot run /nowhere/widthlaw") {
		t.Errorf("%v: %s", err, out)
	}
	s.noRetry(s.finish(coordinator, want))
}
