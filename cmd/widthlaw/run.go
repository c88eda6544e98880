package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/widthlaw/widthlaw/agent"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results/plot"
	"github.com/widthlaw/widthlaw/sweep"
)

const runLong = `Run a sweep here: a coordinator and an agent on all cores, over the store of the state
directory, in one process. What is stored already is not computed again: the same command
resumes, and an edited spec under the same name (more seeds, wider m) computes only what is
new. Other verbs, from other terminals, can look at the sweep while it runs, and other
machines can join: see --listen, and widthlaw agent --help.

Ctrl-C once stops it so that nothing is lost (exit code 4); twice, at once.`

func (a *app) runVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run SPEC",
		Short: "Run a sweep here, on all cores; the same command resumes",
		Long:  runLong + a.parameterHelp(),
		Example: `  widthlaw run examples/first.yaml
  widthlaw run examples/first.yaml --figure first.svg
  widthlaw run needed-width.yaml --cores 2 --state /data/widths`,
		Args: arguments(1, 1),
	}
	j := &runJob{app: a}
	j.work.flags(cmd)
	cmd.Flags().StringVar(&j.listen, "listen", loopback, "let agents and clients of other machines come in at this `address`")
	cmd.Flags().StringVar(&j.figure, "figure", "", "when done, draw success by width to this `file` (.svg, .png or .pdf)")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		if j.agent, err = j.work.config(a.trainers); err != nil {
			return err
		}
		if err := checkFigure(j.figure); err != nil {
			return err
		}
		if j.spec, j.request, err = a.readSpec(args[0]); err != nil {
			return err
		}
		if err := j.fits(); err != nil {
			return err
		}
		j.progress, j.out = cmd.ErrOrStderr(), cmd.OutOrStdout()
		return j.run(cmd.Context())
	}
	return cmd
}

// A runJob is one `run SPEC`.
type runJob struct {
	app      *app
	work     workOptions
	agent    agent.Config // of work; Dial, Spool and Log are open
	listen   string
	figure   string
	spec     *sweep.Spec
	request  request
	progress io.Writer // a bar, where it is a terminal
	out      io.Writer // the summary
}

// fits refuses a sweep with a point for which --memory is too little, unless agents of other machines may come that have more.
func (j *runJob) fits() error {
	have := j.agent.Memory
	if have == 0 || j.listen != loopback || j.spec.Search != nil { // a search may never come to its widest point
		return nil
	}
	need := j.spec.Resources.Memory
	if need == 0 {
		_, need = sweep.NewPlan(j.spec).Total()
	}
	if need > have {
		return usage(fmt.Sprintf("give --memory %dMiB or more, or leave it out for most of the machine's", (need+1<<20-1)>>20),
			"the largest point of %s needs %s of memory, and --memory gives %s", j.spec.Name, bytesText(uint64(need)), bytesText(uint64(have)))
	}
	return nil
}

// run starts the coordinator, works, and sums up.
func (j *runJob) run(ctx context.Context) error {
	working, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	h, err := j.app.startHost(ctx, hostOptions{listen: j.listen, announce: true, only: j.spec.Name, unwell: func(err error) {
		if err != nil {
			giveUp(err)
		}
	}})
	if err != nil {
		return err
	}
	s, err := j.workOn(working, h)
	if unwell := context.Cause(working); unwell != nil && ctx.Err() == nil {
		err = broken(unwell, "make it well, then go on with: "+j.again(), "nothing more can be stored")
	}
	if err == nil {
		err = j.summarise(context.WithoutCancel(ctx), h, s)
	}
	return firstOf(h.Close(), err) // where the coordinator failed, that is why all else did
}

// workOn submits the sweep and trains its points until it has ended, or ctx has.
func (j *runJob) workOn(ctx context.Context, h *host) (sweep.Status, error) {
	c, err := j.app.dial(ctx, h.access)
	if err != nil {
		return sweep.Status{}, err
	}
	defer c.Close()
	s, err := c.submit(ctx, j.request)
	if err != nil || left(s) == 0 {
		return s, err
	}
	config := j.agent
	config.Dial = dialer(func() (proto.Access, error) { return h.agentAccess, nil })
	config.Spool, config.LastWords = filepath.Join(j.app.state, "spool"), true
	config.Log = slog.New(slog.NewTextHandler(j.progress, &slog.HandlerOptions{Level: slog.LevelWarn}))
	one, err := agent.New(config)
	if err != nil {
		return s, err
	}
	group, working := errgroup.WithContext(ctx)
	leaving, leave := context.WithCancel(working)
	group.Go(func() error { return agentError(one.Run(leaving)) })
	_, err = follow(j.progress, c.watch(working, s.ID, 200*time.Millisecond))
	leave()
	agentErr := group.Wait()
	if errors.Is(agentErr, agent.ErrStuck) && ctx.Err() != nil {
		agentErr = nil // it was told to stop: the point was given back, and the process ends
	}
	if agentErr != nil {
		return s, agentErr
	}
	if err != nil && ctx.Err() == nil {
		return s, err
	}
	return c.sweep(context.WithoutCancel(ctx), s.ID)
}

// again is the command that goes on with the same sweep in the same place.
func (j *runJob) again() string {
	return j.app.command("run", j.spec.Filename)
}

// summarise says how the sweep stands, and what it says so far.
func (j *runJob) summarise(ctx context.Context, h *host, s sweep.Status) error {
	j.app.printStatus(j.out, s, false) // once this process ends nothing runs it
	if left(s) > 0 && s.Resting && s.Failed > 0 && j.spec.Search != nil {
		return &refusal{
			code: exitFailures, what: fmt.Sprintf("the search cannot go on: %d points that it chose need more memory than this agent gives them", s.Failed),
			next: "give --memory more, lower the upper bound, or look at one of them (" + j.app.command("export", s.Name) + " has their indices) with: " + j.app.command("explain", s.Name, "INDEX"),
		}
	}
	if left(s) > 0 && !s.Stopped {
		return &refusal{
			code: exitStopped, what: fmt.Sprintf("stopped with %d of %d points done; nothing is lost", s.Done, s.Points),
			next: "go on with: " + j.again(),
		}
	}
	if s.Done > 0 {
		if err := j.law(ctx, h, s); err != nil {
			return err
		}
	}
	return ending(s)
}

// law prints the first table of needed widths, and draws the figure.
func (j *runJob) law(ctx context.Context, h *host, s sweep.Status) error {
	c, err := j.app.dial(ctx, h.access)
	if err != nil {
		return err
	}
	defer c.Close()
	f, err := j.app.findings(ctx, c, s.ID)
	if err != nil {
		return err
	}
	fmt.Fprintln(j.out)
	if err := f.analysis.WriteSummary(j.out, j.spec.Success, j.app.command("analyze", s.Name)); err != nil {
		return err
	}
	if j.figure != "" {
		if err := plot.Overview(f.analysis, j.spec.Success, f.curves).Save(j.figure); err != nil {
			return broken(err, "choose another --figure", "drawing")
		}
		fmt.Fprintf(j.out, "\ndrew %s\n", j.figure)
	}
	return nil
}
