package coordinator

import (
	"context"

	"github.com/widthlaw/widthlaw/results"
)

// A merged says what became of rows that were taken over.
type merged struct{ added, same, conflicts uint64 }

// take keeps rows that come from another store, and returns once they are durable.
func (c *Coordinator) take(ctx context.Context, list []arrival) (n merged, err error) {
	durable := make(chan struct{})
	err = c.post(ctx, func() {
		b := c.batch
		from := len(b.landings)
		for i := range list {
			c.queue.Delivered("", list[i].key)
			b.add(landing{arrival: &list[i]})
		}
		b.after = append(b.after, func() {
			for _, v := range b.verdicts[from : from+len(list)] {
				switch v {
				case results.Added:
					n.added++
				case results.Same:
					n.same++
				case results.Conflict:
					n.conflicts++
				}
			}
			close(durable)
		})
	})
	if err != nil {
		return merged{}, err
	}
	select {
	case <-durable:
		return n, nil
	case <-c.stopped:
		return merged{}, ErrStopped
	case <-ctx.Done():
		return merged{}, ctx.Err()
	}
}
