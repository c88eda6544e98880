package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) submitVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "submit SPEC",
		Short: "Hand a sweep to a coordinator",
		Long: `Hand a sweep to the coordinator of this state directory, or to the one that --access names. An
edited spec under the name of an earlier one adds to it: only what is new is computed.` + a.parameterHelp(),
		Example: "  widthlaw submit examples/first.yaml\n  widthlaw submit examples/first.yaml && widthlaw wait first",
		Args:    arguments(1, 1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		_, r, err := a.readSpec(args[0])
		if err != nil {
			return err
		}
		a.create = true
		return a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			s, err := c.submit(ctx, r)
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "%s (id %s, revision %d): %d points, %d to do\n", s.Name, s.ID, s.Revision, s.Points, left(s))
			if c.live {
				fmt.Fprintf(w, "  next: %s\n", a.command("watch", s.Name))
			} else {
				fmt.Fprintf(w, "  kept; nobody runs it yet\n  next: %s, or %s with %s\n", a.command("run", args[0]), a.command("serve"), a.command("agent"))
			}
			return nil
		})(cmd, args)
	}
	return cmd
}
