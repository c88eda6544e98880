package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) explainVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain SWEEP POINT",
		Short: "Say what a point is, where it stands and what happened to it",
		Long: `Say what one point of a sweep is, where it stands, what it gave and what happened to it on the
way: who failed it, or was lost while running it, with their last words. POINT is its index or
its key, as export prints them.`,
		Example:           "  widthlaw explain needed-width 17\n  widthlaw explain last 9f2c6f...",
		Args:              arguments(2, 2),
		ValidArgsFunction: a.completeSweep,
	}
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		r, history, err := c.explain(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		return a.printPoint(cmd.OutOrStdout(), r, history)
	})
	return cmd
}

func (a *app) printPoint(w io.Writer, r sweep.Row, history []string) error {
	p, o, err := a.decode(r)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "point %d  %s\n  key      %s\n  again    widthlaw point %s\n", r.Index, r.State, r.Key, pointText(p))
	if r.Error != "" {
		fmt.Fprintf(w, "  error    %s\n", r.Error)
	}
	for _, name := range scalarNames(p) {
		if v := o.Scalars[name]; v.Defined() {
			fmt.Fprintf(w, "  %-20s %s\n", name, v)
		}
	}
	if from := o.Provenance; r.State == sweep.Done {
		fmt.Fprintf(w, "  computed in %.3g s on %s (%s), kernel %s, %s, attempt %d\n",
			from.Seconds, from.Host, from.Started.Local().Format("2006-01-02 15:04:05"), from.Kernel, plural(from.Threads, "thread"), from.Attempts)
	}
	for _, line := range history {
		fmt.Fprintf(w, "  history  %s\n", line)
	}
	return nil
}

// scalarNames are those of a point's outcome, in the order of the trainer's table.
func scalarNames(p sweep.Point) []string {
	var names []string
	for _, s := range p.Trainer.Scalars {
		names = append(names, s.Name)
	}
	for _, c := range p.Record.Curves {
		if final := c + "_final"; !slices.Contains(names, final) {
			names = append(names, final)
		}
	}
	return names
}
