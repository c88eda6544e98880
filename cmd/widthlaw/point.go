package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

const pointLong = `Train one point here and print all that it yields, with every digit. Nothing is stored.

Besides the parameters below, record=loss,max_move names the curves to record, and at=all,
at=every:10 or at=log:60 says at which steps. With --spec and --index the point is one of a
spec's; KEY=VALUE then replaces one of its parameters.`

func (a *app) pointVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "point KEY=VALUE...",
		Short: "Train one point here and print what it yields",
		Long:  pointLong + a.parameterHelp(),
		Example: `  widthlaw point n=40 d=20 m=64
  widthlaw point n=40 d=20 m=64 lr=0.5/lambda_max steps=100 record=loss,max_move at=all
  widthlaw point --spec examples/first.yaml --index 0 --threads 2`,
		Args: arguments(0, -1),
	}
	var o pointOptions
	cmd.Flags().StringVar(&o.spec, "spec", "", "take the point from this `spec`")
	cmd.Flags().Uint64Var(&o.index, "index", 0, "the point's `index` in the spec")
	threads := threadsFlag(cmd)
	kernel := kernelFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o.indexed = cmd.Flags().Changed("index")
		job, err := a.pointJob(o, args)
		if err != nil {
			return err
		}
		if job.Threads, job.Kernel, err = checkedThreads(*threads, *kernel); err != nil {
			return err
		}
		return runPoint(cmd.Context(), cmd.OutOrStdout(), job)
	}
	return cmd
}

func threadsFlag(cmd *cobra.Command) *int {
	return cmd.Flags().Int("threads", runtime.GOMAXPROCS(0), "compute with this many threads; the result does not depend on it")
}

func kernelFlag(cmd *cobra.Command) *string {
	return cmd.Flags().String("kernel", "", "force a kernel by `name`; the result does not depend on it")
}

// checkedThreads finds what is wrong with --threads and --kernel.
func checkedThreads(threads int, name string) (int, string, error) {
	if threads < 1 {
		return 0, "", usage("write --threads 1 or more", "%d threads are too few", threads)
	}
	if _, err := kernel.Choose(name); err != nil {
		return 0, "", usage("leave --kernel out for the best", "%s", err)
	}
	return threads, name, nil
}

type pointOptions struct {
	spec    string
	index   uint64
	indexed bool
}

// pointJob is the point that the arguments describe.
func (a *app) pointJob(o pointOptions, args []string) (sweep.Job, error) {
	if o.spec == "" && (o.indexed || len(args) == 0) {
		return sweep.Job{}, usage("write for example: widthlaw point n=40 d=20 m=64, or name a spec with --spec and --index", "no point is described")
	}
	d := draft{trainer: a.trainers[0], given: map[string]sweep.Value{}, record: sweep.DefaultRecord(), files: map[string]string{}}
	if o.spec != "" {
		if err := a.startFromSpec(&d, o); err != nil {
			return sweep.Job{}, err
		}
	}
	for _, arg := range args {
		if err := d.set(arg); err != nil {
			return sweep.Job{}, err
		}
	}
	return d.job()
}

// startFromSpec makes the draft a spec's point; what is at its default there stays open, for it may depend on what is set later.
func (a *app) startFromSpec(d *draft, o pointOptions) error {
	spec, r, err := a.readSpec(o.spec)
	if err != nil {
		return err
	}
	p, ok := spec.Space.Point(o.index)
	if !ok {
		return usage("widthlaw plan "+o.spec+" shows the first points that there are",
			"%s has no point %d: it is beyond the last of %d, or dropped by where, or equal to one before", o.spec, o.index, spec.Space.Size())
	}
	d.trainer, d.record = p.Trainer, p.Record
	for i := range p.Trainer.Params {
		param, v := &p.Trainer.Params[i], p.Values[i]
		if v.Defined() && !(param.Default != nil && param.Default(p) == v) {
			d.given[param.Name] = v
		}
	}
	for written, hash := range spec.Files {
		d.files[hash] = r.files[written]
	}
	return nil
}

// A draft is a point that is being described.
type draft struct {
	trainer *sweep.Trainer
	given   map[string]sweep.Value
	record  sweep.Record
	files   map[string]string // hash -> local path
	wrong   []string
}

// set takes one KEY=VALUE.
func (d *draft) set(arg string) error {
	key, text, ok := strings.Cut(arg, "=")
	if !ok {
		return usage("write KEY=VALUE, such as n=40", "%q is no KEY=VALUE", arg)
	}
	var err error
	switch key {
	case "record":
		d.record.Curves = strings.Split(text, ",")
		return nil
	case "at":
		if d.record.At, err = sweep.ParseSchedule(text); err != nil {
			return usage("", "at: %s", err)
		}
		return nil
	}
	v, wrong := d.trainer.ParseParam(key, text)
	if wrong != "" {
		d.wrong = append(d.wrong, wrong)
		return nil
	}
	if param := d.trainer.Param(key); param.Type == sweep.FileType {
		hash, err := hashFile(text)
		if err != nil {
			return usage("name a data file that can be read", "%s: %s", key, err)
		}
		d.files[hash] = text
		v = sweep.FileValue(hash)
	}
	d.given[key] = v
	return nil
}

// job is the draft as a job, if nothing is wrong with it.
func (d *draft) job() (sweep.Job, error) {
	if len(d.wrong) == 0 {
		d.shape()
	}
	p, mistakes := d.trainer.Complete(d.given, d.record)
	for _, m := range mistakes {
		if len(d.wrong) == 0 || !strings.Contains(m.Text, " is missing") {
			d.wrong = append(d.wrong, m.Text)
		}
	}
	if len(mistakes) == 0 {
		d.idle(p)
	}
	if len(d.wrong) > 0 {
		return sweep.Job{}, usage("see widthlaw point --help for the parameters", "%s", strings.Join(d.wrong, "\n"))
	}
	if err := fits(p); err != nil {
		return sweep.Job{}, err
	}
	return sweep.Job{Point: p, File: func(_ context.Context, hash string) (string, error) { return d.files[hash], nil }}, nil
}

// fits refuses a point that needs more memory than this machine has.
func fits(p sweep.Point) error {
	need, have := p.Trainer.Cost(p, sweep.Spectrum{Lambda0: 1, LambdaMax: 1}).Memory, availableMemory()
	if have > 0 && uint64(need) > have {
		return &refusal{
			code: exitBroken, what: fmt.Sprintf("the point needs %s of memory, and this machine has %s to give", bytesText(uint64(need)), bytesText(have)),
			next: "make n, d or m smaller, or train it on a larger machine",
		}
	}
	return nil
}

// shape fills in what a data file itself sets: the number of its rows and columns.
func (d *draft) shape() {
	for i := range d.trainer.Params {
		name := d.trainer.Params[i].Name
		v, ok := d.given[name]
		if d.trainer.Params[i].Type != sweep.FileType || !ok {
			continue
		}
		p := sweep.Point{Trainer: d.trainer, Values: make([]sweep.Value, len(d.trainer.Params))}
		for j := range d.trainer.Params {
			p.Values[j] = d.given[d.trainer.Params[j].Name]
		}
		sizes, err := d.trainer.DataShape(d.files[v.Text], p)
		if err != nil {
			d.wrong = append(d.wrong, name+": "+err.Error())
			return
		}
		for size, v := range sizes {
			if !d.given[size].Defined() {
				d.given[size] = v
			}
		}
	}
}

// idle notes what was given but cannot apply.
func (d *draft) idle(p sweep.Point) {
	for name := range d.given {
		if !p.Get(name).Defined() {
			d.wrong = append(d.wrong, fmt.Sprintf("%s does not apply here: it is for %s; leave it out", name, sweep.WhenText(d.trainer.Param(name).When)))
		}
	}
	for _, name := range d.record.Curves {
		if !slices.Contains(p.Record.Curves, name) {
			d.wrong = append(d.wrong, fmt.Sprintf("curve %s does not apply here: it is for %s; leave it out", name, sweep.WhenText(d.trainer.Curve(name).When)))
		}
	}
	slices.Sort(d.wrong)
}

// runPoint trains a point and prints the outcome as JSON.
func runPoint(ctx context.Context, w io.Writer, job sweep.Job) error {
	started := time.Now()
	o, err := job.Point.Trainer.Run(ctx, job)
	if err != nil {
		return broken(err, "the point itself failed; change its parameters", "training")
	}
	b := thisBuild()
	from := &o.Provenance
	from.Started, from.Finished, from.Seconds = started, time.Now(), time.Since(started).Seconds()
	from.Host, _ = os.Hostname() // an unknown host is an empty name
	from.Version, from.Revision, from.Attempts, from.Threads = b.version, b.revision, 1, job.Threads
	return object{
		{"schema", schema},
		{"parameters", parametersJSON(job.Point)},
		{"scalars", scalarsJSON(job.Point, o)},
		{"curves", curvesJSON(job.Point, o.Curves)},
		{"provenance", provenanceJSON(o.Provenance)},
	}.print(w)
}

func parametersJSON(p sweep.Point) object {
	var o object
	for i := range p.Trainer.Params {
		o = append(o, field{p.Trainer.Params[i].Name, jsonValue(p.Values[i], &p.Trainer.Params[i])})
	}
	return append(o, field{"record", p.Record.Curves}, field{"at", p.Record.At.String()})
}

func scalarsJSON(p sweep.Point, out sweep.Outcome) object {
	var o object
	for _, name := range scalarNames(p) {
		o = append(o, field{name, jsonValue(out.Scalars[name], nil)})
	}
	return o
}

func curvesJSON(p sweep.Point, c sweep.Curves) object {
	o := object{{"step", c.Step}}
	for _, name := range p.Record.Curves {
		o = append(o, field{name, curve(c.Values[name])})
	}
	return o
}
