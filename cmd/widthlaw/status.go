package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) statusVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:               "status [SWEEP]",
		Short:             "Say where a sweep stands",
		Example:           "  widthlaw status\n  widthlaw status needed-width --output json",
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	var output *string
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		s, err := c.sweep(ctx, sweepOf(args))
		if err != nil {
			return err
		}
		if *output == "json" {
			return append(object{{"schema", schema}}, statusJSON(s)...).print(cmd.OutOrStdout())
		}
		a.printStatus(cmd.OutOrStdout(), s, c.live)
		return nil
	})
	output = outputFlag(cmd)
	return cmd
}

// sweepOf is the sweep that the arguments name.
func sweepOf(args []string) string {
	if len(args) == 0 {
		return "last"
	}
	return args[0]
}

// left is how many points still have to end.
func left(s sweep.Status) uint64 { return s.Pending + s.Running + s.Preempted }

// failures is how many points ended without a result that can be trusted.
func failures(s sweep.Status) uint64 { return s.Failed + s.Quarantined + s.Conflicts }

// word is a sweep's state in a word; live says whether anything could be running it.
func word(s sweep.Status, live bool) string {
	switch {
	case s.Stopped:
		return "cancelled"
	case left(s) > 0 && s.Paused:
		return "paused"
	case left(s) > 0 && !live:
		return "stopped"
	case left(s) > 0:
		return "running"
	case failures(s) > 0:
		return "failures"
	}
	return "done"
}

// ending is nil for a sweep that ended well, else the exit code that says how it stands.
func ending(s sweep.Status) error {
	switch {
	case s.Stopped:
		return verdict(exitCancelled)
	case left(s) > 0:
		return verdict(exitStopped)
	case failures(s) > 0:
		return verdict(exitFailures)
	case s.Cancelled > 0:
		return verdict(exitCancelled)
	}
	return nil
}

// count is how many points of a sweep are in a state.
func count(s sweep.Status, state sweep.State) uint64 {
	return [...]uint64{s.Pending, s.Running, s.Done, s.Preempted, s.Failed, s.Quarantined, s.Cancelled}[state]
}

func statusJSON(s sweep.Status) object {
	var eta any
	if s.ETA >= 0 && !lonely(s) {
		eta = s.ETA.Seconds()
	}
	return object{
		{"name", s.Name},
		{"points", s.Points},
		{"done", s.Done},
		{"failed", s.Failed},
		{"running", s.Running},
		{"pending", s.Pending},
		{"preempted", s.Preempted},
		{"quarantined", s.Quarantined},
		{"cancelled", s.Cancelled},
		{"conflicts", s.Conflicts},
		{"eta_seconds", eta},
		{"late", s.Late},
	}
}

// printStatus says where a sweep stands, and what fits that next.
func (p place) printStatus(w io.Writer, s sweep.Status, live bool) {
	p.printCounts(w, s, live)
	for _, next := range p.nextSteps(s, live) {
		fmt.Fprintf(w, "  next: %s\n", next)
	}
}

func (p place) printCounts(w io.Writer, s sweep.Status, live bool) {
	fmt.Fprintf(w, "%s  (id %s, revision %d)  %s\n", s.Name, s.ID, s.Revision, word(s, live))
	about := ""
	if !s.Exact {
		about = "about "
	}
	fmt.Fprintf(w, "  points       %s%d\n", about, s.Points)
	for _, state := range sweep.States() {
		if n := count(s, state); n > 0 || state == sweep.Done {
			fmt.Fprintf(w, "  %-12s %d\n", state, n)
		}
	}
	if s.Conflicts > 0 {
		fmt.Fprintf(w, "  conflicts    %d: the same point gave different bits; see %s\n", s.Conflicts, p.command("logs"))
	}
	if s.Late > 0 {
		fmt.Fprintf(w, "  late         %d: agents were silent for longer than their lease and came back; each point is kept once\n", s.Late)
	}
	if s.Done > 0 && s.Success != "" {
		fmt.Fprintf(w, "  %-12s %d of %d done\n", s.Success, s.Successes, s.Done)
	}
	if left(s) > 0 && live {
		fmt.Fprintf(w, "  agents       %d\n", s.Agents)
	}
	if word(s, live) == "running" {
		fmt.Fprintf(w, "  rate         %s\n", pace(s, " points"))
	}
	if s.Trouble != "" {
		fmt.Fprintf(w, "  trouble      %s\n", s.Trouble)
	}
}

// nextSteps are the commands that fit a sweep's state.
func (p place) nextSteps(s sweep.Status, live bool) []string {
	switch {
	case s.Stopped || s.Paused && left(s) > 0:
		return []string{p.command("resume", s.Name)}
	case left(s) > 0 && !live:
		return []string{p.command("run", s.Filename)}
	case left(s) > 0:
		return []string{p.command("watch", s.Name)}
	case s.Failed+s.Quarantined > 0:
		return []string{p.command("retry", s.Name)}
	}
	return []string{p.command("show", s.Name), p.command("analyze", s.Name)}
}

// pace says how fast a sweep's points end, and for how long they still will; without agents there is no such thing.
func pace(s sweep.Status, unit string) string {
	if lonely(s) {
		return "waiting for agents"
	}
	return fmt.Sprintf("%.3g%s/s, %s left", s.DonePerSecond, unit, remaining(s.ETA))
}

// remaining says for how long a sweep will still run.
func remaining(eta time.Duration) string {
	if eta < 0 {
		return "unknown time"
	}
	return length(eta)
}

// length says a duration with two units at most: "12 s", "3 min 10 s", "5 h 2 min".
func length(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	parts := []string{}
	for _, u := range []struct {
		name    string
		seconds int64
	}{{"d", 86400}, {"h", 3600}, {"min", 60}, {"s", 1}} {
		if n := s / u.seconds; n > 0 && len(parts) < 2 {
			parts = append(parts, fmt.Sprintf("%d %s", n, u.name))
			s -= n * u.seconds
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
