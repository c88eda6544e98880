package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

func (a *app) pauseVerb() *cobra.Command {
	return a.controlVerb(pauseAction, "pause SWEEP", "Hand out no more points of a sweep", "paused: what runs now is kept; go on with: %[3]s",
		"Points that are running end and are kept. Other sweeps of the same coordinator go on.")
}

func (a *app) resumeVerb() *cobra.Command {
	return a.controlVerb(resumeAction, "resume SWEEP", "Go on with a paused or cancelled sweep", "%[1]s goes on; follow it with: %[3]s",
		"Nothing that is done is computed again.")
}

func (a *app) cancelVerb() *cobra.Command {
	return a.controlVerb(cancelAction, "cancel SWEEP [INDEX...]", "Give up a sweep, or some of its points", "cancelled %[2]d points of %[1]s; take it back with: %[3]s",
		"Results that exist are kept; points that run are stopped. `run` and `wait` then end with exit code 5.\nresume takes back a whole sweep; retry SWEEP INDEX... takes back points.")
}

func (a *app) retryVerb() *cobra.Command {
	return a.controlVerb(retryAction, "retry SWEEP [INDEX...]", "Run failed and quarantined points again", "%[2]d points of %[1]s run again",
		"Their attempts start from zero; cancelled points run again if you name them. See why they failed with: widthlaw explain SWEEP INDEX.")
}

func (a *app) deleteVerb() *cobra.Command {
	return a.controlVerb(deleteAction, "delete SWEEP", "Delete a sweep and the results that only it has", "deleted %[1]s and %[2]d results; make the file smaller with: %[3]s",
		"Results that another sweep of this state directory also has are kept.")
}

// controlVerb is a verb that changes a sweep and says so; done is told the sweep's name and how many points it touched.
func (a *app) controlVerb(do action, use, short, done, long string) *cobra.Command {
	most := 1
	if do == cancelAction || do == retryAction {
		most = -1
	}
	cmd := &cobra.Command{Use: use, Short: short, Long: short + ".\n" + long, Args: arguments(1, most), ValidArgsFunction: a.completeSweep}
	cmd.Example = "  widthlaw " + cmd.Name() + " needed-width"
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		indices := make([]uint64, len(args)-1)
		for i, text := range args[1:] {
			index, err := strconv.ParseUint(text, 10, 64)
			if err != nil {
				return usage(c.command("export", args[0])+" lists the indices", "%q is not the index of a point", text)
			}
			indices[i] = index
		}
		s, err := c.sweep(ctx, args[0])
		if err != nil {
			return err
		}
		touched, err := c.control(ctx, s.ID, do, indices)
		if err != nil {
			return err
		}
		if do == cancelAction && touched == 0 && len(indices) > 0 {
			fmt.Fprintf(cmd.OutOrStdout(), "cancelled 0 points of %s: those have ended already\n", s.Name)
			return nil
		}
		fmt.Fprintf(cmd.OutOrStdout(), done+"%[4]s\n", s.Name, touched, a.after(do, s.Name, args), "")
		return nil
	})
	return cmd
}

// after is the command that fits what was done to a sweep.
func (p place) after(do action, name string, args []string) string {
	switch {
	case do == resumeAction:
		return p.command("watch", name)
	case do == deleteAction:
		return p.command("compact")
	case do == cancelAction && len(args) > 1:
		return p.command("retry", args...)
	}
	return p.command("resume", name)
}
