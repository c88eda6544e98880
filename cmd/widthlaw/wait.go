package main

import (
	"context"
	"fmt"
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
		if err != nil {
			return err
		}
		s, err = follow(cmd.ErrOrStderr(), c.watch(ctx, s.ID, time.Second))
		if err != nil {
			return err
		}
		printStatus(cmd.OutOrStdout(), s, c.live)
		return ending(s)
	})
	return cmd
}

// running is a sweep that has ended or that somebody runs, so that waiting for it makes sense.
func (c *client) running(ctx context.Context, name string) (sweep.Status, error) {
	s, err := c.sweep(ctx, name)
	if err == nil && !c.live && left(s) > 0 && !s.Stopped {
		return s, &refusal{code: exitStopped, what: fmt.Sprintf("nothing runs %s: %d of its %d points are left", s.Name, left(s), s.Points),
			next: "go on with: widthlaw run " + s.Filename}
	}
	return s, err
}
