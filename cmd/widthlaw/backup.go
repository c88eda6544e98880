package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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
	f, err := os.CreateTemp(filepath.Dir(args[0]), ".widthlaw-backup")
	if err != nil {
		return broken(err, "choose a directory that can be written", "backup")
	}
	err = firstOf(c.backup(ctx, f), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), args[0])
	}
	if err != nil {
		return broken(errors.Join(err, os.Remove(f.Name())), "make space or choose another place", "backup")
	}
	fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", args[0])
	return nil
}
