package history

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/widthlaw/widthlaw/coordinator"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/toy"
)

// A life is one coordinator's, from its start until it ends or is killed.
type life struct {
	number  int
	began   time.Time
	store   *flaky
	door    *door
	agents  proto.Access
	clients proto.Access
	stop    context.CancelFunc
	running sync.WaitGroup
	client  *grpc.ClientConn

	// Of world.mu.
	over        bool // nobody hears it any more
	least, most uint64
	owners      map[sweep.Key]owner
	visitors    map[*process]bool
	delivered   map[sweep.Key]bool // some agent sent a result
	doneAtLeast map[string]uint64  // by sweep
}

// An owner is who was last told to run a point.
type owner struct {
	session *session
	fence   uint64
}

// now is the life that can be reached, or nil.
func (w *world) now() *life {
	if n := len(w.lives); n > 0 && !w.lives[n-1].over {
		return w.lives[n-1]
	}
	return nil
}

// up starts a coordinator on what the disk holds.
func (w *world) up() error {
	inner, err := w.disk.open()
	if err != nil {
		return err
	}
	l := &life{
		number: len(w.lives) + 1, began: time.Now(), door: newDoor(), owners: map[sweep.Key]owner{}, visitors: map[*process]bool{},
		delivered: map[sweep.Key]bool{}, doneAtLeast: map[string]uint64{},
	}
	l.store = &flaky{openStore: inner, w: w, life: l}
	w.mu.Lock()
	w.lives = append(w.lives, l)
	w.mu.Unlock()
	c, err := coordinator.New(coordinator.Config{
		Store: l.store, Trainers: []*sweep.Trainer{w.trainer(nil)}, State: w.state(), Log: w.coordinatorLog(fmt.Sprintf("coordinator %d", l.number)),
	})
	if err != nil {
		w.mu.Lock()
		l.over = true
		w.mu.Unlock()
		return errors.Join(err, inner.Close())
	}
	l.agents, l.clients = c.AgentAccess(l.door), c.ClientAccess(l.door)
	ctx, stop := context.WithCancel(context.Background())
	l.stop = stop
	for _, run := range []func() error{
		func() error { return c.Run(ctx) },
		func() error { return c.Serve(ctx, l.door, false) },
	} {
		l.running.Go(func() {
			if err := run(); err != nil {
				w.violated("coordinator %d: %v", l.number, err)
			}
		})
	}
	if l.client, err = w.dial(nil, l.clients); err != nil {
		return err
	}
	w.note("coordinator %d is up", l.number)
	return nil
}

// killCoordinator takes a coordinator away in this very moment: nothing of what it does from now on is heard or stored.
func (w *world) killCoordinator(l *life) {
	l.store.frozen.Store(true)
	w.mu.Lock()
	defer w.mu.Unlock()
	if l.over {
		return
	}
	l.over = true
	w.noted("coordinator %d is killed", l.number)
	for x := range w.wires {
		x.cut()
	}
	clear(w.wires)
	w.signals <- killed{life: l}
}

// down ends a coordinator's life, in order if it was not killed.
func (w *world) down(l *life) {
	if l.client != nil {
		_ = l.client.Close()
	}
	l.stop()
	l.running.Wait()
	w.mu.Lock()
	if !l.over {
		l.over = true
		w.noted("coordinator %d has ended in order", l.number)
	}
	w.mu.Unlock()
	if err := l.store.openStore.Close(); err != nil {
		w.violated("closing the store: %v", err)
	}
}

// dial opens a connection to the coordinator for an agent, or for a client (nil).
func (w *world) dial(p *process, a proto.Access, more ...grpc.DialOption) (*grpc.ClientConn, error) {
	return a.Dial(append(more, grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		w.mu.Lock()
		l := w.now()
		if l == nil || l.stop == nil || p != nil && (p.dead || p.away) {
			w.mu.Unlock()
			return nil, errAway
		}
		w.dialled++
		latency := w.plan.latency
		if p == nil {
			latency = time.Microsecond
		}
		x := newWire(p, w.plan.seed<<20+w.dialled, latency)
		w.wires[x] = true
		x.up.stall(w.frozen)
		x.down.stall(w.frozen)
		if p != nil {
			p.life = l
		}
		w.mu.Unlock()
		select {
		case l.door.coming <- end{in: &x.up, out: &x.down}:
			return end{in: &x.down, out: &x.up}, nil
		case <-l.door.shut:
			return nil, errAway
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}))...)
}

// trainer is the toy as a process runs it; nil: as the coordinator knows it.
func (w *world) trainer(p *process) *sweep.Trainer {
	t := toy.Trainer()
	t.CostParams = []string{"i", "j"}
	t.Cost = func(pt sweep.Point, _ sweep.Spectrum) sweep.Cost {
		n := w.plan.nature(pt.Int("i"), pt.Int("j"))
		c := sweep.Cost{Flops: 1e9 * n.takes.Seconds(), Steps: 1, Memory: 1 << 20}
		if n.large {
			c.Memory = 700 << 20
		}
		return c
	}
	t.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) { return w.train(ctx, p, job) }
	return t
}
