package coordinator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
)

var errNoPoint = errors.New("no such point")

// A choice says what rows is to give.
type choice struct {
	outcomes, curves bool
	indices          []uint64 // nil: all
}

// chunkRows is how many points are looked up together: one visit to the loop.
const chunkRows = 256

// rows gives the points of a sweep in index order, some at a time. Memory is constant; each point is as it was at some moment while the
// walk went on, and one that has an outcome is done.
func (c *Coordinator) rows(ctx context.Context, name string, w choice, send func([]sweep.Row) error) error {
	var k *campaign
	var all []uint64
	if err := c.look(ctx, name, func(found *campaign) { k, all = found, found.indexes() }); err != nil {
		return err
	}
	chunk := make([]sweep.Row, 0, chunkRows)
	for index, p := range k.choose(w.indices, all) {
		if p.Trainer == nil {
			return fmt.Errorf("%w: %d in sweep %s", errNoPoint, index, k.spec.Name)
		}
		encoded := p.Encode(nil)
		chunk = append(chunk, sweep.Row{Index: index, Key: sweep.KeyOf(encoded), Point: encoded})
		if len(chunk) == chunkRows {
			if err := c.sendRows(ctx, k, w, chunk, send); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return c.sendRows(ctx, k, w, chunk, send)
}

// choose are the points of some indices, or all. One that does not exist has no trainer. all are those of a sweep that searches.
func (k *campaign) choose(indices, all []uint64) iter.Seq2[uint64, sweep.Point] {
	switch {
	case len(indices) == 0 && k.hunt == nil:
		return k.spec.Space.All()
	case len(indices) == 0:
		return points(k.spec.Space, all)
	}
	return func(yield func(uint64, sweep.Point) bool) {
		for i, p := range points(k.spec.Space, slices.Compact(slices.Sorted(slices.Values(indices)))) {
			if _, chosen := slices.BinarySearch(all, i); k.hunt != nil && !chosen {
				p = sweep.Point{}
			}
			if !yield(i, p) {
				return
			}
		}
	}
}

func (c *Coordinator) sendRows(ctx context.Context, k *campaign, w choice, chunk []sweep.Row, send func([]sweep.Row) error) error {
	if len(chunk) == 0 {
		return ctx.Err()
	}
	var open []*sweep.Row
	for i := range chunk {
		r := &chunk[i]
		stored, err := c.outcome(r, w)
		if err != nil {
			return err
		}
		if !stored {
			open = append(open, r)
		}
	}
	if len(open) > 0 {
		err := c.ask(ctx, func() {
			for _, r := range open {
				v := c.queue.Look(k.id, r.Key)
				r.State, r.Error = v.State, v.Error
				if !v.Refused && (v.State == sweep.Failed || v.State == sweep.Quarantined) {
					r.Digest = sweep.StateDigest(r.Key, v.State)
				}
			}
		})
		if err != nil {
			return err
		}
	}
	return send(chunk)
}

// outcome fills a row with what the store has for it.
func (c *Coordinator) outcome(r *sweep.Row, w choice) (stored bool, err error) {
	row, ok, err := c.config.Store.Get(r.Key)
	if err != nil || !ok {
		return false, err
	}
	r.State, r.Provenance, r.Digest = sweep.Done, row.Provenance, sweep.PointDigest(r.Key, row.Outcome)
	switch {
	case w.outcomes && w.curves:
		r.Outcome = row.Outcome
	case w.outcomes:
		o, err := sweep.DecodeOutcome(row.Outcome)
		if err != nil {
			return false, fmt.Errorf("the outcome of %s: %w", r.Key, err)
		}
		r.Outcome = sweep.Outcome{Scalars: o.Scalars}.Encode(nil)
	}
	return true, nil
}

// enumerate makes the number of a sweep's points exact, if it was estimated.
func (c *Coordinator) enumerate(ctx context.Context, name string) error {
	var k *campaign
	var exact bool
	err := c.look(ctx, name, func(found *campaign) { k, exact = found, found.exact || found.hunt != nil })
	if err != nil || exact {
		return err
	}
	n := uint64(0)
	for range k.spec.Space.All() {
		if n++; n%(1<<16) == 0 {
			if err := errors.Join(ctx.Err(), c.halted()); err != nil {
				return err
			}
		}
	}
	return c.ask(ctx, func() { k.points, k.exact = n, true })
}

// digest is that of a sweep, and how many points it lacks.
func (c *Coordinator) digest(ctx context.Context, name string) (sum [32]byte, points, missing uint64, err error) {
	if err := c.enumerate(ctx, name); err != nil {
		return sum, 0, 0, err
	}
	err = c.look(ctx, name, func(k *campaign) {
		d := k.digest
		for key, state := range c.queue.Resting(k.id) {
			if state == sweep.Failed || state == sweep.Quarantined {
				d.Add(sweep.StateDigest(key, state))
			}
		}
		sum, points = d.Sum(), max(k.points, d.Count)
		missing = points - d.Count
	})
	return sum, points, missing, err
}

// explain says how a point stands and how it came to that. The point is an index, or a key or its beginning.
func (c *Coordinator) explain(ctx context.Context, name, point string) (r sweep.Row, history []string, err error) {
	var k *campaign
	var all []uint64
	if err := c.look(ctx, name, func(found *campaign) { k, all = found, found.indexes() }); err != nil {
		return r, nil, err
	}
	item, err := k.search(ctx, point, all)
	if err != nil {
		return r, nil, err
	}
	r = sweep.Row{Index: item.Index, Key: item.Key, Point: item.Point}
	stored, err := c.outcome(&r, choice{outcomes: true, curves: true})
	if err != nil {
		return r, nil, err
	}
	past, err := c.config.Store.Troubles(k.id)
	if err != nil {
		return r, nil, err
	}
	for _, t := range past {
		if t.Key == r.Key {
			history = t.History
		}
	}
	if stored {
		history = append(history, c.doneLine(r))
	}
	err = c.ask(ctx, func() {
		if v := c.queue.Look(k.id, r.Key); !stored {
			r.State, r.Error = v.State, v.Error
			if len(v.History) > 0 {
				history = v.History
			}
		}
		if agent, fence := c.queue.Holder(r.Key); agent != "" {
			history = append(slices.Clone(history), fmt.Sprintf("now assigned to agent %s under fence %d.%d", agent, fence>>32, uint32(fence)))
		}
	})
	if err != nil {
		return r, nil, err
	}
	more, err := c.conflictLines(r.Key)
	return r, append(slices.Clone(history), more...), err
}

func (c *Coordinator) doneLine(r sweep.Row) string {
	p := r.Provenance
	return fmt.Sprintf("%s done on %s by agent %s, attempt %d: %.3g s with %d threads", p.Finished.UTC().Format(time.RFC3339), p.Host, p.Agent,
		p.Attempts, p.Seconds, p.Threads)
}

func (c *Coordinator) conflictLines(key sweep.Key) (lines []string, err error) {
	conflicts, err := c.config.Store.Conflicts()
	for _, x := range conflicts {
		if x.Kept.Key == key {
			p := x.Refused.Provenance
			lines = append(lines, fmt.Sprintf("%s conflict: agent %s on %s computed other bits; the first outcome stays",
				p.Finished.UTC().Format(time.RFC3339), p.Agent, p.Host))
		}
	}
	return lines, err
}

// search finds a point by its index, or by its key or the beginning of it, for which it walks the space. all: see choose.
func (k *campaign) search(ctx context.Context, point string, all []uint64) (queue.Item, error) {
	if i, err := strconv.ParseUint(point, 10, 64); err == nil && len(point) < 20 {
		if _, chosen := slices.BinarySearch(all, i); chosen || k.hunt == nil {
			if item, ok := k.item(i); ok {
				return item, nil
			}
		}
	}
	point = strings.ToLower(point)
	if _, err := hex.DecodeString(point[:len(point)&^1]); err != nil || len(point) < 6 || len(point) > 64 {
		return queue.Item{}, fmt.Errorf("%w: %q in sweep %s; give an index, or six digits of a key or more", errNoPoint, point, k.spec.Name)
	}
	for index, p := range k.choose(nil, all) {
		encoded := p.Encode(nil)
		key := sweep.KeyOf(encoded)
		if strings.HasPrefix(key.String(), point) {
			return queue.Item{Index: index, Key: key, Point: encoded}, nil
		}
		if index%1024 == 0 && ctx.Err() != nil {
			return queue.Item{}, ctx.Err()
		}
	}
	return queue.Item{}, fmt.Errorf("%w: %q in sweep %s", errNoPoint, point, k.spec.Name)
}
