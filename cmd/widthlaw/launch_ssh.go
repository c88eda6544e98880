package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/agent/launch"
)

const launchSSHLong = `Start an agent on each host of a file, through one ssh client each, and stay until all have left.
Each must let you in without a question (ssh HOST true). The file has a host a line, as ssh names
it, with what is special about it:

  # a comment
  lab1
  alice@lab2 cores=16
  lab3 binary=/opt/widthlaw/widthlaw

The agents take their access from standard input and leave when it ends: when you press Ctrl-C, or
when the connection is lost. A lost connection is made again. What follows -- goes to ssh.

With --tunnel the agents reach the coordinator through ssh, wherever this machine can: it may then
listen on this machine alone.`

func (a *app) launchSSHVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ssh HOSTFILE [-- SSH-ARGS...]",
		Short: "Keep an agent on each host of a file, over ssh",
		Long:  launchSSHLong,
		Example: `  widthlaw launch ssh hosts.txt
  widthlaw launch ssh hosts.txt --tunnel --cores 8
  widthlaw launch ssh hosts.txt -- -F ssh_config -J gateway`,
	}
	var o launchOptions
	o.flags(cmd, "widthlaw")
	tunnel := cmd.Flags().Bool("tunnel", false, "bring the coordinator to the hosts through ssh")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if n := cmd.ArgsLenAtDash(); n >= 0 {
			args = args[:n]
		}
		return arguments(1, 1)(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		s := launch.SSH{Args: args[1:], Output: cmd.ErrOrStderr()}
		if err := a.sshLaunch(&s, &o, args[0], *tunnel); err != nil {
			return err
		}
		if o.dryRun {
			return printSSH(cmd, s)
		}
		err := s.Run(cmd.Context())
		if errors.Is(err, launch.ErrHosts) {
			return broken(err, "what each of them said stands above; launch them again when that is mended", "launch ssh")
		}
		return err
	}
	return cmd
}

// sshLaunch fills in what is to be started.
func (a *app) sshLaunch(s *launch.SSH, o *launchOptions, hostFile string, tunnel bool) error {
	if err := o.check(); err != nil {
		return err
	}
	f, err := os.Open(hostFile)
	if err != nil {
		return usage("write a host a line into a file, and name it: widthlaw launch ssh HOSTFILE", "%s", err)
	}
	defer f.Close()
	if s.Hosts, err = launch.ReadHosts(f, hostFile); err != nil {
		return usage("", "%s", err)
	}
	access, err := a.launchAccess(o, tunnel)
	if err != nil {
		return err
	}
	if tunnel {
		s.Tunnel = access.Address
	}
	s.Agent = o.agent
	s.Access = func(address string) string {
		b := access
		if address != "" {
			b.Address = address
		}
		return b.String()
	}
	return nil
}

func printSSH(cmd *cobra.Command, s launch.SSH) error {
	w := cmd.OutOrStdout()
	fmt.Fprintln(w, "# The agents' access goes to each client's standard input, which stays open.")
	var lines []string
	for _, h := range s.Hosts {
		lines = append(lines, launch.Line(s.Words(h, "127.0.0.1:PORT")...))
	}
	fmt.Fprintln(w, strings.Join(lines, "\n"))
	return notStarted(cmd, "these run until all agents have left")
}
