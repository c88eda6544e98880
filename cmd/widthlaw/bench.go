package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/gd"
)

func (a *app) benchVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "bench",
		Short:   "Measure the speed of this machine's training, or of the queue",
		Example: "  widthlaw bench core n=400 d=100 m=1024 --threads 2\n  widthlaw bench queue --tasks 100000 --agents 4",
		Args:    a.noVerb,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.benchCoreVerb(), a.benchQueueVerb())
	return cmd
}

func (a *app) benchCoreVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "core KEY=VALUE...",
		Short: "Measure one step of training a point, against the processor's peak",
		Long: `Measure the time of one step of training a point, and how much of what the processor's
multiply-add units can do at most that is: the peak is measured in turn with the steps, with the
same threads, in the point's precision. Operations are counted by the form's formula, 4 n d m a
step or 2 n^2 m; what patterns leave out is counted too, but not done, so that the speed can be
above the peak. The parameters are those of widthlaw point.`,
		Example: "  widthlaw bench core n=400 d=100 m=1024 --threads 1\n  widthlaw bench core n=100 d=1000 m=4096 --output json",
		Args:    arguments(1, -1),
	}
	threads, kernel := threadsFlag(cmd), kernelFlag(cmd)
	var output *string
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		job, err := a.pointJob(pointOptions{}, args)
		if err != nil {
			return err
		}
		if job.Threads, job.Kernel, err = checkedThreads(*threads, *kernel); err != nil {
			return err
		}
		b, err := gd.StepBench(cmd.Context(), job)
		if err != nil {
			return broken(err, "change the point's parameters", "bench")
		}
		w := cmd.OutOrStdout()
		if *output == "json" {
			return object{
				{"schema", schema},
				{"step_seconds", b.StepSeconds},
				{"gflops", b.GFlops},
				{"peak_gflops", b.PeakGFlops},
				{"ratio", b.Ratio},
				{"kernel", b.Kernel},
				{"form", b.Form},
			}.print(w)
		}
		fmt.Fprintf(w, "a step takes %s: %.3g GFLOP/s of %.3g at most (%.0f %%), %s form, kernel %s, %s\n",
			time.Duration(b.StepSeconds*1e9), b.GFlops, b.PeakGFlops, 100*b.Ratio, b.Form, b.Kernel, plural(job.Threads, "thread"))
		if b.Ratio > 1 {
			fmt.Fprintln(w, "more than the peak: what patterns leave out is counted, but not computed")
		}
		return nil
	}
	output = outputFlag(cmd)
	return cmd
}
