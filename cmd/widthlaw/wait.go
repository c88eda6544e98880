package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) waitVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "wait [SWEEP]",
		Short: "Wait until a sweep has ended, and exit as `run` would",
		Long: `Wait until every point of a sweep has ended. The exit code says how: 0 all done, 3 some failed
or conflict, 4 it is paused or nothing runs it, 5 it was cancelled.`,
		Example:           "  widthlaw submit examples/first.yaml && widthlaw wait first && widthlaw analyze first",
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		s, err := c.running(ctx, sweepOf(args))
		if paused(s) {
			return a.pausedError(s)
		}
		if err != nil {
			return err
		}
		s, err = follow(cmd.ErrOrStderr(), a.hopeful(cmd.ErrOrStderr(), c.watch(ctx, s.ID, time.Second)))
		if err != nil {
			return err
		}
		a.printStatus(cmd.OutOrStdout(), s, c.live)
		return ending(s)
	})
	return cmd
}

// paused says whether a sweep waits for its user.
func paused(s sweep.Status) bool { return s.Paused && !s.Stopped && left(s) > 0 }

func (p place) pausedError(s sweep.Status) error {
	return &refusal{code: exitStopped, what: fmt.Sprintf("%s is paused; go on with %s", s.Name, p.command("resume", s.Name))}
}

// hopeful are the statuses that are worth waiting for: a paused sweep ends them with an error. Where no agent works, w is told once.
func (a *app) hopeful(w io.Writer, statuses iter.Seq2[sweep.Status, error]) iter.Seq2[sweep.Status, error] {
	return func(yield func(sweep.Status, error) bool) {
		told := false
		for s, err := range statuses {
			if err == nil && paused(s) {
				err = a.pausedError(s)
			}
			if err == nil && lonely(s) && !told {
				told = true
				fmt.Fprintf(w, "no agent works for this coordinator; start one with: widthlaw agent --access %s\n", quoted(a.agentAccessPath()))
			}
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

// lonely says whether a sweep's points wait for an agent.
func lonely(s sweep.Status) bool { return left(s) > 0 && s.Agents == 0 && !s.Paused && !s.Stopped }

// agentAccessPath is where agents find how to come in, as well as it is known here.
func (a *app) agentAccessPath() string {
	if a.access != "" {
		return "agent-access.json" // of the coordinator's state directory, which may be on another machine
	}
	return filepath.Join(a.state, "agent-access.json")
}

// running is a sweep that has ended or that somebody runs, so that waiting for it makes sense.
func (c *client) running(ctx context.Context, name string) (sweep.Status, error) {
	s, err := c.sweep(ctx, name)
	if err == nil && !c.live && left(s) > 0 && !s.Stopped {
		return s, &refusal{
			code: exitStopped, what: fmt.Sprintf("nothing runs %s: %d of its %d points are left", s.Name, left(s), s.Points),
			next: "go on with: " + c.command("run", s.Filename),
		}
	}
	return s, err
}
