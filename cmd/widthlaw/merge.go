package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) mergeVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "merge OTHER-STATE",
		Short: "Take over the results of another state directory",
		Long: `Take over every result of another state directory. A point has the same key everywhere, so a
result that both have is kept once, and two that differ in a bit are recorded as a conflict.
Sweeps are not taken over: run or submit a spec here, and only what is new is computed.`,
		Example: "  widthlaw merge /mnt/laptop/.widthlaw",
		Args:    arguments(1, 1),
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if same(a.state, args[0]) {
			return usage("name another directory", "%s is this state directory itself", args[0])
		}
		if _, err := os.Stat(filepath.Join(args[0], "widthlaw.db")); errors.Is(err, os.ErrNotExist) {
			return usage("name the state directory of a run or of serve; a backup is one once it lies in a directory as widthlaw.db",
				"%s is no state directory: there is no widthlaw.db in it", args[0])
		}
		other := &app{trainers: a.trainers, place: place{state: args[0], force: a.force}}
		if err := other.alone(); err != nil {
			return err
		}
		store, err := other.openStore(cmd.Context())
		if err != nil {
			return err
		}
		defer store.Close()
		a.create = true
		return a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
			m, err := c.take(ctx, storedRows(store))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "took over %s of %s; %d were here already, %s\n", plural(m.added, "result"), args[0], m.same, plural(m.conflicts, "conflict"))
			if m.conflicts > 0 {
				return verdict(exitFailures)
			}
			return nil
		})(cmd, args)
	}
	return cmd
}

func same(a, b string) bool {
	x, errX := os.Stat(filepath.Join(a, "widthlaw.db"))
	y, errY := os.Stat(filepath.Join(b, "widthlaw.db"))
	return errX == nil && errY == nil && os.SameFile(x, y)
}

// storedRows are all results of a store, in the order of its commits.
func storedRows(store *results.Store) iter.Seq2[sweep.Row, error] {
	return func(yield func(sweep.Row, error) bool) {
		stopped := fmt.Errorf("stopped")
		err := store.Walk(func(r results.Row) error {
			if !yield(sweep.Row{Key: r.Key, Point: r.Point, State: sweep.Done, Outcome: r.Outcome, Provenance: r.Provenance}, nil) {
				return stopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, stopped) {
			yield(sweep.Row{}, err)
		}
	}
}
