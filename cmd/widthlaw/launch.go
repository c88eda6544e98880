package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/launch"
	"github.com/widthlaw/widthlaw/proto"
)

const launchLong = `Start agents on a cluster, for the coordinator of this state directory or of the access file that
--access names. The agents dial the coordinator and listen on nothing. They leave by themselves
after --idle-exit without work, and hand their points back when the cluster takes their machine.

The coordinator must listen where the machines can reach it: widthlaw serve --listen HOST:7777.
--dry-run prints what would be started, and starts nothing.`

func (a *app) launchVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "launch",
		Short: "Start agents on Slurm, over ssh or on Kubernetes",
		Long:  launchLong,
		Example: `  widthlaw launch slurm --nodes 4 --cores 16 --time 8h -- --partition=preemptible
  widthlaw launch ssh hosts.txt
  widthlaw launch kubernetes --nodes 4 --cores 8 --image IMAGE | kubectl apply -f -`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.launchSlurmVerb(), a.launchSSHVerb(), a.launchKubernetesVerb())
	return cmd
}

// launchOptions are what all ways to launch have in common.
type launchOptions struct {
	agent       launch.Agent
	memory      string
	coordinator string
	dryRun      bool
}

func (o *launchOptions) flags(cmd *cobra.Command, binary string) {
	f := cmd.Flags()
	f.IntVar(&o.agent.Cores, "cores", 0, "train on this many cores of each machine; 0: all")
	f.StringVar(&o.memory, "memory", "", "memory of each agent, such as 8GiB")
	f.DurationVar(&o.agent.IdleExit, "idle-exit", 10*time.Minute, "an agent leaves after this `time` without work")
	f.StringVar(&o.agent.Binary, "binary", binary, "`path` of this program on the machines")
	f.StringVar(&o.coordinator, "coordinator", "", "the coordinator's `address` as the machines see it, where it differs from the access file's")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be started")
}

// check reads what the flags cannot.
func (o *launchOptions) check() (err error) {
	if o.agent.Cores < 0 {
		return usage("write --cores 1 or more; 0 means all", "%d cores are too few", o.agent.Cores)
	}
	if o.agent.IdleExit < time.Second {
		return usage("write for example --idle-exit 10m", "agents that never leave would keep the machines for ever")
	}
	o.agent.Memory, err = parseBytes(o.memory)
	return err
}

// launchAccess is what agents on other machines need. It is an error if they could not reach its address, unless `anywhere`.
func (a *app) launchAccess(o *launchOptions, anywhere bool) (proto.Access, error) {
	file := a.access
	if file == "" {
		file = filepath.Join(a.state, "agent-access.json")
	}
	access, err := readAccess(file)
	if err != nil {
		return access, usage("start the coordinator with "+a.command("serve", "--listen", "HOST:7777")+", or name a copy of its agent-access.json with --access",
			"launch: %s", err)
	}
	if o.coordinator != "" {
		if _, _, err := net.SplitHostPort(o.coordinator); err != nil {
			return access, usage("write HOST:PORT, such as login1:7777", "--coordinator %s: %s", o.coordinator, err)
		}
		access.Address = o.coordinator
		return access, nil
	}
	if !anywhere && onlyHere(access.Address) {
		return access, usage(`start it so that the machines can reach it: widthlaw serve --listen HOST:7777, where HOST is this machine's
name or address as they see it, or 0.0.0.0 for all of them. Where nothing may listen here: launch ssh --tunnel,
or a coordinator elsewhere and --access with a copy of its agent-access.json, or --coordinator HOST:PORT where
a tunnel leads to it`,
			"the coordinator listens at %s, which only this machine can reach", access.Address)
	}
	return access, nil
}

// onlyHere says whether an address leads other machines to themselves.
func onlyHere(address string) bool {
	host, _, err := net.SplitHostPort(address)
	return err == nil && (host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback())
}

// thisProgram is where this program lies.
func thisProgram() string {
	path, err := os.Executable()
	if err != nil {
		return "widthlaw"
	}
	return path
}

// nodes checks how many agents are wanted.
func nodes(n int) error {
	const most = 100_000
	if n < 1 || n > most {
		return usage("write --nodes 4 for four agents, one on each machine", "--nodes must be 1 to %d", most)
	}
	return nil
}

// notStarted says on stderr what a dry run leaves out.
func notStarted(cmd *cobra.Command, format string, args ...any) error {
	_, err := fmt.Fprintf(cmd.ErrOrStderr(), "nothing was started; without --dry-run, "+format+"\n", args...)
	return err
}
