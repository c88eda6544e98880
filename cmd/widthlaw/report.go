package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/results/fit"
	"github.com/widthlaw/widthlaw/results/plot"
	"github.com/widthlaw/widthlaw/sweep"
)

//go:embed report.html
var reportPage string

// A lawReport is what report.html shows.
type lawReport struct {
	Name, Digest, Spec, Version, From, To string
	Points, Done                          uint64
	Level                                 float64
	Methods                               string
	Commands                              []string
	Provenance                            []origin
	Files                                 map[string]string
	Laws                                  []reportLaw
	Trainings                             template.HTML
	Theory                                fit.Table
}

type reportLaw struct {
	*fit.Law
	Figure template.HTML
}

// An origin is where points were computed.
type origin struct {
	Host, Version, Revision, Kernel string
	Points                          int
	Seconds                         float64
}

// origins counts where results came from, and when.
type origins struct {
	from, to time.Time
	counts   map[origin]*origin
}

func newOrigins() *origins { return &origins{counts: map[origin]*origin{}} }

func (o *origins) add(p sweep.Provenance) {
	key := origin{Host: p.Host, Version: p.Version, Revision: p.Revision, Kernel: p.Kernel}
	if o.counts[key] == nil {
		fresh := key
		o.counts[key] = &fresh
	}
	o.counts[key].Points++
	o.counts[key].Seconds += p.Seconds
	if o.from.IsZero() || p.Started.Before(o.from) {
		o.from = p.Started
	}
	if p.Finished.After(o.to) {
		o.to = p.Finished
	}
}

func (o *origins) list() (all []origin) {
	for _, x := range o.counts {
		all = append(all, *x)
	}
	slices.SortFunc(all, func(a, b origin) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Version, b.Version), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Kernel, b.Kernel))
	})
	return all
}

// methods says in words how the findings were found.
const methods = `For each event and family (one value of every parameter but m, n, d, angle and the seeds) one binomial regression over all decided runs of width 10 or more: ` +
	`P(success) = (1 − lapse) sigmoid(b0 + b1 log m + b2 log n + b3 log λ0 (+ b4 log d)), with λ0 each data set's own and the lapse's prior Beta(2, 20). ` +
	`The needed width at level p is where the sigmoid is p; its exponents are −b2/b1, −b3/b1, −b4/b1. Where success is a sharp step the slopes have a weak Cauchy(0, 2.5) prior, and a warning says so. ` +
	`Intervals are 95 %: a bootstrap of 2,000 draws over data seeds (and over seeds where they are crossed with these), those of exponents bias-corrected and accelerated with a jackknife over data seeds and Student's quantiles, those of needed widths by the law (and both where seeds are crossed) bootstrap-t; ` +
	`beside it Fieller's with the jackknife's covariance; under 8 data seeds there are none, and no exponent is told. Beside the law, cell by cell, isotonic regression and interpolation of logits in log m, which assumes only that success does not fall with the width; ` +
	`its intervals are the quantiles of draws to which half a success and half a failure were added at random, and have no upper end where the seeds are too few for one. ` +
	`Success curves of neighbouring n cross where their isotonic regressions over m d / n do. Forms of the law are compared by leaving out one n at a time. ` +
	`Runs whose budget ended before the event was decided are left out, and the law is fitted again with all of them as failures, and as successes. An exponent prints as ~ where the data does not carry it.`

// searchMethods are what is otherwise beside a search.
const searchMethods = ` This sweep searched: its widths were chosen run by run, by a posterior over the logarithm of the needed width, with the slope of the response and the share of lapses as nuisances. ` +
	`So there are many widths with few runs each, and in place of isotonic regression a cell's own needed width is this posterior's median and central 95 % (for the events that were not searched for, the same of their runs); ` +
	`it takes runs as independent, and lapses are not in it. The law is fitted to all runs as above. Shares, residuals and figures have neighbouring widths together, in groups of 16 runs or more; crossings are not given.`

// report writes the findings as one page that needs nothing else, and as PDF.
func (f findings) report(ctx context.Context, c *client, cmd *cobra.Command, folder string, o fit.Options) error {
	r, err := f.lawReport(ctx, c, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return broken(err, "choose a folder that can be written", "report")
	}
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{"index.html", r.html}, {"report.pdf", f.document(r).Write}} {
		path := filepath.Join(folder, file.name)
		if err := into(path, nil, file.write); err != nil {
			return broken(err, "choose a folder that can be written", "report")
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", path)
	}
	return nil
}

func (r *lawReport) html(w io.Writer) error {
	t, err := template.New("report").Funcs(template.FuncMap{"words": words}).Parse(reportPage)
	if err != nil {
		return err
	}
	return t.Execute(w, r)
}

func (f findings) lawReport(ctx context.Context, c *client, o fit.Options) (*lawReport, error) {
	s, methods := f.status, methods
	if f.analysis.Search != nil {
		methods += searchMethods
	}
	r := lawReport{
		Name: s.Name, Spec: string(s.Spec), Version: thisBuild().version, Points: s.Points, Done: s.Done, Level: f.analysis.Level, Methods: methods,
		Commands: reportCommands(s, o), Provenance: f.origins.list(), Files: maps.Clone(s.Files), Theory: f.analysis.TheoryTable(),
	}
	r.From, r.To = f.origins.from.UTC().Format(time.DateTime+" UTC"), f.origins.to.UTC().Format(time.DateTime+" UTC")
	digest, _, missing, err := c.digest(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	if missing == 0 {
		r.Digest = fmt.Sprintf("%x", digest)
	}
	if r.Trainings, err = inline(f.trainings()); err != nil {
		return nil, err
	}
	for i := range f.analysis.Laws {
		l := &f.analysis.Laws[i]
		figure, err := inline(plot.LawFigure(s.Name, l))
		if err != nil {
			return nil, err
		}
		r.Laws = append(r.Laws, reportLaw{l, figure})
	}
	return &r, nil
}

// document is the report as pages: in front what it is of, then the tables as text, then the figures.
func (f findings) document(r *lawReport) plot.Document {
	var front, tables strings.Builder
	fmt.Fprintf(&front, "%s: how wide is wide enough\n\n%d of %d points done; success at level %g.\n", r.Name, r.Done, r.Points, r.Level)
	if r.Digest != "" {
		fmt.Fprintf(&front, "Digest of the results: %s\n", r.Digest)
	}
	fmt.Fprintf(&front, "Computed from %s to %s; analysed by widthlaw %s.\n\nTo make it again\n  %s\n\n", r.From, r.To, r.Version, strings.Join(r.Commands, "\n  "))
	for _, p := range r.Provenance {
		fmt.Fprintf(&front, "Host %s, version %s, revision %s, kernel %s: %d points in %.0f core seconds\n", p.Host, p.Version, p.Revision, p.Kernel, p.Points, p.Seconds)
	}
	for _, path := range slices.Sorted(maps.Keys(r.Files)) {
		fmt.Fprintf(&front, "File %s, SHA-256 %s\n", path, r.Files[path])
	}
	fmt.Fprintf(&front, "\nMethods\n%s\n\nThe spec\n%s", fit.Wrapped(r.Methods, 150), r.Spec)
	_ = f.analysis.WriteText(&tables) // a Builder takes all
	d := plot.Document{{Text: front.String()}, {Text: tables.String()}}
	figures, names := f.figures()
	for _, name := range names {
		figure := figures[name]
		d = append(d, plot.Sheet{Figure: &figure})
	}
	return d
}

func reportCommands(s sweep.Status, o fit.Options) []string {
	name := cmp.Or(filepath.Base(s.Filename), s.Name+".yaml")
	analyze := fmt.Sprintf("widthlaw analyze %s --report report", s.Name)
	if o.Level != 0 {
		analyze += fmt.Sprintf(" --level %g", o.Level)
	}
	if o.BestRate {
		analyze += " --best-lr"
	}
	return []string{"widthlaw run " + name, "widthlaw digest " + s.Name, analyze}
}

// inline is a figure as an element of a page.
func inline(f plot.Figure) (template.HTML, error) {
	var b bytes.Buffer
	if err := f.Write(&b, "svg"); err != nil {
		return "", err
	}
	svg := b.String()
	return template.HTML(svg[max(0, strings.Index(svg, "<svg")):]), nil
}

// words says whether a table's entry is text and not a number.
func words(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r >= 'a' && r <= 'z' && r != 'e' })
}
