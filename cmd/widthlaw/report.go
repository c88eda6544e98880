package main

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"html/template"
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
	Draws                                 int
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

// report writes the findings as one page that needs nothing else.
func (f findings) report(ctx context.Context, c *client, cmd *cobra.Command, folder string, o fit.Options) error {
	page, err := f.page(ctx, c, o)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	path := filepath.Join(folder, "index.html")
	if err == nil {
		err = os.WriteFile(path, page, 0o644)
	}
	if err != nil {
		return broken(err, "choose a folder that can be written", "report")
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "wrote %s\n", path)
	return nil
}

func (f findings) page(ctx context.Context, c *client, o fit.Options) ([]byte, error) {
	s, level := f.status, cmp.Or(o.Level, 0.9)
	r := lawReport{Name: s.Name, Spec: string(s.Spec), Version: thisBuild().version, Points: s.Points, Done: s.Done, Level: level, Draws: 2000,
		Commands: reportCommands(s, o), Provenance: f.origins.list(), Files: maps.Clone(s.Files), Theory: f.analysis.TheoryTable()}
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
	t, err := template.New("report").Funcs(template.FuncMap{"words": words}).Parse(reportPage)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, r)
	return b.Bytes(), err
}

func reportCommands(s sweep.Status, o fit.Options) []string {
	name := cmp.Or(filepath.Base(s.Filename), s.Name+".yaml")
	analyze := fmt.Sprintf("widthlaw analyze %s --report report", s.Name)
	if o.Level != 0 && o.Level != 0.9 {
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
