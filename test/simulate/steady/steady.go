// Package steady builds a Go program in which a bubble of testing/synctest goes the same way each time: one seed is one history.
//
// In a program as Go builds it, goroutines take turns as the machine's clock, its load and random numbers of the runtime's own have
// it. Package steady changes a few lines of the runtime, in copies that only this build sees (go build -overlay): Edits lists them, each
// with its reason. The program must have one processor (GOMAXPROCS=1), must not collect garbage inside a bubble, and must have the same
// arguments and environment each time: a walk over a large map with pointers for keys depends on where things lie in memory.
package steady

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ErrUnknown: this Go's runtime has other lines than those that Edits knows.
var ErrUnknown = errors.New("this Go's runtime has other lines than package steady knows: histories run, but two of one seed may differ; compare Edits in test/simulate/steady with runtime's source")

// Tag is the build tag of a program that is built by Build.
const Tag = "steady"

// An Edit replaces lines of a file of Go's library by others.
type Edit struct {
	File     string // below GOROOT/src
	Old, New string // Old must be there exactly once
}

// Edits are the changes.
var Edits = []Edit{
	// Maps' seeds and where a walk over a map begins, the numbers of math/rand's global functions: from one sequence, which a history
	// begins where it wants to.
	{"runtime/rand.go", "func rand() uint64 {\n", `func rand() uint64 {
	if getg().bubble != nil {
		return steadyRand()
	}
`},
	{"runtime/rand.go", "//go:linkname maps_rand ", `// SteadyState is what the random numbers of a bubble are drawn from.
//
//go:linkname steadyState
var steadyState uint64

//go:nosplit
func steadyRand() uint64 {
	steadyState += 0x9e3779b97f4a7c15
	x := steadyState
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

//go:nosplit
func steadyRand32() uint32 {
	if gp := getg().m.curg; gp != nil && gp.bubble != nil {
		return uint32(steadyRand() >> 32)
	}
	return cheaprand()
}

//go:linkname maps_rand `},
	// The key of all maps' hashes.
	{"runtime/rand.go", "\tglobalRand.state.Init(*seed)\n", "\t*seed = [32]byte{1}\n\tglobalRand.state.Init(*seed)\n"},
	// Which of several cases that are ready a select takes.
	{"runtime/select.go", "j := cheaprandn(uint32(norder + 1))", "j := uint32(uint64(steadyRand32()) * uint64(norder+1) >> 32)"},
	// Which of several timers that end at the same moment comes first.
	{"runtime/time.go", "t.rand = cheaprand()", "t.rand = steadyRand32()"},
	// Nothing is interrupted because real time has passed: neither a goroutine, nor one that waits for the disk.
	{"runtime/proc.go", "func retake(now int64) uint32 {\n", "func retake(now int64) uint32 {\n\treturn 0\n}\n\nfunc retakeAsEver(now int64) uint32 {\n"},
	// A thread that is about to be idle is waited for: how many there are decides where things lie in memory.
	{"runtime/proc.go", "\tnmp := mget()\n\tif nmp == nil {\n\t\t// No M is available, we must drop", `	nmp := mget()
	for i := 0; i < 400 && nmp == nil && !lockheld && mcount()-sched.nmidle-sched.nmidlelocked-sched.nmsys > 1; i++ {
		unlock(&sched.lock)
		usleep(50)
		lock(&sched.lock)
		nmp = mget()
	}
	if nmp == nil {
		// No M is available, we must drop`},
	// Every 61st turn goes to another queue: turns are counted from the bubble's beginning.
	{"runtime/proc.go", "\tif !inheritTime {\n\t\tmp.p.ptr().schedtick++\n", "\tif !inheritTime && gp.bubble != nil {\n\t\tmp.p.ptr().schedtick++\n"},
	{"runtime/synctest.go", "\tgp.bubble = bubble\n\tdefer func() {\n", "\tgp.bubble = bubble\n\tgp.m.p.ptr().schedtick = 0\n\tdefer func() {\n"},
	// The process's number is in names, whose lengths decide where things lie.
	{"os/exec.go", "func Getpid() int { return syscall.Getpid() }", "func Getpid() int { _ = syscall.Getpid; return 1 }"},
	// Who waits for a mutex for more than a millisecond gets it next: in the bubble's own time.
	{"runtime/sema.go", "func internal_sync_nanotime() int64 {\n", `func internal_sync_nanotime() int64 {
	if gp := getg(); gp.bubble != nil {
		return gp.bubble.now
	}
`},
}

// Build builds a main package. Folder is for the changed files; tags are those of the program.
func Build(pkg, program, folder string, tags ...string) error {
	overlay, err := overlay(folder)
	if err != nil {
		return err
	}
	// Package testing/cryptotest, which makes keys and certificates come out the same, wants to be in a test.
	return run("go", "build", "-overlay", overlay, "-ldflags", "-X testing.testBinary=1", "-tags", strings.Join(append(tags, Tag), ","), "-o", program, pkg)
}

// overlay writes the changed files and the list of them that go build wants.
func overlay(folder string) (list string, err error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w; the simulator needs the go command", err)
	}
	source := filepath.Join(strings.TrimSpace(string(root)), "src")
	texts := map[string]string{}
	for _, e := range Edits {
		if texts[e.File] == "" {
			b, err := os.ReadFile(filepath.Join(source, filepath.FromSlash(e.File)))
			if err != nil {
				return "", err
			}
			texts[e.File] = string(b)
		}
		if strings.Count(texts[e.File], e.Old) != 1 {
			return "", fmt.Errorf("%s: %q: %w", e.File, e.Old, ErrUnknown)
		}
		texts[e.File] = strings.Replace(texts[e.File], e.Old, e.New, 1)
	}
	replace := map[string]string{}
	for file, text := range texts {
		to := filepath.Join(folder, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(to, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(source, filepath.FromSlash(file))] = to
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list = filepath.Join(folder, "overlay.json")
	return list, os.WriteFile(list, b, 0o600)
}

func run(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
