package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/launch"
	"github.com/widthlaw/widthlaw/proto"
)

const launchSlurmLong = `Submit an array of jobs to Slurm, each of which is one agent on one node. Slurm starts, preempts
and requeues each by itself; no retry is counted for that. What follows -- goes to sbatch and
outdoes what the job script asks for. Nothing but sbatch is asked of the cluster; squeue shows
the agents and scancel ends them.

The nodes must see this program (--binary) and the folder of --share, in which the agents' access
file, readable by you alone, and their logs are kept: both lie under your home directory unless you
say otherwise. A minute before a job's time is over its agent hands its points back.`

// leastTime is a job that can do anything: its last minute is for leaving.
const leastTime = 2 * time.Minute

func (a *app) launchSlurmVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "slurm --nodes N [-- SBATCH-ARGS...]",
		Short: "Submit an array of agents to Slurm",
		Long:  launchSlurmLong,
		Example: `  widthlaw launch slurm --nodes 4 --cores 16 --time 8h
  widthlaw launch slurm --nodes 20 -- --partition=preemptible --account=theory
  widthlaw launch slurm --nodes 4 --dry-run`,
	}
	var o launchOptions
	o.flags(cmd, thisProgram())
	s := launch.Slurm{}
	cmd.Flags().IntVar(&s.Nodes, "nodes", 0, "this many agents, one on each node")
	cmd.Flags().DurationVar(&s.Time, "time", 0, "`time` of each job, such as 8h (default: the partition's)")
	cmd.Flags().StringVar(&s.Share, "share", "", "a `folder` that the nodes see too (default: in your configuration directory)")
	cmd.Args = afterDash
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := firstOf(nodes(s.Nodes), checkTime(s.Time), o.check()); err != nil {
			return err
		}
		access, err := a.launchAccess(&o, false)
		if err != nil {
			return err
		}
		if s.Share, err = shareFolder(s.Share); err != nil {
			return err
		}
		s.Agent, s.Args = o.agent, args
		if s.Binary, err = filepath.Abs(s.Binary); err != nil {
			return err
		}
		s.Access = filepath.Join(s.Share, "agent-access-"+access.Certificate[:16]+".json")
		return slurm(cmd, s, access, o.dryRun)
	}
	return cmd
}

// afterDash allows arguments behind -- alone.
func afterDash(cmd *cobra.Command, args []string) error {
	if n := cmd.ArgsLenAtDash(); len(args) > 0 && n != 0 {
		return usage("write what is for sbatch behind --: widthlaw launch slurm --nodes 4 -- --partition=NAME", "%s does not know what to do with %q", cmd.CommandPath(), args[0])
	}
	return nil
}

func checkTime(t time.Duration) error {
	if t != 0 && t < leastTime {
		return usage("write for example --time 8h; an agent leaves a minute before the end", "--time %v leaves no time to work", t)
	}
	return nil
}

// shareFolder is an absolute path; the default lies where home directories do.
func shareFolder(named string) (string, error) {
	if named != "" {
		return filepath.Abs(named)
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", usage("name a folder that the nodes see too with --share", "no place for the agents' access file: %s", err)
	}
	return filepath.Join(dir, "widthlaw", "launch"), nil
}

func slurm(cmd *cobra.Command, s launch.Slurm, access proto.Access, dryRun bool) error {
	script, err := s.Script()
	if err != nil {
		return usage("name other paths with --binary and --share", "%s", err)
	}
	if dryRun {
		fmt.Fprint(cmd.OutOrStdout(), script)
		return notStarted(cmd, "%s is written for the agents, and this script goes to: %s", s.Access, launch.Line(s.Submitter()...))
	}
	if err := os.MkdirAll(s.Share, 0o700); err != nil {
		return broken(err, "name a folder that can be written with --share", "cannot keep the agents' access file")
	}
	if err := proto.WriteAccess(s.Access, access); err != nil {
		return broken(err, "name a folder that can be written with --share", "cannot keep the agents' access file")
	}
	job, err := s.Submit(cmd.Context())
	switch {
	case errors.Is(err, launch.ErrNoSlurm):
		return broken(err, "run this where you submit jobs, with a copy of the coordinator's agent-access.json: widthlaw launch slurm --access agent-access.json", "launch")
	case err != nil:
		return broken(err, "what follows -- goes to sbatch; --dry-run shows the job script", "Slurm did not take the job")
	}
	w := cmd.OutOrStdout()
	fmt.Fprintf(w, "Slurm job %s: %s\n", job, plural(s.Nodes, "agent"))
	fmt.Fprintf(w, "  logs  %s\n", strings.NewReplacer("%A", job, "%a", "*").Replace(s.Log()))
	fmt.Fprintf(w, "  look  squeue --job %s\n", job)
	fmt.Fprintf(w, "  end   scancel %s\n", job)
	return nil
}
