package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/results"
)

func (a *app) compactVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "compact",
		Short:   "Make the store's file as small as it can be",
		Long:    "Copy the store into a fresh file and put that in its place. What was deleted takes no space any more.\nIt needs the store for itself.",
		Example: "  widthlaw compact",
		Args:    arguments(0, 0),
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.alone(); err != nil {
			return err
		}
		before, after, err := results.Compact(a.state)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %s before, %s now\n", a.state, bytesText(uint64(before)), bytesText(uint64(after)))
		return nil
	}
	return cmd
}
