package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
)

// withClient makes a verb of what is to be done with a coordinator.
func (a *app) withClient(do func(ctx context.Context, c *client, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := a.connect(cmd.Context())
		if err != nil {
			return err
		}
		return firstOf(do(cmd.Context(), c, cmd, args), c.Close())
	}
}

// connect is the one way by which a verb reaches a coordinator: the one that --access names; else the one whose process owns the
// state directory; else one that is started in this process, over the store that lies there.
func (a *app) connect(ctx context.Context) (*client, error) {
	if a.access != "" {
		access, err := readAccess(a.access)
		if err != nil {
			return nil, usage("copy it from the state directory of the coordinator", "--access: %s", err)
		}
		return a.dial(ctx, access)
	}
	// A coordinator that starts may own the store before its access file is there, and one that ends may leave its file behind.
	for attempt := 0; ; attempt++ {
		c, err := a.connectOnce(ctx)
		if !errors.Is(err, results.ErrInUse) || attempt == 2 {
			return c, err
		}
	}
}

func (a *app) connectOnce(ctx context.Context) (*client, error) {
	if access, ok := a.owner(); ok {
		if c, err := a.dial(ctx, access); err == nil {
			return c, nil
		}
	}
	if _, err := os.Stat(a.state); errors.Is(err, os.ErrNotExist) && !a.create {
		return nil, usage("make one with "+a.command("run", "SPEC")+", or name another with --state", "there is no state directory %s", a.state)
	}
	return a.connectHere(ctx)
}

// connectHere opens the store in this process and speaks to a coordinator over it.
func (a *app) connectHere(ctx context.Context) (*client, error) {
	h, err := a.startHost(ctx, hostOptions{})
	if err != nil {
		return nil, err
	}
	c, err := a.dial(ctx, h.access)
	if err != nil {
		return nil, errors.Join(err, h.Close())
	}
	c.live, c.stop = false, h.Close
	return c, nil
}

func (a *app) accessPath() string { return filepath.Join(a.state, "access.json") }

// owner is how to reach the process that owns the state directory, if it lives.
func (a *app) owner() (proto.Access, bool) {
	access, err := proto.ReadAccess(a.accessPath())
	return access, err == nil && alive(access.PID)
}

// alive says whether a process exists; one that is not ours does.
func alive(pid int) bool {
	return pid > 0 && !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// readAccess reads an access file, or an access written as one word.
func readAccess(text string) (proto.Access, error) {
	if strings.HasPrefix(text, oneWord) {
		return proto.ParseAccess(text)
	}
	access, err := proto.ReadAccess(text)
	if errors.Is(err, os.ErrNotExist) {
		return access, fmt.Errorf("there is no file %s", text)
	}
	return access, err
}
