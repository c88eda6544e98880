package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) checkVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify every byte of the store",
		Long: `Verify the store of a state directory: its pages, every value's checksum, the number of rows
and their digest. Nothing is changed. It needs the store for itself; while a coordinator owns
it, check a backup instead.

With --repair what is intact is saved into a new store, and the damaged file is kept beside it;
what was lost is then computed again by running the specs.`,
		Example: "  widthlaw check\n  widthlaw check --state /data/widths\n  widthlaw check --repair",
		Args:    arguments(0, 0),
	}
	repair := cmd.Flags().Bool("repair", false, "save what is intact of a damaged store into a new one")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.alone(); err != nil {
			return err
		}
		report, err := results.Check(a.state, a.believable)
		if err != nil {
			return err
		}
		w := cmd.OutOrStdout()
		err = a.printReport(w, report)
		if err == nil || !*repair {
			return err
		}
		report, aside, err := results.Repair(a.state)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "repaired; the damaged store is now %s; run the specs again to compute what was lost\n", aside)
		return a.printReport(w, report)
	}
	return cmd
}

// believable says why a row cannot be what a trainer of this program yielded, if so.
func (a *app) believable(r results.Row) error {
	_, err := sweep.DecodePoint(a.trainers, r.Point)
	if err == nil {
		_, err = sweep.DecodeOutcome(r.Outcome)
	}
	return err
}

func (p place) printReport(w io.Writer, r results.Report) error {
	fmt.Fprintf(w, "%s: %d results, %d conflicts, %d sweeps, %d data files, %s\n", p.state, r.Rows, r.Conflicts, r.Sweeps, r.Files, bytesText(uint64(r.Bytes)))
	if r.Clean() {
		fmt.Fprintln(w, "sound")
		return nil
	}
	for _, d := range r.Damage {
		fmt.Fprintf(w, "damage: %s\n", d)
	}
	if r.More > 0 {
		fmt.Fprintf(w, "and %d more\n", r.More)
	}
	return &refusal{
		code: exitBroken, what: fmt.Sprintf("%s is damaged: %d results are lost or not to be believed", p.state, len(r.Affected)),
		next: "put a backup in its place; or save what is intact with " + p.command("check", "--repair") + " and run the specs again, which computes only what is lost",
	}
}

// alone refuses where another process owns the state directory, or where there is none.
func (a *app) alone() error {
	if access, ok := a.owner(); ok {
		return &refusal{
			code: exitBroken, what: fmt.Sprintf("%s is in use by process %d", a.state, access.PID),
			next: "stop it first, or take a copy with " + a.command("backup", "FILE") + " and use that",
		}
	}
	if _, err := os.Stat(a.state); errors.Is(err, os.ErrNotExist) {
		return usage("name one with --state, or make one with "+a.command("run", "SPEC"), "there is no state directory %s", a.state)
	}
	return nil
}
