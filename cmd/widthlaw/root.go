package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v4"

	"github.com/widthlaw/widthlaw/agent/gd"
	"github.com/widthlaw/widthlaw/sweep"
)

// Main runs widthlaw and returns its exit code. The first Ctrl-C (or SIGTERM, or SIGUSR1, or the end of the terminal) asks the verb to stop
// and hand back what it has; a Ctrl-C after it ends the process at once. Batch systems send SIGTERM more than once, and mean no more by it.
func Main() int {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signal.Ignore(syscall.SIGXFSZ) // a write beyond the limit of file sizes is an error, like one on a full disk
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1)
	if !signal.Ignored(syscall.SIGHUP) { // by nohup
		signal.Notify(signals, syscall.SIGHUP)
	}
	code := make(chan int, 1)
	go func() { code <- run(ctx, os.Args[1:], os.Stdout, os.Stderr) }()
	select {
	case c := <-code:
		return c
	case <-signals:
		stop()
	}
	for {
		select {
		case c := <-code:
			return c
		case s := <-signals:
			if s == os.Interrupt {
				return exitStopped
			}
		}
	}
}

// outliveReaders has a verb go on when nobody reads any more what it says: a session of ssh, or a pager, has ended. Else a line of its log
// would end it, with work in its hands.
func outliveReaders() { signal.Ignore(syscall.SIGPIPE) }

// run runs one command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{trainers: []*sweep.Trainer{gd.TwoLayer()}}
	root := newRoot(a)
	root.SetArgs(args)
	said := &answer{to: stdout}
	root.SetOut(said)
	root.SetErr(stderr)
	err := said.complete(root.ExecuteContext(ctx))
	report(stderr, a.place, err)
	return exitCode(err)
}

// defaultState is the state directory where none is named.
const defaultState = ".widthlaw"

// An app is what all verbs share.
type app struct {
	trainers []*sweep.Trainer // the table that specs are read against

	place
	create bool // the verb makes a state directory where there is none
}

const rootLong = `widthlaw measures how wide a two-layer network must be for gradient descent to reach zero
training loss, as a law in the number of samples n and in lambda0, the smallest eigenvalue of
the infinite-width Gram matrix.

It expands a sweep over widths, samples, learning rates and seeds into points, runs them on
every core of every machine that it is given, keeps every result, survives every
interruption, and fits the law.

A SWEEP is a name, an id, or "last" (the default where there is one to choose).
Every flag can also be set by an environment variable, WIDTHLAW_STATE for --state and so on,
or by a line "state: DIR" in the file widthlaw/config.yaml of your configuration directory.

Exit codes: 0 done, 1 infrastructure failed, 2 usage or spec error, 3 finished with failed
points or conflicts, 4 stopped and resumable, 5 cancelled.`

const rootExample = `  widthlaw plan examples/first.yaml        what would run, and for how long
  widthlaw run examples/first.yaml         run it here, on all cores
  widthlaw show                            success by width, loss curves
  widthlaw analyze                         the needed widths, and the law`

func newRoot(a *app) *cobra.Command {
	cobra.EnableCommandSorting = false // the verbs are listed in the order of groups
	root := &cobra.Command{
		Use:     "widthlaw",
		Short:   "Measure how wide a network must be",
		Long:    rootLong,
		Example: rootExample,
		Args:    a.noVerb,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			a.settled, err = applySettings(cmd)
			return err
		},
		SilenceErrors: true,

		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
	}
	root.PersistentFlags().StringVar(&a.state, "state", defaultState, "the state `directory`, where results are kept")
	root.PersistentFlags().StringVar(&a.access, "access", "", "reach the coordinator of this access `file` (or of the line that it printed)")
	root.PersistentFlags().BoolVar(&a.force, "allow-network-fs", false, "use a state directory on a network file system, at your own risk")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		next, what := "see "+cmd.CommandPath()+" --help", err.Error()
		if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			next, what = valueMistake(bad)
		}
		return usage(next, "%s", what)
	})
	for _, g := range a.groups() {
		root.AddGroup(&cobra.Group{ID: g.id, Title: g.title})
		for _, cmd := range g.verbs {
			cmd.GroupID = g.id
			root.AddCommand(cmd)
		}
	}
	checkShell(root)
	return root
}

type group struct {
	id, title string
	verbs     []*cobra.Command
}

// groups are all verbs, in the order of --help.
func (a *app) groups() []group {
	return []group{
		{"run", "Run a sweep here:", []*cobra.Command{a.planVerb(), a.runVerb(), a.pointVerb()}},
		{"machines", "Run it on several machines:", []*cobra.Command{a.serveVerb(), a.agentVerb(), a.launchVerb(), a.submitVerb()}},
		{"look", "Look at a sweep:", []*cobra.Command{a.listVerb(), a.statusVerb(), a.watchVerb(), a.waitVerb(), a.logsVerb(), a.explainVerb()}},
		{"control", "Control it:", []*cobra.Command{a.pauseVerb(), a.resumeVerb(), a.cancelVerb(), a.retryVerb(), a.deleteVerb()}},
		{"results", "Use the results:", []*cobra.Command{a.showVerb(), a.analyzeVerb(), a.exportVerb(), a.digestVerb()}},
		{"state", "Look after a state directory:", []*cobra.Command{a.checkVerb(), a.backupVerb(), a.compactVerb(), a.mergeVerb()}},
		{"program", "The program itself:", []*cobra.Command{a.benchVerb(), a.doctorVerb(), a.versionVerb()}},
	}
}

// valueMistake says what a flag takes, by an example.
func valueMistake(bad *pflag.InvalidValueError) (next, what string) {
	f := bad.GetFlag()
	example, kind := "2", "whole number"
	switch f.Value.Type() {
	case "float64":
		example, kind = "0.5", "number"
	case "duration":
		example, kind = "10m", "time"
	case "bool":
		return fmt.Sprintf("write: --%[1]s, or --%[1]s=false", f.Name), fmt.Sprintf("--%s is true or false, not %s", f.Name, bad.GetValue())
	}
	return fmt.Sprintf("write: --%s %s", f.Name, example), fmt.Sprintf("--%s %s is no %s that fits", f.Name, bad.GetValue(), kind)
}

// noVerb answers a command line that names no verb, or an unknown one.
func (a *app) noVerb(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	next := "see widthlaw --help for the verbs"
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		next = "did you mean: widthlaw " + strings.Join(near, ", widthlaw ")
	}
	return usage(next, "unknown verb %q", args[0])
}

// arguments checks how many arguments a verb is given.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		next := "write: " + cmd.UseLine()
		switch {
		case len(args) < least:
			return usage(next, "%s needs %s", cmd.CommandPath(), plural(least, "argument"))
		case most >= 0 && len(args) > most:
			return usage(next, "%s does not know what to do with %q", cmd.CommandPath(), args[most])
		}
		return nil
	}
}

// applySettings sets the flags that the command line leaves open, from the environment and then the configuration file, and says which.
func applySettings(cmd *cobra.Command) (settled map[string]bool, err error) {
	file, path, err := configuration()
	if err != nil {
		return nil, err
	}
	settled = map[string]bool{}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		variable := "WIDTHLAW_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		text, where := os.Getenv(variable), "environment variable "+variable
		if text == "" {
			text, where = file[f.Name], path
		}
		if f.Changed || text == "" || f.Name == "help" || err != nil {
			return
		}
		settled[f.Name] = true
		if bad := cmd.Flags().Set(f.Name, text); bad != nil {
			err = usage("correct it or remove it", "%s: %v", where, bad)
			if value, ok := errors.AsType[*pflag.InvalidValueError](bad); ok {
				next, what := valueMistake(value)
				err = usage(next, "%s: %s", where, what)
			}
		}
	})
	return settled, err
}

// configuration reads the user's configuration file: a flag's name and its value a line.
func configuration() (settings map[string]string, path string, err error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, "", nil // without a home there is no such file
	}
	path = filepath.Join(dir, "widthlaw", "config.yaml")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, path, nil
	}
	if err == nil {
		err = yaml.Unmarshal(text, &settings)
	}
	if err != nil {
		return nil, path, usage("write one line a flag, such as \"state: /data/widths\"", "%s: %v", path, err)
	}
	return settings, path, nil
}

func plural[N int | uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
