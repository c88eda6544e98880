package agent

import (
	"container/list"
	"context"
	"sync/atomic"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A lease is one task that this agent holds, waiting or running.
type lease struct {
	task sweep.Task // Fence is replaced when a new session re-attaches the lease

	place  *list.Element // in desk.waiting; nil: running
	first  time.Time     // since when only missing cores have kept it, the longest waiting, from starting; zero: never
	passed *lease        // the lease that waited for memory when this one overtook it; nil: none

	threads int                     // Invariant: 1 <= threads <= the agent's cores, while running
	started time.Time               // of running
	stop    context.CancelCauseFunc // ends running

	wanted    atomic.Bool // a checkpoint
	course    course
	returning bool // handed back once its checkpoint is delivered

	done, budget atomic.Int64 // steps, as the trainer last said
	told         int64        // done, as the coordinator last heard
}

// claim is how the agent tells a coordinator that it holds the lease.
func (l *lease) claim() sweep.Claim {
	t := l.task
	return sweep.Claim{Fence: t.Fence, Point: t.Point, Threads: t.Threads, Memory: t.Memory, Attempt: t.Attempt}
}
