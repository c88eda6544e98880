package main

import (
	"bufio"
	"context"
	"io"
	"strconv"
	"strings"
	"time"
)

// A tether is what ends an agent that another program started, beside signals.
type tether struct {
	stdin *bufio.Reader
}

// access reads the access that launch ssh gives an agent: the first line of its standard input.
func (t tether) access() (string, error) {
	line, err := t.stdin.ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		return "", usage("write the access that the coordinator printed, in one line", "agent: no access on standard input: %v", err)
	}
	return line, nil
}

// whileOpen is a context that ends with standard input.
func (t tether) whileOpen(ctx context.Context) context.Context {
	ctx, cancel := context.WithCancel(ctx)
	go func() { // it ends with standard input, or with the process: a read cannot be interrupted
		_, _ = io.Copy(io.Discard, t.stdin)
		cancel()
	}()
	return ctx
}

// leaveBefore is how long before the end of its allocation an agent begins to leave, as launch slurm asks Slurm to tell it. It needs
// 20 s at most.
const leaveBefore = time.Minute

// whileAllocated is a context that ends a minute before the allocation that the agent runs in, where Slurm says when that is
// (sbatch(1): seconds since 1970). Slurm's signal comes to the job script alone; this reaches agents that srun starts too.
func whileAllocated(ctx context.Context, getenv func(string) string) (context.Context, context.CancelFunc) {
	end, err := strconv.ParseInt(getenv("SLURM_JOB_END_TIME"), 10, 64)
	if err != nil || end <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, time.Unix(end, 0).Add(-leaveBefore))
}
