package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/widthlaw/widthlaw/agent"
	"github.com/widthlaw/widthlaw/sweep"
)

func (a *app) benchQueueVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Measure how many points a second the coordinator can take",
		Long: `Measure the path of a point without the training: real gRPC with TLS over loopback, a real store
with durable commits, agents with their spools, and tasks that do nothing. The files are made
beside the state directory, on its disk, and removed again.`,
		Example: "  widthlaw bench queue\n  widthlaw bench queue --tasks 300000 --agents 4 --output json",
		Args:    arguments(0, 0),
	}
	tasks := cmd.Flags().Int("tasks", 100_000, "how many tasks")
	agents := cmd.Flags().Int("agents", 4, "how many agents")
	var output *string
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *tasks < 1 || *agents < 1 {
			return usage("write for example --tasks 100000 --agents 4", "--tasks %d and --agents %d must be 1 or more", *tasks, *agents)
		}
		m, err := a.benchQueue(cmd.Context(), *tasks, *agents)
		if err != nil {
			return err
		}
		rss, w := residentBytes(), cmd.OutOrStdout()
		perSecond, p99 := float64(*tasks)/m.took.Seconds(), m.quantile(0.99).Seconds()
		if *output == "json" {
			return object{{"schema", schema}, {"tasks_per_second", perSecond}, {"ack_p99_seconds", p99}, {"rss_bytes", rss}}.print(w)
		}
		fmt.Fprintf(w, "%.0f tasks a second; 99 %% are acknowledged within %.3g s; %s of memory at most\n", perSecond, p99, bytesText(rss))
		return nil
	}
	output = outputFlag(cmd)
	return cmd
}

// nothing is a trainer whose points do nothing.
func nothing() *sweep.Trainer {
	return &sweep.Trainer{
		Name: "nothing", Version: 1, Summary: "does nothing",
		Params:   []sweep.Param{{Name: "task", Type: sweep.IntType, Min: sweep.IntValue(0), Doc: "number of the task"}},
		Curves:   []sweep.Curve{{Name: "loss"}},
		Scalars:  []sweep.Scalar{{Name: "event_fit", Kind: sweep.Bool}},
		Events:   []string{"fit"},
		Spectrum: func(sweep.Point) (sweep.Spectrum, error) { return sweep.Spectrum{Lambda0: 1, LambdaMax: 1}, nil },
		Cost:     func(sweep.Point, sweep.Spectrum) sweep.Cost { return sweep.Cost{Flops: 1, Steps: 1, Memory: 1 << 10} },
		Run: func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
			return sweep.Outcome{Scalars: map[string]sweep.Value{"event_fit": sweep.BoolValue(true)}}, ctx.Err()
		},
	}
}

// benchQueue runs a sweep of tasks that do nothing through everything that a point goes through.
func (a *app) benchQueue(ctx context.Context, tasks, agents int) (*meter, error) {
	dir, err := os.MkdirTemp(a.disk(), ".widthlaw-bench")
	if err != nil {
		return nil, broken(err, "make the directory writable, or name another with --state", "bench")
	}
	defer os.RemoveAll(dir)
	b := &app{trainers: []*sweep.Trainer{nothing()}, place: place{state: filepath.Join(dir, "state"), force: a.force}}
	h, err := b.startHost(ctx, hostOptions{})
	if err != nil {
		return nil, err
	}
	m := &meter{sent: map[uint64]time.Time{}}
	err = b.benchOn(ctx, h, m, tasks, agents)
	return m, firstOf(err, h.Close())
}

func (a *app) benchOn(ctx context.Context, h *host, m *meter, tasks, agents int) error {
	c, err := a.dial(ctx, h.access)
	if err != nil {
		return err
	}
	defer c.Close()
	working, leave := context.WithCancel(ctx)
	defer leave()
	group, ctx := errgroup.WithContext(working)
	for i := range agents {
		one, err := agent.New(agent.Config{
			Dial: meteredDialer(h.agentAccess, m), Trainers: a.trainers, Spool: filepath.Join(a.state, "spool-"+strconv.Itoa(i)), Cores: 1,
		})
		if err != nil {
			return err
		}
		group.Go(func() error { return one.Run(ctx) })
	}
	started := time.Now()
	spec := fmt.Sprintf("name: bench\ntrainer: nothing\ngrid: {task: 0..%d}\n", tasks-1)
	s, err := c.submit(ctx, request{text: []byte(spec), filename: "bench"})
	for err == nil && left(s) > 0 {
		s, err = follow(nil, c.watch(ctx, s.ID, 50*time.Millisecond))
	}
	m.took = time.Since(started)
	leave()
	return errors.Join(err, group.Wait())
}

// A meter measures, for each result that agents send, the time until its acknowledgement comes.
type meter struct {
	took time.Duration // for all tasks

	mu   sync.Mutex
	sent map[uint64]time.Time // by fence
	acks []time.Duration
}

func (m *meter) send(fence uint64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent[fence] = now
}

func (m *meter) ack(fence uint64, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if t, ok := m.sent[fence]; ok {
		m.acks = append(m.acks, now.Sub(t))
		delete(m.sent, fence)
	}
}

func (m *meter) quantile(q float64) time.Duration {
	slices.Sort(m.acks)
	if len(m.acks) == 0 {
		return 0
	}
	return m.acks[int(q*float64(len(m.acks)-1))]
}
