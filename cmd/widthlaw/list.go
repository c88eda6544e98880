package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) listVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the sweeps of this state directory",
		Example: "  widthlaw list\n  widthlaw list --output json",
		Args:    arguments(0, 0),
	}
	var output *string
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, _ []string) error {
		list, err := c.sweeps(ctx, "*")
		if err != nil {
			return err
		}
		if *output == "json" {
			return object{{"schema", schema}, {"sweeps", listJSON(list)}}.print(cmd.OutOrStdout())
		}
		if len(list) == 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "no sweep in %s yet; start with: %s\n", a.state, a.command("run", "examples/first.yaml"))
			return nil
		}
		w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tID\tPOINTS\tDONE\tSTATE\tSUBMITTED")
		for _, s := range list {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%s\t%s\n", s.Name, s.ID, s.Points, s.Done, word(s, c.live), s.Submitted.Local().Format("2006-01-02 15:04"))
		}
		return w.Flush()
	})
	output = outputFlag(cmd)
	return cmd
}

func listJSON(list []sweep.Status) []object {
	objects := make([]object, len(list))
	for i, s := range list {
		objects[i] = append(object{{"id", s.ID}}, statusJSON(s)...)
	}
	return objects
}
