package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) logsVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "logs [SWEEP]",
		Short:             "Print what the coordinator noted",
		Long:              "Print what the coordinator noted, about one sweep or about everything. With --follow, go on printing until Ctrl-C.",
		Example:           "  widthlaw logs\n  widthlaw logs needed-width --follow",
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	follow := cmd.Flags().BoolP("follow", "f", false, "go on printing new lines")
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		name := ""
		if len(args) > 0 {
			name = args[0]
		}
		for line, err := range c.logs(ctx, name, *follow && c.live) {
			if errors.Is(err, context.Canceled) {
				return nil // Ctrl-C is how one leaves
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), line)
		}
		return nil
	})
	return cmd
}
