package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/sweep"
)

// Why a running point is stopped.
var (
	errLimit     = errors.New("took longer than it may")
	errCancelled = errors.New("no longer wanted")
	errLeaving   = errors.New("the agent is leaving")
)

// work starts one point after the other on this goroutine until the agent closes.
func (a *Agent) work(ctx context.Context) {
	for {
		l, running := a.start(ctx)
		if l == nil {
			return
		}
		if a.wary {
			a.enter(time.Now(), false)
		}
		d := a.compute(running, l)
		l.stop(nil)
		a.finish(l, d)
	}
}

// start waits for the next point; nil: there is none any more. The context ends when the point is to stop, with the reason as
// its cause.
func (a *Agent) start(ctx context.Context) (*lease, context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for !a.closed {
		if l := a.startable(time.Now()); l != nil {
			if a.desk.freeCores > 0 && a.desk.waiting.Len() > 0 {
				a.ready.Signal()
			}
			ctx, l.stop = context.WithCancelCause(ctx)
			return l, ctx
		}
		a.ready.Wait()
	}
	return nil, nil
}

func (a *Agent) startable(now time.Time) *lease {
	if a.outbox.unwritten() {
		return nil // computing pauses rather than pile up results that nothing keeps
	}
	return a.desk.next(now)
}

// compute trains the point. It gives nil if the point was stopped because it is no longer this agent's to run.
func (a *Agent) compute(ctx context.Context, l *lease) *sweep.Delivery {
	o, err := a.complete(ctx, l)
	if err != nil && ctx.Err() != nil && !errors.Is(err, errLimit) {
		return nil
	}
	finished := time.Now()
	a.mu.Lock()
	computed := l.course.computed(finished)
	a.mu.Unlock()
	d := &sweep.Delivery{Point: l.task.Point, Provenance: sweep.Provenance{
		Host: a.host, Agent: a.name, Kernel: o.Provenance.Kernel, Version: a.config.Version, Revision: a.config.Revision,
		Started: l.started, Finished: finished, Attempts: l.task.Attempt, Threads: l.threads, Seconds: computed.Seconds(),
	}}
	if err == nil {
		d.Outcome = o.Encode(nil)
		err = sendable(*d)
	}
	if err != nil {
		d.Outcome, d.Error = nil, a.failure(l, err)
	}
	return d
}

// failure says in words why a point failed.
func (a *Agent) failure(l *lease, err error) string {
	text := err.Error()
	if errors.Is(err, errLimit) {
		text = "took longer than time: " + durationText(l.task.Limit)
	}
	a.log.Warn("a point failed", "sweep", l.task.Sweep, "index", l.task.Index, "attempt", l.task.Attempt, "error", text)
	if text = strings.ToValidUTF8(text, "?"); text == "" {
		text = "the trainer failed and did not say why"
	}
	return text
}

// durationText is a duration as a spec has it: 2h, not 2h0m0s.
func durationText(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// complete runs the trainer from the point's checkpoint, or from its beginning where there is none that it can use.
func (a *Agent) complete(ctx context.Context, l *lease) (sweep.Outcome, error) {
	file, rest, before := a.resume(ctx, l)
	if file == nil {
		return a.within(ctx, l, nil, 0)
	}
	o, err := a.within(ctx, l, rest, before)
	if errors.Is(err, sweep.ErrCheckpoint) {
		a.log.Error("the trainer cannot use a checkpoint; the point starts anew", "sweep", l.task.Sweep, "index", l.task.Index, "error", err)
		a.disown(ctx, sweep.KeyOf(l.task.Point), l.task.Checkpoint)
		o, err = a.within(ctx, l, nil, 0)
	}
	if e := file.Close(); e != nil {
		a.log.Warn("a checkpoint's file did not close", "error", e)
	}
	return o, err
}

// within runs the trainer for as long as the point may take, less what has been computed before.
func (a *Agent) within(ctx context.Context, l *lease, from io.Reader, before time.Duration) (sweep.Outcome, error) {
	if err := ctx.Err(); err != nil {
		return sweep.Outcome{}, err
	}
	now := time.Now()
	a.mu.Lock()
	l.course.before, l.course.begun, l.course.last = before, now, now
	a.mu.Unlock()
	if l.task.Limit == 0 {
		return a.train(ctx, l, from)
	}
	limited, cancel := context.WithTimeoutCause(ctx, l.task.Limit-before, errLimit)
	defer cancel()
	o, err := a.train(limited, l, from)
	if err != nil && errors.Is(context.Cause(limited), errLimit) {
		err = errLimit
	}
	return o, err
}

// train runs the trainer. A panic fails the point, not the agent.
func (a *Agent) train(ctx context.Context, l *lease, from io.Reader) (o sweep.Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			a.log.Error("a trainer panicked", "sweep", l.task.Sweep, "index", l.task.Index, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("the trainer panicked: %v", r)
		}
	}()
	point, err := sweep.DecodePoint(a.config.Trainers, l.task.Point)
	if err != nil {
		return sweep.Outcome{}, err
	}
	return point.Trainer.Run(ctx, sweep.Job{
		Point: point, Threads: l.threads, File: a.files.path,
		Progress: func(done, budget int64) { l.done.Store(done); l.budget.Store(budget) },
		Resume:   from, Due: l.wanted.Load, Save: func(step int64, write func(io.Writer) error) { a.save(l, step, write) },
	})
}

// finish frees what the point used and passes its delivery on, or hands the lease back where there is none.
func (a *Agent) finish(l *lease, d *sweep.Delivery) {
	var p *parcel
	if d != nil {
		p = &parcel{record: spool.Record{Payload: encodeDelivery(*d)}}
	}
	now := time.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	fence := l.task.Fence
	held := a.desk.held[fence] == l
	a.desk.finish(l, now)
	a.busy = now
	if p != nil || !held {
		a.cargo.unload(l)
	}
	switch {
	case p != nil:
		p.fence = fence
		setFence(p.record.Payload, fence)
		a.outbox.add(p)
		poke(a.fresh)
	case held && l.course.cargo > 0:
		l.returning = true
	case held:
		a.outbox.handbacks = append(a.outbox.handbacks, fence)
		poke(a.send)
	}
	poke(a.changed)
}
