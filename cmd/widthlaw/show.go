package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/widthlaw/widthlaw/results/plot"
	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) showVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show [SWEEP]",
		Short: "Draw success over the first two axes, and the curves, in the terminal",
		Long: `Draw in the terminal: the share of successes over the first two axes of the spec, the recorded
curves by width, and the needed widths. With --figure the same goes to a file.`,
		Example:           "  widthlaw show\n  widthlaw show needed-width --event kernel\n  widthlaw show first --figure first.png",
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	event := cmd.Flags().String("event", "", "the `event` that counts as success (default: the spec's)")
	curve := cmd.Flags().String("curve", "loss", "the recorded `curve` to draw")
	figure := cmd.Flags().String("figure", "", "draw to this `file` instead (.svg, .png or .pdf)")
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		s, err := c.sweep(ctx, sweepOf(args))
		if err != nil {
			return err
		}
		t := a.trainer(s.Trainer)
		if *event == "" {
			*event = s.Success
		}
		if !slices.Contains(t.Events, *event) {
			return usage(fmt.Sprintf("choose among %v", t.Events), "there is no event %q", *event)
		}
		if t.Curve(*curve) == nil {
			return usage(fmt.Sprintf("choose among %v", curveNames(t)), "there is no curve %q", *curve)
		}
		if *figure != "" {
			return a.drawOverview(ctx, c, cmd, s, *event, *figure)
		}
		row, column := firstAxes(t, s)
		heat := plot.NewHeat(*event, row, column)
		f, err := a.findings(ctx, c, s.ID, 0.9, heat.Add)
		if err != nil {
			return err
		}
		f.print(cmd.OutOrStdout(), heat, *event, *curve)
		return nil
	})
	return cmd
}

func (a *app) drawOverview(ctx context.Context, c *client, cmd *cobra.Command, s sweep.Status, event, figure string) error {
	f, err := a.findings(ctx, c, s.ID, 0.9)
	if err != nil {
		return err
	}
	if err := plot.Overview(f.analysis, event, f.curves).Save(figure); err != nil {
		return broken(err, "choose another --figure", "drawing")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "drew %s\n", figure)
	return nil
}

// print draws the findings as text.
func (f findings) print(w io.Writer, heat *plot.Heat, event, curve string) {
	t := plot.Terminal{Color: colourful(w), Width: width(w)}
	fmt.Fprintf(w, "%s\n\n%s", progressLine(f.status, f.live), t.Heat(heat))
	for _, set := range f.curves.Sets() {
		if set.Curve == curve {
			fmt.Fprintf(w, "\n%s", t.Curves(set))
			break
		}
	}
	for i := range f.analysis.Laws {
		if l := &f.analysis.Laws[i]; l.Event == event {
			fmt.Fprintf(w, "\n%s", t.Needed(l))
			break
		}
	}
}

// colourful says whether w takes colours, and whoever looks at it wants them (no-color.org).
func colourful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// width is that of the terminal, 0 where there is none.
func width(w io.Writer) int {
	if f, ok := w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			return columns
		}
	}
	return 0
}

// firstAxes are the first two parameters in the order of a spec's grid, seeds aside; where it has fewer, others of the trainer's.
func firstAxes(t *sweep.Trainer, s sweep.Status) (row, column string) {
	var names []string
	add := func(name string) {
		if name != "seed" && name != "data_seed" && t.Param(name) != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range outlineOf(s).axes() {
		add(name)
	}
	for _, p := range t.Params {
		add(p.Name)
	}
	return names[0], names[1]
}
