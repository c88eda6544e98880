package main

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
)

const serveLong = `Coordinate sweeps: keep them in the state directory, hand their points to agents, store what
they yield, and answer the other verbs. It trains nothing itself: start agents, here or on
other machines.

It listens on this machine alone unless you name another address. All traffic is encrypted;
access.json (for clients) and agent-access.json (for agents) in the state directory hold the
secrets by which the two sides know each other. Ctrl-C or SIGTERM end it; agents go on
computing and wait for it to come back.`

func (a *app) serveVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Coordinate sweeps that agents work on",
		Long:  serveLong,
		Example: `  widthlaw serve                           agents on this machine
  widthlaw serve --listen 0.0.0.0:7777     agents on every machine that gets agent-access.json`,
		Args: arguments(0, 0),
	}
	listen := cmd.Flags().String("listen", loopback, "the `address` to listen at")
	lease := cmd.Flags().Duration("lease", 0, "give an agent's points to others when it was silent for so long (default 30s)")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		outliveReaders()
		if *lease != 0 && *lease < time.Second {
			return usage("write for example --lease 2m, where the network is often away for a minute", "--lease %v is shorter than a second", *lease)
		}
		h, err := a.startHost(cmd.Context(), hostOptions{listen: *listen, lease: *lease, announce: true, log: slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))})
		if err != nil {
			return err
		}
		a.printInvitation(cmd.OutOrStdout(), h)
		select {
		case <-cmd.Context().Done():
		case <-h.ending:
		}
		return h.Close()
	}
	return cmd
}

// printInvitation says how others come here.
func (a *app) printInvitation(w io.Writer, h *host) {
	fmt.Fprintf(w, "coordinating %s at %s\n", a.state, h.access.Address)
	fmt.Fprintf(w, "  submit a sweep    widthlaw submit SPEC --state %s\n", quoted(a.state))
	file := filepath.Join(a.state, "agent-access.json")
	fmt.Fprintf(w, "  work for it here  widthlaw agent --state %s\n", quoted(a.state))
	if address, _, err := net.SplitHostPort(h.agentAccess.Address); err == nil && net.ParseIP(address).IsLoopback() {
		fmt.Fprintf(w, "  other machines    start it with --listen HOST:PORT\n")
		return
	}
	fmt.Fprintf(w, "  other machines    copy %s there, then: widthlaw agent --access agent-access.json\n", file)
}
