package main

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// checkShell has the verb `completion` refuse a shell that it does not know.
func checkShell(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		var shells []string
		for _, shell := range cmd.Commands() {
			shells = append(shells, shell.Name())
		}
		cmd.Args = func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usage("choose among: "+strings.Join(shells, ", "), "there is no completion for %q", args[0])
		}
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
}

// completeSweep completes the name of a sweep. The verb `completion`, for four shells, is cobra's own.
func (a *app) completeSweep(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	if _, err := applySettings(cmd); err != nil {
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
