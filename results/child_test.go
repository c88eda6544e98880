package results_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/results/storetest"
)

// childVariable names, in the environment, what this binary does instead of testing: some tests need a process of their own
// to kill, to limit, or to run as somebody else.
const childVariable = "WIDTHLAW_RESULTS_CHILD"

func TestMain(m *testing.M) {
	child, ok := map[string]func(dir string) error{"put": putForever, "full": fillUp, "open": openOnce, "check": checkOnce}[os.Getenv(childVariable)]
	if !ok {
		os.Exit(m.Run())
	}
	if err := child(os.Args[1]); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func child(name, dir string) *exec.Cmd {
	c := exec.Command("/proc/self/exe", dir)
	c.Env = append(os.Environ(), childVariable+"="+name)
	c.Stderr = os.Stderr
	return c
}

// putForever puts row after row and says which are acknowledged.
func putForever(dir string) error {
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		return err
	}
	for next := int(s.Len()); ; {
		var rows []results.Row
		for range 1 + rand.IntN(200) {
			rows = append(rows, storetest.Row(next, 0))
			next++
		}
		if _, err := s.Put(rows); err != nil {
			return err
		}
		fmt.Println(next)
		if rand.IntN(10) == 0 {
			if _, err := s.PutFile(strings.NewReader(strings.Repeat("x", 1+rand.IntN(1<<20)))); err != nil {
				return err
			}
		}
	}
}

func TestKilledAtAnyMoment(t *testing.T) {
	dir := t.TempDir()
	for round := range 12 {
		c := child("put", dir)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		acked, lines := 0, bufio.NewScanner(out)
		for range 1 + rand.IntN(12) {
			if !lines.Scan() {
				t.Fatalf("round %d: the child ended by itself", round)
			}
			if _, err := fmt.Sscan(lines.Text(), &acked); err != nil {
				t.Fatalf("round %d: %s", round, lines.Text())
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it said before it was gone
			if _, err := fmt.Sscan(lines.Text(), &acked); err != nil {
				t.Fatalf("round %d: %s", round, lines.Text())
			}
		}
		_ = c.Wait() // killed
		s, err := results.Open(dir, results.Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for i := range acked {
			if !s.Has(storetest.Row(i, 0).Key) {
				t.Fatalf("round %d: row %d of %d was acknowledged and is missing", round, i, acked)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		storetest.Check(t, dir)
	}
}

// fillUp puts rows until the process's limit of file sizes, which a store must treat like a full disk, is reached; then lifts it.
func fillUp(dir string) error {
	signal.Ignore(unix.SIGXFSZ)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 3 << 20, Max: limit.Max}); err != nil {
		return err
	}
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		return err
	}
	acked, failures := 0, 0
	put := func() error {
		var rows []results.Row
		for i := range 500 {
			rows = append(rows, storetest.Row(acked+i, 0))
		}
		verdicts, err := s.Put(rows)
		if err == nil {
			acked += len(verdicts)
		}
		return err
	}
	for ; failures < 3 && acked < 1e6; err = put() {
		if err == nil {
			continue
		}
		if !errors.Is(err, results.ErrFull) || !strings.Contains(err.Error(), "make space") {
			return fmt.Errorf("a full disk is reported as: %w", err)
		}
		failures++
	}
	if failures < 3 || s.Len() != uint64(acked) {
		return fmt.Errorf("%d rows, %d acknowledged, %d commits failed", s.Len(), acked, failures)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	for range 10 {
		if err := put(); err != nil {
			return fmt.Errorf("after space was made: %w", err)
		}
	}
	for i := range acked {
		if !s.Has(storetest.Row(i, 0).Key) {
			return fmt.Errorf("row %d of %d is missing", i, acked)
		}
	}
	return s.Close()
}

func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if out, err := child("full", dir).Output(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if r := storetest.Check(t, dir); r.Rows < 5000 {
		t.Fatalf("only %d rows", r.Rows)
	}
}

func openOnce(dir string) error {
	s, err := results.Open(dir, results.Options{})
	if err != nil {
		return err
	}
	return s.Close()
}

func checkOnce(dir string) error {
	r, err := results.Check(dir, nil)
	if err == nil && (!r.Clean() || r.Rows != 10) {
		err = fmt.Errorf("%+v", r)
	}
	return err
}

// somebody is a child that may not write where root may, whatever the permissions say.
func somebody(name, dir string) *exec.Cmd {
	c := child(name, dir)
	if os.Getuid() == 0 {
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	return c
}

// publicDir is a temporary folder whose way everybody may go.
func publicDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "public")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// TestCheckReading checks a store that can only be read, as on a medium that is mounted so; but not one in use.
func TestCheckReading(t *testing.T) {
	for name, locked := range map[string]bool{"with its lock": true, "a copy of the file alone": false} {
		dir := publicDir(t)
		s := storetest.OpenIn(t, dir)
		var rows []results.Row
		for i := range 10 {
			rows = append(rows, storetest.Row(i, 0))
		}
		if _, err := s.Put(rows); err != nil {
			t.Fatal(err)
		}
		for path, mode := range map[string]os.FileMode{"widthlaw.db": 0o444, "lock": 0o444, "": 0o555} {
			if err := os.Chmod(filepath.Join(dir, path), mode); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := somebody("check", dir).Output(); err == nil || !strings.Contains(string(out), results.ErrInUse.Error()) {
			t.Errorf("%s, in use: %v, %s", name, err, out)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if !locked {
			if err := errors.Join(os.Chmod(dir, 0o755), os.Remove(filepath.Join(dir, "lock")), os.Chmod(dir, 0o555)); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := somebody("check", dir).Output(); err != nil {
			t.Errorf("%s: %v, %s", name, err, out)
		}
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNotWritable opens as somebody who may not write.
func TestNotWritable(t *testing.T) {
	sealed := publicDir(t)
	if err := os.Chmod(sealed, 0o555); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{sealed, sealed + "/new"} {
		out, err := somebody("open", dir).Output()
		if err == nil || !strings.Contains(string(out), results.ErrReadOnly.Error()) || !strings.Contains(string(out), "--state") {
			t.Errorf("%s: %v, %s", dir, err, out)
		}
	}
}
