package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/widthlaw/widthlaw/coordinator"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
)

// loopback lets the system choose a port that only this machine can reach.
const loopback = "127.0.0.1:0"

// A host is a coordinator in this process, over the store of the state directory.
type host struct {
	access, agentAccess proto.Access // of clients and agents on this machine
	store               *results.Store
	stop                context.CancelFunc
	group               *errgroup.Group
	ending              <-chan struct{} // closed when the coordinator has failed, or was stopped
}

// hostOptions say how a coordinator is started.
type hostOptions struct {
	listen   string        // the address; empty: loopback
	lease    time.Duration // of agents; 0: the coordinator's default
	announce bool          // write the access files, for others to come
	only     string        // the sweep that is to run; others of the store wait. Empty: all run
	log      *slog.Logger  // beside the log files; may be nil
	unwell   func(error)   // told when the store takes nothing more, and with nil when it does again; may be nil
}

// startHost opens the store and starts a coordinator over it.
func (a *app) startHost(ctx context.Context, o hostOptions) (*host, error) {
	if o.listen == "" {
		o.listen = loopback
	}
	store, err := a.openStore(ctx)
	if err != nil {
		return nil, err
	}
	c, err := coordinator.New(coordinator.Config{
		Store: focused{store, o.only}, Trainers: a.trainers, State: a.state, Log: o.log, Lease: o.lease, Unwell: o.unwell,
	})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	life, stop := context.WithCancel(context.WithoutCancel(ctx)) // it ends by Close, after whoever uses it
	group, living := errgroup.WithContext(life)
	h := &host{store: store, stop: stop, group: group, ending: living.Done()}
	group.Go(func() error { return c.Run(living) })
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, errors.Join(usage("choose another --listen HOST:PORT; port 0 lets the system choose", "cannot listen: %s", err), h.Close())
	}
	h.access, h.agentAccess = c.ClientAccess(listener), c.AgentAccess(listener)
	group.Go(func() error { return c.Serve(living, listener, o.announce) })
	return h, nil
}

// openStore opens the store of the state directory. A verb that only looks owns it for a moment: that is waited for. A coordinator
// that runs is not.
func (a *app) openStore(ctx context.Context) (*results.Store, error) {
	for attempt := 0; ; attempt++ {
		store, err := results.Open(a.state, results.Options{Force: a.force}) // waits for half a second itself
		if _, owned := a.owner(); owned || !errors.Is(err, results.ErrInUse) || attempt == 5 || ctx.Err() != nil {
			return store, err
		}
	}
}

// Close stores what has arrived and ends the coordinator.
func (h *host) Close() error {
	h.stop()
	return errors.Join(h.group.Wait(), h.store.Close())
}

// focused is a store in which all sweeps but one are paused, as long as this process lives: `run SPEC` runs that spec alone.
type focused struct {
	*results.Store
	only string // its name; empty: all run
}

// Sweeps are those of the store.
func (f focused) Sweeps() ([]results.SweepRecord, error) {
	list, err := f.Store.Sweeps()
	for i := range list {
		list[i].Paused = list[i].Paused || f.only != "" && list[i].Name != f.only
	}
	return list, err
}
