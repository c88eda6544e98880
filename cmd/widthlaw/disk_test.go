package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
	"time"
)

// A smallDisk is a folder disk/ of a house that has room for 8 MiB: a tmpfs, which only root may mount. Elsewhere a limit on the size of the
// files that a process writes stands in: it says the same to the program, but cannot be lifted while the program lives.
type smallDisk struct {
	*house
	limited bool
}

func newSmallDisk(t *testing.T) *smallDisk {
	t.Helper()
	d := &smallDisk{house: newHouse(t)}
	disk := filepath.Join(d.dir, "disk")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=8m"); err != nil {
		t.Logf("no tmpfs can be mounted (%v; it takes root and CAP_SYS_ADMIN): a limit on the size of files stands in for a full disk", err)
		d.limited = true
		return d
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(disk, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", disk, err)
		}
	})
	return d
}

// starts starts a process that writes to the disk, and looks at its words.
func (d *smallDisk) starts(args ...string) (*exec.Cmd, diary) {
	d.t.Helper()
	cmd := d.command(args...)
	if d.limited {
		limited := d.command()
		limited.Path, limited.Args = "/bin/sh", append([]string{"sh", "-c", `ulimit -f 8192 && exec "$0" "$@"`, cmd.Path}, args...)
		cmd = limited
	}
	return d.recorded(cmd)
}

// grow makes space, and says whether a process that lives notices.
func (d *smallDisk) grow(size string) bool {
	d.t.Helper()
	if d.limited {
		return false
	}
	if err := syscall.Mount("tmpfs", filepath.Join(d.dir, "disk"), "tmpfs", syscall.MS_REMOUNT, "size="+size); err != nil {
		d.t.Fatal(err)
	}
	return true
}

// fill is a sweep of results that are small to compute and keep a few kilobytes each: 14 MB together.
const fill = "name: fill\ntrainer: two-layer\nfixed: {n: 2, d: 1, steps: 400, stop_at_fit: false}\ngrid: {m: [2, 3], seed: 0..1099}\n" +
	"record: {curves: [loss, max_move], at: all}\n"

// filled is the digest of fill where there is room.
func filled(t *testing.T) string {
	t.Helper()
	roomy := newHouse(t)
	roomy.write("fill.yaml", fill)
	roomy.must("run", "fill.yaml")
	return roomy.must("digest")
}

// TestFullDisk: a run that finds its disk full says so and ends; with more room the same command goes on, and nothing is lost.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	digest := filled(t)
	d := newSmallDisk(t)
	d.write("fill.yaml", fill)
	run, said := d.starts("run", "fill.yaml", "--state", "disk/state")
	if run.Wait(); run.ProcessState.ExitCode() != exitBroken {
		t.Errorf("exit code %d", run.ProcessState.ExitCode())
	}
	want(t, said.text(), "the disk is full")
	want(t, said.text(), "go on with: widthlaw run fill.yaml")
	d.grow("200m")
	d.must("check", "--state", "disk/state")
	want(t, d.must("status", "--state", "disk/state", "--output", "json"), `"done":[1-9]`)
	d.must("run", "fill.yaml", "--state", "disk/state")
	if got := d.must("digest", "--state", "disk/state"); got != digest {
		t.Errorf("digest after a full disk: %s, elsewhere: %s", got, digest)
	}
}

// TestFullDiskUnderAgents: a coordinator whose disk is full keeps what it has acknowledged, when it is killed too, and says what is wrong.
// Its agents wait; as soon as there is room, all goes on.
func TestFullDiskUnderAgents(t *testing.T) {
	t.Parallel()
	digest := filled(t)
	d := newSmallDisk(t)
	d.write("fill.yaml", fill)
	d.env = append(d.env, "WIDTHLAW_STATE=disk/state")
	serve, said := d.starts("serve")
	said.await("coordinating")
	d.must("submit", "fill.yaml")
	agent := d.lasting("agent", "--cores", "1")
	said.await("nothing can be stored; agents keep their results")
	want(t, said.text(), "the disk is full")
	d.until(regexp.MustCompile("trouble.*the disk is full"), "status")
	acknowledged := d.done()
	kill(serve)
	if now := d.done(); now < acknowledged || now == 0 {
		t.Errorf("%d points are done after the coordinator was killed, after %d were", now, acknowledged)
	}
	d.must("check")

	grown := d.grow("12m")
	serve, said = d.starts("serve")
	said.await("nothing can be stored; agents keep their results")
	if now := d.done(); now < acknowledged || grown && now == acknowledged {
		t.Errorf("%d points are done with more room, after %d were", now, acknowledged)
	}
	if !d.grow("200m") {
		kill(serve)
		serve = d.lasting("serve")
	}
	d.ends(d.lasting("wait", "fill"))
	if got := d.must("digest"); got != digest {
		t.Errorf("digest after a full disk: %s, elsewhere: %s", got, digest)
	}
	for _, p := range []*exec.Cmd{agent, serve} {
		p.Process.Signal(syscall.SIGTERM)
		d.ends(p)
	}
	d.must("check")
}

// done is how many points are.
func (h *house) done() uint64 {
	h.t.Helper()
	var c counts
	if err := json.Unmarshal([]byte(h.must("status", "--output", "json")), &c); err != nil {
		h.t.Fatal(err)
	}
	return c.Done
}

// wideSpec has a small point and one whose checkpoint takes 13 MB.
const wideSpec = "name: wide\ntrainer: two-layer\nfixed: {n: 50, d: 20, lr: 1e-6}\nzip: [[m, steps]]\n" +
	"grid: {m: [2, 80000], steps: [10, 30000]}\nresources: {threads: 1}\n"

// TestNoRoomForCheckpoints: on a full disk a point that is interrupted is not kept; that is said, and nothing else is lost.
func TestNoRoomForCheckpoints(t *testing.T) {
	t.Parallel()
	d := newSmallDisk(t)
	d.write("wide.yaml", wideSpec)
	d.env = append(d.env, "WIDTHLAW_STATE=disk/state")
	run, said := d.starts("run", "wide.yaml", "--cores", "2")
	d.midway()
	run.Process.Signal(os.Interrupt)
	interrupted(t, run)
	want(t, d.must("status", "--output", "json"), `"done":1,.*"pending":1,"preempted":0`)
	want(t, said.text(), "a checkpoint cannot be written; the last one counts.*disk is full")
	d.must("check")
	d.grow("200m")
	run = d.lasting("run", "wide.yaml", "--cores", "2")
	d.midway()
	run.Process.Signal(os.Interrupt)
	interrupted(t, run)
	want(t, d.must("status", "--output", "json"), `"preempted":1`)
}

// midway waits until the small point is done and the wide one has been computed for more than a second.
func (d *smallDisk) midway() {
	d.t.Helper()
	d.until(regexp.MustCompile(`"done":1,.*"running":1`), "status", "--output", "json")
	time.Sleep(1500 * time.Millisecond)
}

// TestNoRoomForCheckpointsOfAgents: an agent that is asked to leave, and whose coordinator has no room for the checkpoint, is told so and
// leaves in time; its point begins anew, without a retry. With room it goes on from its checkpoint.
func TestNoRoomForCheckpointsOfAgents(t *testing.T) {
	t.Parallel()
	d := newSmallDisk(t)
	d.write("wide.yaml", wideSpec)
	d.env = append(d.env, "WIDTHLAW_STATE=disk/state")
	serve, said := d.starts("serve")
	said.await("coordinating")
	d.must("submit", "wide.yaml")
	for _, kept := range []bool{false, true} {
		agent, log := d.watched("agent", "--cores", "2")
		d.midway()
		began := time.Now()
		agent.Process.Signal(syscall.SIGTERM)
		d.ends(agent)
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("the agent took %v to leave", took)
		}
		if kept {
			want(t, log.text(), "a point was preempted")
			want(t, d.must("status", "--output", "json"), `"done":1,.*"pending":0,"preempted":1`)
			continue
		}
		want(t, log.text(), "a checkpoint was not taken; the last one counts.*disk is full")
		want(t, said.text(), "a checkpoint cannot be kept; the one before it stays.*disk is full")
		want(t, d.must("status", "--output", "json"), `"done":1,.*"pending":1,"preempted":0`)
		if !d.grow("200m") {
			kill(serve)
			serve = d.lasting("serve")
		}
	}
	serve.Process.Signal(syscall.SIGTERM)
	d.ends(serve)
	d.must("check")
}
