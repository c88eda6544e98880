package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	show := func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
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
		if recorded := outlineOf(s).Record.Curves; cmd.Flags().Changed("curve") && !slices.Contains(recorded, *curve) {
			return usage(fmt.Sprintf("write in the spec: record: {curves: [%s]}, and run it again", strings.Join(slices.Concat(recorded, []string{*curve}), ", ")),
				"%s did not record %s", s.Name, *curve)
		}
		if *figure != "" {
			return a.drawOverview(ctx, c, cmd, s, *event, *figure)
		}
		row, column := firstAxes(t, s)
		heat := plot.NewHeat(*event, row, column)
		f, err := a.findings(ctx, c, s.ID, heat.Add)
		if err != nil {
			return err
		}
		f.print(cmd.OutOrStdout(), heat, *event, *curve)
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := checkFigure(*figure); err != nil {
			return err
		}
		return a.withClient(show)(cmd, args)
	}
	return cmd
}

// checkFigure finds what is wrong with --figure; empty is right.
func checkFigure(path string) error {
	format := strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
	if path == "" || slices.Contains(plot.Formats(), format) {
		return nil
	}
	return usage("end its name in ."+strings.Join(plot.Formats(), ", ."), "--figure %s has a format that is not drawn", path)
}

func (a *app) drawOverview(ctx context.Context, c *client, cmd *cobra.Command, s sweep.Status, event, figure string) error {
	f, err := a.findings(ctx, c, s.ID)
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
	picture := t.Heat(heat)
	if why := f.unrecorded(event); why != "" {
		picture = why
	}
	fmt.Fprintf(w, "%s\n\n%s", progressLine(f.status, f.live), picture)
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

// unrecorded says, a line a law, why no run tells anything about an event where what it is judged by was not recorded, or no step taken, as
// analyze does.
func (f findings) unrecorded(event string) (why string) {
	for _, l := range f.analysis.Laws {
		for _, warning := range l.Warnings {
			if l.Event == event && (warning.Code == "not_recorded" || warning.Code == "untrained") {
				why += fmt.Sprintf("event %s%s: %s\n", event, l.Apart, warning.Text)
			}
		}
	}
	return why
}

// colourful says whether w takes colours, and whoever looks at it wants them (no-color.org).
func colourful(w io.Writer) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// width is that of the terminal, 0 where there is none.
func width(w io.Writer) int {
	if f, ok := w.(file); ok {
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
