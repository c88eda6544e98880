package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/results/table"
	"github.com/widthlaw/widthlaw/sweep"
)

const exportLong = `Write a sweep as a table, also while it runs: a row a point, in the order of the points' indices,
with its parameters, its state, its scalars and where it was computed. With --curves, a row a
recorded step. What is undefined is empty in CSV and null elsewhere; every number reads back
to the same bits.`

func (a *app) exportVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "export [SWEEP]",
		Short: "Write a sweep as CSV, JSON lines or Parquet",
		Long:  exportLong,
		Example: `  widthlaw export needed-width > points.csv
  widthlaw export needed-width --curves --format parquet --out curves.parquet`,
		Args:              arguments(0, 1),
		ValidArgsFunction: a.completeSweep,
	}
	format := cmd.Flags().String("format", "csv", "csv, jsonl or parquet")
	curves := cmd.Flags().Bool("curves", false, "a row a recorded step")
	out := cmd.Flags().StringP("out", "o", "", "write to this `file`, which is there only once it is whole")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if !slices.Contains(table.Formats, *format) {
			return usage("write --format csv, jsonl or parquet", "--format %s is unknown", *format)
		}
		return a.withClient(func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error {
			return into(*out, cmd.OutOrStdout(), func(w io.Writer) error {
				return a.export(ctx, c, w, sweepOf(args), *format, *curves)
			})
		})(cmd, args)
	}
	return cmd
}

// export writes a sweep's points or curves, row by row.
func (a *app) export(ctx context.Context, c *client, w io.Writer, name, format string, curves bool) error {
	s, err := c.sweep(ctx, name)
	if err != nil {
		return err
	}
	open := table.New
	if curves {
		open = table.NewCurves
	}
	t, err := open(w, format, table.Header{Trainer: a.trainer(s.Trainer), Curves: outlineOf(s).Record.Curves})
	if err != nil {
		return err
	}
	for r, err := range c.rows(ctx, s.ID, choice{outcomes: true, curves: curves}) {
		if err != nil {
			return err
		}
		p, o, err := a.decode(r)
		if err != nil {
			return err
		}
		line := table.Row{Index: r.Index, Key: r.Key, Point: p, State: r.State}
		if r.State == sweep.Done {
			line.Outcome = &o
		}
		if err := t.Write(line); err != nil {
			return err
		}
	}
	return t.Close()
}

// into has a file written that is there only once it is whole; an empty path is standard output.
func into(path string, stdout io.Writer, write func(io.Writer) error) error {
	if path == "" {
		b := bufio.NewWriterSize(stdout, 64<<10)
		return firstOf(write(b), b.Flush())
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".widthlaw-*")
	if err != nil {
		return broken(err, "choose a place that can be written", "cannot write %s", path)
	}
	b := bufio.NewWriterSize(f, 64<<10)
	err = firstOf(write(b), b.Flush(), f.Sync(), f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
