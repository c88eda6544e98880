package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) watchVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch [SWEEP]",
		Short: "Show where a sweep stands, again and again",
		Long: `Show where a sweep stands, until it has ended or you press Ctrl-C. In a terminal the picture is
redrawn; elsewhere a line is printed whenever something changed.`,
		Example:           "  widthlaw watch needed-width\n  widthlaw watch --interval 10s",
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	interval := cmd.Flags().Duration("interval", time.Second, "the shortest `time` between two pictures")
	cmd.RunE = a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
		s, err := c.running(ctx, sweepOf(args))
		if err != nil {
			return err
		}
		screen := &screen{w: cmd.OutOrStdout(), redraw: isTerminal(cmd.OutOrStdout())}
		for s, err = range c.watch(ctx, s.ID, *interval) {
			if errors.Is(err, context.Canceled) {
				return nil // Ctrl-C is how one leaves
			}
			if err != nil {
				return err
			}
			if err := screen.show(ctx, c, s); err != nil {
				return err
			}
		}
		return ending(s)
	})
	return cmd
}

// A screen shows a status over the one before it, or below it where that is no terminal.
type screen struct {
	w      io.Writer
	redraw bool
	lines  int // of the picture that stands there
}

func (s *screen) show(ctx context.Context, c *client, status sweep.Status) error {
	if !s.redraw {
		fmt.Fprintln(s.w, progressLine(status, c.live))
		return nil
	}
	var picture strings.Builder
	c.printCounts(&picture, status, c.live)
	agents, err := c.agents(ctx)
	if err != nil {
		return err
	}
	for _, a := range agents {
		fmt.Fprintf(&picture, "  agent %s: %d cores, %s, holds %d points\n", a.host, a.cores, a.instructions, a.holding)
	}
	if s.lines > 0 {
		fmt.Fprintf(s.w, "\x1b[%dA\x1b[J", s.lines) // up to the picture's first line, and clear from there
	}
	s.lines = strings.Count(picture.String(), "\n")
	_, err = io.WriteString(s.w, picture.String())
	return err
}

// progressLine is a status in a line; live says whether anything could be running the sweep.
func progressLine(s sweep.Status, live bool) string {
	line := fmt.Sprintf("%s: %d of %d done", s.Name, s.Done, s.Points)
	if n := failures(s); n > 0 {
		line += fmt.Sprintf(", %d failed", n)
	}
	if s.Late > 0 {
		line += fmt.Sprintf(", %d late", s.Late)
	}
	switch state := word(s, live); {
	case left(s) > 0 && state == "running":
		line += ", " + pace(s, "")
	case left(s) > 0:
		line += ", " + state
	}
	return line
}
