package launch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Every shell reads a quoted line as the words that it was made of.
func TestLineSurvivesShells(t *testing.T) {
	words := []string{"printf", `[%s]\n`, "", "plain", "two words", "it's", `back\slash`, `"double"`, "$HOME", "`id`", "a;b|c&d", "*", "~", "=x", "new\nline", "#no comment", "ünïcode"}
	for _, shell := range []string{"sh", "bash"} {
		out, err := exec.Command(shell, "-c", Line(words...)).Output()
		if err != nil {
			t.Fatalf("%s: %v", shell, err)
		}
		if want := "[" + strings.Join(words[2:], "]\n[") + "]\n"; string(out) != want {
			t.Errorf("%s read %s, not %s", shell, out, want)
		}
	}
}

func TestReadHosts(t *testing.T) {
	hosts, err := ReadHosts(strings.NewReader("# two\n\n alice@lab1  cores=16 # big\nlab2 binary=/opt/w cores=1\n"), "hosts")
	if err != nil {
		t.Fatal(err)
	}
	want := []Host{{Name: "alice@lab1", Cores: 16}, {Name: "lab2", Cores: 1, Binary: "/opt/w"}}
	if len(hosts) != len(want) || hosts[0] != want[0] || hosts[1] != want[1] {
		t.Errorf("hosts: %v, not %v", hosts, want)
	}
	for text, says := range map[string]string{
		"":                    "hosts: no hosts",
		"-oProxyCommand=evil": "hosts:1: ",
		"cores=4":             "hosts:1: ",
		"a\nb cores=0":        "hosts:2: ",
		"a\nb binary=":        "hosts:2: ",
		"a color=red":         "hosts:1: ",
		"a\nb\na":             "hosts:3: a stands in line 1 too",
	} {
		if _, err := ReadHosts(strings.NewReader(text), "hosts"); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: error %v, not %q", text, err, says)
		}
	}
}

// FuzzReadHosts: whatever is accepted names hosts that ssh cannot take for options, once each.
func FuzzReadHosts(f *testing.F) {
	f.Add("# two\n\n alice@lab1  cores=16 # big\nlab2 binary=/opt/w cores=1\n")
	f.Add("-oProxyCommand=evil")
	f.Add("a\x00b cores=99999999999999999999")
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := ReadHosts(strings.NewReader(text), "hosts")
		if err != nil {
			if !strings.HasPrefix(err.Error(), "hosts:") {
				t.Errorf("%v does not say where", err)
			}
			return
		}
		seen := map[string]bool{}
		for _, h := range hosts {
			if h.Name == "" || strings.HasPrefix(h.Name, "-") || strings.ContainsAny(h.Name, " \t\n=#") || seen[h.Name] || h.Cores < 0 {
				t.Errorf("%q gives the host %+v", text, h)
			}
			seen[h.Name] = true
		}
	})
}

// run runs the job script of s in a shell, as a node with these variables would, and returns the agent's arguments.
func run(t *testing.T, s Slurm, env ...string) string {
	t.Helper()
	script, err := s.Script()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", script)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "error: " + string(out)
	}
	return strings.TrimSpace(string(out))
}

func TestSlurmScriptTakesWhatTheNodeHas(t *testing.T) {
	dir := t.TempDir()
	binary, access := filepath.Join(dir, "it's widthlaw"), filepath.Join(dir, "access")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\necho \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(access, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := Slurm{Agent: Agent{Binary: binary, IdleExit: time.Minute}, Nodes: 2, Access: access, Share: dir}
	base := "agent --access " + access + " --idle-exit 1m0s"
	path := "PATH=" + os.Getenv("PATH")
	for env, want := range map[string]string{
		"":                      base,
		"SLURM_CPUS_ON_NODE=4":  base + " --cores 4",
		"SLURM_MEM_PER_NODE=10": base + " --memory 9MiB",
		"SLURM_MEM_PER_CPU=100 SLURM_CPUS_ON_NODE=4": base + " --cores 4 --memory 360MiB",
	} {
		if got := run(t, s, append(strings.Fields(env), path)...); got != want {
			t.Errorf("%q: %q, not %q", env, got, want)
		}
	}
	s.Cores = 3
	if got, want := run(t, s, path, "SLURM_CPUS_ON_NODE=8"), base+" --cores 3"; got != want {
		t.Errorf("given cores: %q, not %q", got, want)
	}
	s.Binary = "/nowhere/widthlaw"
	if got := run(t, s, path); !strings.Contains(got, "sees no program at /nowhere/widthlaw") {
		t.Errorf("without a program: %q", got)
	}
	s.Binary, s.Access = binary, "/nowhere/access"
	if got := run(t, s, path); !strings.Contains(got, "sees no file /nowhere/access") {
		t.Errorf("without an access file: %q", got)
	}
}

func TestSubmitWithoutSlurm(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := (Slurm{Nodes: 1}).Submit(t.Context()); !errors.Is(err, ErrNoSlurm) {
		t.Errorf("error %v, not ErrNoSlurm", err)
	}
}
