package main

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

const agentLong = `Work for a coordinator: dial it, take points, train them on this machine's cores and deliver
what they yield. Copy agent-access.json from the coordinator's state directory, and name it.
While the coordinator cannot be reached the agent computes on, keeps its results in a spool on
this machine's disk, and tries again. Ctrl-C, SIGTERM, SIGUSR1 and the last minute of its Slurm
allocation make it hand back its points and leave within 20 s, with exit code 0.`

func (a *app) agentVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "agent",
		Short: "Work for a coordinator, on this machine's cores",
		Long:  agentLong,
		Example: `  widthlaw agent --access agent-access.json
  widthlaw agent --access agent-access.json --cores 8 --idle-exit 10m
  widthlaw agent --access agent-access.json --coordinator localhost:7777    through a tunnel`,
		Args: arguments(0, 0),
	}
	var w workOptions
	w.flags(cmd)
	spool := cmd.Flags().String("spool", "", "`folder` for results on their way (default: in your cache directory)")
	idle := cmd.Flags().Duration("idle-exit", 0, "leave after this `time` without work; 0: never")
	coordinator := cmd.Flags().String("coordinator", "", "the coordinator's `address`, where it differs from the access file's")
	stopped := cmd.Flags().Int("stopped-exit", exitDone, "exit with this `code` when told to leave; Kubernetes starts an agent again whose code is not 0")
	withStdin := cmd.Flags().Bool("with-stdin", false, "leave when standard input ends; --access - takes the access from its first line")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		outliveReaders()
		tether := tether{bufio.NewReader(cmd.InOrStdin())}
		if a.access == "-" {
			if a.access, err = tether.access(); err != nil {
				return err
			}
		}
		read := a.agentAccess(*coordinator)
		access, err := read()
		if err != nil {
			return usage("copy agent-access.json from the coordinator's state directory and name it with --access", "agent: %s", err)
		}
		c, err := w.config(a.trainers)
		if err != nil {
			return err
		}
		c.Dial = dialer(read)
		c.IdleExit, c.LastWords = *idle, true
		c.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
		if c.Spool = *spool; c.Spool == "" {
			if c.Spool, err = cacheSpool(access); err != nil {
				return err
			}
		}
		one, err := agent.New(c)
		if err != nil {
			return err
		}
		ctx, cancel := whileAllocated(cmd.Context(), os.Getenv)
		defer cancel()
		if *withStdin {
			ctx = tether.whileOpen(ctx)
		}
		if err := one.Run(ctx); err != nil || ctx.Err() == nil || *stopped == exitDone {
			return agentError(err)
		}
		return verdict(*stopped)
	}
	return cmd
}

// agentAccess reads how to reach the coordinator, anew for each session: one that was restarted may have another address.
func (a *app) agentAccess(address string) func() (proto.Access, error) {
	file := a.access
	if file == "" {
		file = filepath.Join(a.state, "agent-access.json")
	}
	return func() (proto.Access, error) {
		access, err := readAccess(file)
		if address != "" {
			access.Address = address
		}
		return access, err
	}
}

// cacheSpool is a coordinator's own folder in the user's cache directory.
func cacheSpool(access proto.Access) (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", usage("name a folder with --spool", "no place for results on their way: %s", err)
	}
	return filepath.Join(dir, "widthlaw", "spool-"+access.Certificate[:16]), nil
}

func agentError(err error) error {
	if errors.Is(err, agent.ErrRefused) {
		return broken(err, "use the coordinator's version of widthlaw, and the agent-access.json that it wrote", "agent")
	}
	return err
}

// workOptions are how a verb that trains uses the machine.
type workOptions struct {
	cores          int
	memory, kernel string
}

func (w *workOptions) flags(cmd *cobra.Command) {
	cmd.Flags().IntVar(&w.cores, "cores", 0, "train on this many cores; 0: all")
	cmd.Flags().IntVar(&w.cores, "threads", 0, "the same as --cores")
	cmd.Flags().StringVar(&w.memory, "memory", "", "use at most this much memory, such as 8GiB (default: most of the machine's)")
	cmd.Flags().StringVar(&w.kernel, "kernel", "", "force a kernel by `name`; results do not depend on it")
}

// config is all of an agent but whom it works for.
func (w *workOptions) config(trainers []*sweep.Trainer) (agent.Config, error) {
	if w.cores < 0 {
		return agent.Config{}, usage("write --cores 1 or more; 0 means all", "%d cores are too few", w.cores)
	}
	if _, _, err := checkedThreads(1, w.kernel); err != nil {
		return agent.Config{}, err
	}
	memory, err := parseBytes(w.memory)
	if err != nil {
		return agent.Config{}, err
	}
	b := thisBuild()
	return agent.Config{Trainers: forced(trainers, w.kernel), Cores: w.cores, Memory: memory, Version: b.version, Revision: b.revision}, nil
}

// forced are trainers that train with a kernel of the user's choice.
func forced(trainers []*sweep.Trainer, kernel string) []*sweep.Trainer {
	if kernel == "" {
		return trainers
	}
	list := make([]*sweep.Trainer, len(trainers))
	for i, t := range trainers {
		f := *t
		f.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			job.Kernel = kernel
			return t.Run(ctx, job)
		}
		list[i] = &f
	}
	return list
}

// parseBytes reads a size such as 8GiB, 512MB or 1000000; empty is 0.
func parseBytes(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	number := strings.TrimRight(text, "BGKMTibgkmt ")
	units := map[string]float64{
		"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30, "TIB": 1 << 40,
		"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40,
	}
	unit, known := units[strings.ToUpper(strings.TrimSpace(text[len(number):]))]
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || !known || !(f > 0) || f*unit > 1<<60 {
		return 0, usage("write for example 8GiB", "--memory %s is no amount of memory", text)
	}
	return int64(f * unit), nil
}
