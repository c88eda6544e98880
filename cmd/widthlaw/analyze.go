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

	"github.com/widthlaw/widthlaw/results/fit"
	"github.com/widthlaw/widthlaw/results/plot"
	"github.com/widthlaw/widthlaw/sweep"
)

const analyzeLong = `Say how wide is wide enough: for each of the four events (fit, rate, kernel, init) the success
by width, the width that is needed at a level of success, cell by cell and by the law, one regression
over all runs with its exponents in n and lambda0, and, beside it, what the theory says. Intervals
and warnings say how much of it the data carries; an exponent that it does not carry prints as ~.
docs/law.md says how it is done.

A sweep that searched for the needed width has it from the search, at the search's own level unless
--level says another. An unfinished sweep is analysed as far as it is, and says so.`

func (a *app) analyzeVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "analyze [SWEEP]",
		Short: "Say how wide is wide enough, with intervals and warnings",
		Long:  analyzeLong,
		Example: `  widthlaw analyze needed-width
  widthlaw analyze needed-width --figures terminal
  widthlaw analyze needed-width --figures figures --level 0.5
  widthlaw analyze needed-width --report report
  widthlaw analyze needed-width --output json | jq '.laws[].exponents'`,
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	level := cmd.Flags().Float64("level", 0.9, "wide enough is success with this probability over seeds; a search has its own")
	figures := cmd.Flags().String("figures", "", "draw each law, and the recorded curves, into this `folder`; \"terminal\" draws them here")
	format := cmd.Flags().String("figure-format", "svg", "draw --figures as `svg`, png or pdf")
	report := cmd.Flags().String("report", "", "write all of it into this `folder`, as one page, index.html, and as report.pdf")
	best := cmd.Flags().Bool("best-lr", false, "count a seed at a width as a success where any swept learning rate succeeds")
	var output *string
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		if !(*level > 0 && *level < 1) {
			return usage("write for example --level 0.9", "--level %g is no probability strictly between 0 and 1", *level)
		}
		if *figures == inTerminal && *output == "json" {
			return usage("leave one of them out, or name a folder, --figures figures", "--figures terminal would draw into the JSON")
		}
		if !slices.Contains(plot.Formats(), *format) {
			return usage(fmt.Sprintf("choose among %v", plot.Formats()), "there is no --figure-format %q", *format)
		}
		o := fit.Options{BestRate: *best}
		if cmd.Flags().Changed("level") {
			o.Level = *level
		}
		f, err := a.findingsBy(ctx, c, sweepOf(args), o)
		if err != nil {
			return err
		}
		if *output == "json" {
			err = f.analysis.WriteJSON(cmd.OutOrStdout())
		} else {
			err = f.analysis.WriteText(cmd.OutOrStdout())
		}
		if err == nil && *figures == inTerminal {
			f.drawHere(cmd.OutOrStdout())
		} else if err == nil && *figures != "" {
			err = f.draw(*figures, *format, cmd)
		}
		if err == nil && *report != "" {
			err = f.report(ctx, c, cmd, *report, o)
		}
		return err
	})
	output = outputFlag(cmd)
	return cmd
}

// findings are what a sweep's results say, and what figures are drawn of.
type findings struct {
	status   sweep.Status
	live     bool // something could be running the sweep
	analysis *fit.Analysis
	curves   *plot.Trajectories
	steps    *plot.FitSteps
	origins  *origins
}

// findings are a sweep's at its own level.
func (a *app) findings(ctx context.Context, c *client, name string, also ...func(sweep.Point, sweep.Outcome)) (findings, error) {
	return a.findingsBy(ctx, c, name, fit.Options{}, also...)
}

// findingsBy reads a sweep's results, each once, and shows them to whoever wants to see them too. The memory that it takes does not
// depend on how many there are.
func (a *app) findingsBy(ctx context.Context, c *client, name string, o fit.Options, also ...func(sweep.Point, sweep.Outcome)) (findings, error) {
	s, err := c.sweep(ctx, name)
	if err != nil {
		return findings{}, err
	}
	t := a.trainer(s.Trainer)
	runs, f := fit.New(t), findings{status: s, live: c.live, curves: plot.NewTrajectories(curveNames(t)...), steps: plot.NewFitSteps(), origins: newOrigins()}
	var hunt *fit.Search
	if about := sweep.SearchOf(a.trainers, s.Spec); about != nil {
		if o.BestRate {
			return findings{}, usage("leave it out: a search tries widths of its own at each learning rate, which cannot be compared run by run", "--best-lr does not go with a search")
		}
		hunt = fit.NewSearch(*about, s.Success)
	}
	for r, err := range c.rows(ctx, s.ID, choice{outcomes: true, curves: true}) {
		if err != nil {
			return findings{}, err
		}
		if err := a.givenUp(hunt, r); err != nil {
			return findings{}, err
		}
		if r.State != sweep.Done {
			continue
		}
		p, o, err := a.decode(r)
		if err != nil {
			return findings{}, err
		}
		runs.Add(p, o)
		if hunt != nil {
			hunt.Add(p, o)
		}
		f.curves.Add(p, o)
		f.steps.Add(p, o)
		f.origins.add(o.Provenance)
		for _, add := range also {
			add(p, o)
		}
	}
	o.Sweep, o.Points, o.Done, o.Search = s.Name, s.Points, s.Done, hunt
	f.analysis = runs.Analyze(o)
	if hunt != nil {
		f.analysis.Search = hunt.Cells(left(s) > 0)
	}
	return f, nil
}

// givenUp counts a row for the search, if there is one, that came to rest without a result.
func (a *app) givenUp(hunt *fit.Search, r sweep.Row) error {
	if hunt == nil || r.State != sweep.Failed && r.State != sweep.Quarantined && r.State != sweep.Cancelled {
		return nil
	}
	p, _, err := a.decode(r)
	if err == nil {
		hunt.GiveUp(p)
	}
	return err
}

// decode takes a row's point, and its outcome if it has one, apart.
func (a *app) decode(r sweep.Row) (sweep.Point, sweep.Outcome, error) {
	p, err := sweep.DecodePoint(a.trainers, r.Point)
	if err != nil {
		return p, sweep.Outcome{}, broken(err, "use the version of widthlaw that wrote it", "point %d", r.Index)
	}
	if len(r.Outcome) == 0 {
		return p, sweep.Outcome{}, nil
	}
	o, err := sweep.DecodeOutcome(r.Outcome)
	if err != nil {
		return p, o, broken(err, "run: widthlaw check", "the outcome of point %d", r.Index)
	}
	o.Provenance = r.Provenance
	return p, o, nil
}

// trainer is the trainer of a name; the first where the program has none of that name.
func (a *app) trainer(name string) *sweep.Trainer {
	for _, t := range a.trainers {
		if t.Name == name {
			return t
		}
	}
	return a.trainers[0]
}

func curveNames(t *sweep.Trainer) []string {
	names := make([]string, len(t.Curves))
	for i, c := range t.Curves {
		names[i] = c.Name
	}
	return names
}

// trainings are the recorded curves, and how long fits took.
func (f findings) trainings() plot.Figure {
	figure := plot.CurveFigure(f.status.Name, f.curves)
	figure.Panels = append(figure.Panels, f.steps.Panel())
	return figure
}

// inTerminal is what --figures says for figures as text.
const inTerminal = "terminal"

// drawHere draws a figure a law that has decided runs, and the trainings, as text.
func (f findings) drawHere(w io.Writer) {
	t := plot.Terminal{Color: colourful(w), Width: width(w)}
	for i := range f.analysis.Laws {
		if l := &f.analysis.Laws[i]; l.Runs > l.Censored {
			fmt.Fprintf(w, "\n== %s ==\n%s", l.Heading(), t.Law(l))
		}
	}
	fmt.Fprintf(w, "\n%s", t.FitSteps(f.steps))
}

// draw writes a figure a law, and one of the recorded curves.
func (f findings) draw(folder, format string, cmd *cobra.Command) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return broken(err, "choose a folder that can be written", "figures")
	}
	figures, names := f.figures()
	for _, name := range names {
		path := filepath.Join(folder, name+"."+format)
		if err := figures[name].Save(path); err != nil {
			return broken(err, "choose a folder that can be written", "figures")
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "drew %s\n", path)
	}
	return nil
}

// figures are one a law and one of the trainings, by the names of their files, in order.
func (f findings) figures() (figures map[string]plot.Figure, names []string) {
	figures = map[string]plot.Figure{"curves": f.trainings()}
	for i := range f.analysis.Laws {
		l := &f.analysis.Laws[i]
		name := strings.ReplaceAll(l.Event, "/", "-")
		if _, taken := figures[name]; taken {
			name = fmt.Sprintf("%s-%d", name, i)
		}
		figures[name] = plot.LawFigure(f.status.Name, l)
		names = append(names, name)
	}
	return figures, append(names, "curves")
}
