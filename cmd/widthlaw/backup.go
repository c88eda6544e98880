package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func (a *app) backupVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the store, while it is in use",
		Long: `Write a consistent copy of the store to FILE, also while a coordinator uses it. To use the copy,
put it into an empty directory as widthlaw.db and name that with --state.`,
		Example: "  widthlaw backup widths-monday.db",
		Args:    arguments(1, 1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := os.Lstat(args[0]); err == nil {
			return usage("remove it first, or choose another name", "%s exists", args[0])
		}
		return a.withClient(writeBackup)(cmd, args)
	}
	return cmd
}

func writeBackup(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
	err := into(args[0], nil, func(w io.Writer) error { return c.backup(ctx, w) })
	if err == nil {
		fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", args[0])
	}
	return err
}
