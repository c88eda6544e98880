package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) doctorVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check this machine and this state directory",
		Long: `Check what widthlaw needs of this machine and of this state directory, and train one tiny point
whose result is known to the bit. The exit code is 1 if something is wrong.`,
		Example: "  widthlaw doctor",
		Args:    arguments(0, 0),
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		bad := 0
		for _, c := range a.checks() {
			found, err := c.look(cmd.Context())
			bad += printCheck(cmd.OutOrStdout(), c.subject, found, err)
		}
		if bad > 0 {
			return &refusal{code: exitBroken, what: plural(bad, "problem") + " found", next: "see the lines marked with BAD"}
		}
		return nil
	}
	return cmd
}

func printCheck(w io.Writer, subject, found string, err error) (bad int) {
	mark := "ok "
	if err != nil {
		mark, found, bad = "BAD", strings.ReplaceAll(err.Error(), "\n", "; "), 1
	}
	fmt.Fprintf(w, "%s  %-12s %s\n", mark, subject, found)
	return bad
}

// A check looks at one thing; its error says what to do.
type check struct {
	subject string
	look    func(ctx context.Context) (found string, err error)
}

func (a *app) checks() []check {
	return []check{
		{"cores", func(context.Context) (string, error) {
			return fmt.Sprintf("%d of %d processors (%s)", runtime.GOMAXPROCS(0), runtime.NumCPU(), runtime.GOARCH), nil
		}},
		{"memory", func(context.Context) (string, error) { return bytesText(availableMemory()) + " available", nil }},
		{"kernels", func(context.Context) (string, error) { return strings.Join(kernel.Names(), ", "), nil }},
		{"state", a.checkState},
		{"disk", a.checkDisk},
		{"clock", a.checkClock},
		{"arithmetic", a.checkArithmetic},
	}
}

// disk is the directory whose disk the store is on, or would be.
func (a *app) disk() string {
	if _, err := os.Stat(a.state); err == nil {
		return a.state
	}
	return filepath.Dir(filepath.Clean(a.state))
}

func (a *app) checkState(ctx context.Context) (string, error) {
	if _, err := os.Stat(a.state); errors.Is(err, os.ErrNotExist) {
		return a.state + " is not there yet; the first run makes it", nil
	}
	c, err := a.connect(ctx)
	if err != nil {
		return "", err
	}
	defer c.Close()
	list, err := c.sweeps(ctx, "*")
	if err != nil {
		return "", err
	}
	found := fmt.Sprintf("%s holds %s", a.state, plural(len(list), "sweep"))
	if access, ok := a.owner(); ok && c.live {
		found += fmt.Sprintf("; process %d at %s owns it", access.PID, access.Address)
	}
	return found, nil
}

// checkDisk measures what a durable write costs: that, and not its size, bounds how many commits a second the store can make.
func (a *app) checkDisk(context.Context) (string, error) {
	f, err := os.CreateTemp(a.disk(), ".widthlaw-doctor")
	if err != nil {
		return "", fmt.Errorf("%w; make the directory writable or name another with --state", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	const writes = 21
	var took [writes]time.Duration
	block := make([]byte, 4096)
	for i := range took {
		started := time.Now()
		if _, err := f.WriteAt(block, 0); err != nil {
			return "", err
		}
		if err := f.Sync(); err != nil {
			return "", err
		}
		took[i] = time.Since(started)
	}
	slices.Sort(took[:])
	kind, err := fileSystem(a.disk())
	return fmt.Sprintf("%s, a durable write takes %s", kind, took[writes/2].Round(time.Microsecond)), err
}

// checkClock compares the clock with the file system's; leases and provenance need no more than that time moves on.
func (a *app) checkClock(context.Context) (string, error) {
	f, err := os.CreateTemp(a.disk(), ".widthlaw-doctor")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	now := time.Now()
	if apart := now.Sub(info.ModTime()).Abs(); apart > time.Minute {
		return "", fmt.Errorf("the clock and the file system differ by %s; set the clock", length(apart))
	}
	return now.UTC().Format(time.RFC3339), nil
}

// tinyPoint and tinyDigest are a point and the digest of its result on every machine.
var tinyPoint = []string{"n=5", "d=3", "m=7", "seed=1", "steps=20", "record=lambda_min,loss,max_move"}

const tinyDigest = "9b8bdaca7b1fccf67560af36887b0003daf750f76f961447b40d2dc8c0fbdb10"

func (a *app) checkArithmetic(ctx context.Context) (string, error) {
	job, err := a.pointJob(pointOptions{}, tinyPoint)
	if err != nil {
		return "", err
	}
	for _, name := range kernel.Names() {
		job.Threads, job.Kernel = runtime.GOMAXPROCS(0), name
		o, err := job.Point.Trainer.Run(ctx, job)
		if err != nil {
			return "", err
		}
		digest := sweep.PointDigest(job.Point.Key(), o.Encode(nil))
		if got := hex.EncodeToString(digest[:]); got != tinyDigest {
			return "", fmt.Errorf("kernel %s gave %s for a known point, not %s: do not use this machine, and report it", name, got, tinyDigest)
		}
	}
	return "a known point has its known bits with " + strings.Join(kernel.Names(), ", "), nil
}
