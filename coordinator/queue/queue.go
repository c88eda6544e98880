// Package queue decides who runs what. It is a pure machine: it has no clock, lock, channel or I/O, time is an argument, and one
// goroutine (the coordinator's) owns it. Events go in by methods; what is to be done about them comes out of Ready. An event
// costs O(1) or O(log n).
//
// A point comes to the queue when a sweep's cursor reaches it (Feed), and is forgotten when its outcome is stored (Done): memory
// is bounded by what is waiting a little ahead of the agents, what is running and what is in trouble, not by the size of a sweep.
//
// Start with Queue and the phases of a point in work.go; fill.go grants, loss.go says what a lost agent means.
package queue

import (
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Queue holds the sweeps, the points between their cursor and their end, and the agents.
//  1. A key has at most one work in works; others that want the same key are parked in its waiters.
//  2. At most one lease of a key is live.
//  3. Fences only grow, over all leases.
type Queue struct {
	lease  time.Duration // an agent that was silent for so long has lost its leases
	fence  uint64        // the last one given
	works  map[sweep.Key]*work
	sweeps map[string]*line
	order  []*line // higher priority first, then the order of submission
	agents map[string]*agent
	ring   []*agent         // in the order of their coming
	turn   int              // of the ring: who is served first
	heard  agentList        // connected or not; longest silent first
	fresh  bool             // there may be work that agents without enough to do do not know of
	dirty  []*agent         // agents that may have room since the last Fill
	saving map[troubled]int // troubles that are on their way to the disk
	saved  map[sweep.Key]saved
	lost   map[string]map[sweep.Key]bool // lost agents, to what they held and what is still in trouble for it
	ready  Ready
}

type troubled struct {
	sweep string
	key   sweep.Key
}

// New makes an empty queue. The epoch must be larger than that of every earlier coordinator of the same store.
func New(epoch uint32, lease time.Duration) *Queue {
	return &Queue{
		lease:  lease,
		fence:  uint64(epoch) << 32,
		works:  map[sweep.Key]*work{},
		sweeps: map[string]*line{},
		agents: map[string]*agent{},
		saving: map[troubled]int{},
		saved:  map[sweep.Key]saved{},
		lost:   map[string]map[sweep.Key]bool{},
	}
}

// Ready is what events led to, in order.
type Ready struct {
	Grants   []Grant
	Cancels  []Cancel
	Troubles []Trouble
}

// A Grant goes to an agent.
type Grant struct {
	Agent string
	Task  sweep.Task
}

// A Cancel tells an agent to stop a task.
type Cancel struct {
	Agent string
	Fence uint64
}

// A Trouble must be stored, and Settle called for it, before its point is handed out again.
type Trouble struct {
	Sweep    string
	Key      sweep.Key
	Index    uint64
	State    sweep.State // Pending: the point runs again
	Attempts int         // how often the trainer failed
	Losses   int         // how many agents were lost that ran it alone
	Suspect  bool        // some agent was lost that held it: it runs alone from now on
	Error    string
	Counted  []uint64     // which failures are in Attempts, the latest ones
	Lost     []sweep.Loss // the agents that made it a suspect, the latest ones
	Reached  int64        // the step of the checkpoint that there was at the last loss
	History  []string     // a line an event, oldest first
}

// Ready hands over what is to be done since the last call.
func (q *Queue) Ready() Ready {
	r := q.ready
	q.ready = Ready{}
	return r
}

// An Item is a point as a sweep's cursor yields it.
type Item struct {
	Index uint64
	Key   sweep.Key
	Point []byte // canonical encoding
	Cost  sweep.Cost
}
