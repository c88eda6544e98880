package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) digestVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "digest [SWEEP]",
		Short: "Print one line by which two runs of a sweep are compared",
		Long: `Print 64 hex digits that depend on the sweep's points and their results alone: not on the
machine, the number of threads or agents, the order, or what was interrupted. Two runs agree
to the bit exactly if their digests do. On an unfinished sweep it says how many points are
missing, and the exit code is 1.

With --points, print a line a point: its index, its key, its own digest.`,
		Example:           "  widthlaw digest needed-width\n  widthlaw digest needed-width --points | head",
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	points := cmd.Flags().Bool("points", false, "print a line a point")
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		name := sweepOf(args)
		if *points {
			return printPointDigests(ctx, c, cmd, name)
		}
		digest, all, missing, err := c.digest(ctx, name)
		if err != nil {
			return err
		}
		if missing > 0 {
			return &refusal{
				code: exitBroken, what: fmt.Sprintf("no digest yet: %d of %d points are missing", missing, all),
				next: "finish it first, with " + c.command("run", "SPEC") + "; or compare the points that there are, with: " + c.command("digest", name, "--points"),
			}
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%x\n", digest)
		return nil
	})
	return cmd
}

func printPointDigests(ctx context.Context, c *client, cmd *cobra.Command, name string) error {
	missing := 0
	for r, err := range c.rows(ctx, name, choice{}) {
		if err != nil {
			return err
		}
		if r.Digest == [32]byte{} {
			missing++
			continue
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%d %s %x\n", r.Index, r.Key, r.Digest)
	}
	if missing > 0 {
		return &refusal{code: exitBroken, what: fmt.Sprintf("%d points have no digest yet", missing), next: "finish the sweep with " + c.command("run", "SPEC")}
	}
	return nil
}
