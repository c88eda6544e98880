package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) planVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plan SPEC",
		Short: "Say what a spec would run, and for how long, without running it",
		Long: `Read a spec, report every mistake in it, and say how many points it has, how many of them
this state directory already holds, and what the others will cost. Nothing is run or kept.` + a.parameterHelp(),
		Example: "  widthlaw plan examples/first.yaml\n  widthlaw plan examples/first.yaml --output json",
		Args:    arguments(1, 1),
	}
	var output *string
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		spec, r, err := a.readSpec(args[0])
		if err != nil {
			return err
		}
		f, err := a.forecast(cmd.Context(), r)
		if err != nil {
			return err
		}
		if *output == "json" {
			return planJSON(f).print(cmd.OutOrStdout())
		}
		a.printPlan(cmd.OutOrStdout(), spec, f)
		return nil
	}
	output = outputFlag(cmd)
	return cmd
}

// forecast asks the coordinator of the state directory what a spec would do. Where there is no state directory yet, none is made.
func (a *app) forecast(ctx context.Context, r request) (forecast, error) {
	b := *a
	if _, err := os.Lstat(a.state); os.IsNotExist(err) {
		dir, err := os.MkdirTemp("", "widthlaw-plan")
		if err != nil {
			return forecast{}, err
		}
		defer os.RemoveAll(dir)
		b.state = dir
	}
	c, err := b.connect(ctx)
	if err != nil {
		return forecast{}, err
	}
	f, err := c.plan(ctx, r)
	return f, firstOf(err, c.Close())
}

func planJSON(f forecast) object {
	cost := "guessed"
	if f.Learned {
		cost = "learned"
	}
	return object{
		{"schema", schema},
		{"points", f.Points},
		{"done", f.Done},
		{"todo", f.Todo},
		{"exact", f.Exact},
		{"cost", cost},
		{"core_seconds", number(f.CoreSeconds)},
		{"memory_bytes", f.Memory + bareBytes},
	}
}

// bareBytes is what the program takes, as measured, before it trains anything: code, libraries, the garbage collector's room.
const bareBytes = 22 << 20

func (a *app) printPlan(w io.Writer, spec *sweep.Spec, f forecast) {
	about, cost := "", "guessed"
	if !f.Exact {
		about = "about "
	}
	if f.Learned {
		cost = "learned from earlier results"
	}
	fmt.Fprintf(w, "%s: %s%d points, %d done, %d to do\n", spec.Name, about, f.Points, f.Done, f.Todo)
	fmt.Fprintf(w, "  time     %s on one core (%s)\n", length(time.Duration(f.CoreSeconds*float64(time.Second))), cost)
	fmt.Fprintf(w, "  memory   %s at most for the program with one point\n", bytesText(f.Memory+bareBytes))
	if s := spec.Search; s != nil {
		fmt.Fprintf(w, "  a search of %s from %d to %d, to a factor of %s: what is to do is an estimate, as if the needed %s could be anywhere between\n",
			s.Param, s.Low, s.High, sweep.FormatFloat(s.Resolution), s.Param)
		if oneDataSet(spec) {
			fmt.Fprintln(w, "  it is over initial weights of one data set: data_seed has one value; left out, it follows seed")
		}
	}
	const shown = 3
	n := 0
	for index, p := range spec.Space.All() {
		if n == shown || spec.Search != nil {
			break
		}
		n++
		fmt.Fprintf(w, "  point %d  %s\n", index, pointText(p))
	}
	if f.Todo > 0 {
		fmt.Fprintf(w, "  next: %s\n", a.command("run", spec.Filename))
	}
}

// oneDataSet says whether the runs of a search share their data: the first ones of a cell take different data seeds, as long as there are some.
func oneDataSet(spec *sweep.Spec) bool {
	const looked = 16
	seen, cells := map[sweep.Value]bool{}, spec.Cells()
	for cell := uint64(0); cell < min(cells.Count, looked) && len(seen) == 0; cell++ {
		next := cells.Seeds(cell)
		for range looked {
			at, ok := next()
			if !ok {
				break
			}
			p, _ := spec.Space.Point(at)
			seen[p.Get("data_seed")] = true
		}
	}
	return len(seen) == 1 && !seen[sweep.Value{}]
}

// pointText is a point as `widthlaw point` takes it, without what is at its default.
func pointText(p sweep.Point) string {
	var parts []string
	for i := range p.Trainer.Params {
		param, v := &p.Trainer.Params[i], p.Values[i]
		if !v.Defined() || param.Default != nil && param.Default(p) == v {
			continue
		}
		parts = append(parts, fmt.Sprintf("%s=%s", param.Name, valueText(v, param)))
	}
	return strings.Join(parts, " ")
}

// valueText is a value as a spec has it.
func valueText(v sweep.Value, p *sweep.Param) string {
	switch v.Kind {
	case sweep.Relative:
		return v.String() + "/" + p.Relative
	case sweep.List:
		return strings.Join(v.Entries(), ",")
	}
	return v.String()
}

// bytesText says a number of bytes for people.
func bytesText(n uint64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	f, i := float64(n), 0
	for f >= 1024 && i < len(units)-1 {
		f, i = f/1024, i+1
	}
	return fmt.Sprintf("%.3g %s", f, units[i])
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
