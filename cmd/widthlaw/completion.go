package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

// completeSweep completes the name of a sweep. The verb `completion`, for four shells, is cobra's own.
func (a *app) completeSweep(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if applySettings(cmd) != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), 2*time.Second)
	defer cancel()
	c, err := a.connect(ctx)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	defer c.Close()
	list, err := c.sweeps(ctx, "*")
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	names := []string{"last\tthe one submitted last"}
	for _, s := range list {
		names = append(names, s.Name+"\t"+progressLine(s, c.live))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
