package history

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/toy"
)

// A training is one run of a point.
type training struct {
	*world
	p    *process
	job  sweep.Job
	i, j int64
	step int64
	x    float64
}

// train is what the toy's trainer does in a history.
func (w *world) train(ctx context.Context, p *process, job sweep.Job) (sweep.Outcome, error) {
	t := &training{world: w, p: p, job: job, i: job.Point.Int("i"), j: job.Point.Int("j")}
	if err := t.resume(); err != nil {
		return sweep.Outcome{}, err
	}
	n := w.plan.nature(t.i, t.j)
	for t.step < steps {
		err := ctx.Err()
		if t.step > 0 && job.Due() {
			t.save()
		}
		if err == nil {
			err = toy.Wait(ctx, n.takes/steps)
		}
		if err != nil && t.step > 0 && job.Due() {
			t.save()
		}
		if err != nil {
			return sweep.Outcome{}, err
		}
		t.x = advance(t.x, t.i, t.j, t.step)
		t.step++
		if n.poison && t.step == steps/2 {
			w.note("%s is killed by (%d, %d)", p.name, t.i, t.j)
			w.killProcess(p)
			<-ctx.Done()
			return sweep.Outcome{}, ctx.Err()
		}
	}
	return t.end(n)
}

// end fails as often as the point has to, or yields.
func (t *training) end(n nature) (sweep.Outcome, error) {
	w, key := t.world, t.job.Point.Key()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.ahead, key)
	if n.broken || w.fails[key] < n.fails {
		w.fails[key]++
		w.noted("%s: (%d, %d) fails", t.p.name, t.i, t.j)
		return sweep.Outcome{}, fmt.Errorf("failure %d", w.fails[key])
	}
	w.noted("%s: (%d, %d) is computed", t.p.name, t.i, t.j)
	return w.plan.yield(t.i, t.j, t.x), nil
}

// resume goes on from a checkpoint, if there is one, and wants one if an agent has left the point with one.
func (t *training) resume() error {
	if r := t.job.Resume; r != nil {
		var b [16]byte
		if _, err := io.ReadFull(r, b[:]); err != nil {
			return fmt.Errorf("%w: %w", sweep.ErrCheckpoint, err)
		}
		t.step, t.x = int64(binary.BigEndian.Uint64(b[:])), math.Float64frombits(binary.BigEndian.Uint64(b[8:]))
	}
	w := t.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted("%s begins (%d, %d) at step %d", t.p.name, t.i, t.j, t.step)
	if t.x != reach(t.i, t.j, t.step) {
		w.violates("(%d, %d) goes on from another point's checkpoint, or from a broken one", t.i, t.j)
	}
	if least := w.ahead[t.job.Point.Key()]; t.step < least && !t.p.dead {
		w.violates("an agent has left (%d, %d) with a checkpoint of step %d, and it goes on from step %d", t.i, t.j, least, t.step)
	}
	return nil
}

func (t *training) save() {
	step, x := t.step, t.x
	t.job.Save(step, func(to io.Writer) error {
		b := binary.BigEndian.AppendUint64(nil, uint64(step))
		_, err := to.Write(binary.BigEndian.AppendUint64(b, math.Float64bits(x)))
		return err
	})
	w := t.world
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted("%s takes a checkpoint of (%d, %d) at step %d", t.p.name, t.i, t.j, step)
	t.p.taken[t.job.Point.Key()] = step
}

// preempted takes note of the checkpoints that an agent has left behind which nothing hindered. The lock is held.
func (w *world) preempted(p *process, held map[sweep.Key]bool, since time.Time) {
	s, l := p.session, w.now()
	if s == nil || s.doubt || l == nil || s.life != l || time.Since(since) > 12*time.Second || w.frozen.After(since) {
		return
	}
	for key, step := range p.taken {
		if held[key] && w.kept[key] == nil && !l.delivered[key] {
			w.ahead[key] = step
		}
	}
}
