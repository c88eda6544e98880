package sweep

import (
	"time"
)

// An Outcome is what a point yields. Its deterministic part is equal to the bit wherever and however often it is
// computed; Provenance is all the rest.
type Outcome struct {
	Scalars map[string]Value // every scalar of the trainer's table and "<curve>_final"s; undefined ones are None
	Curves  Curves

	Provenance Provenance
}

// Curves are the recorded values.
type Curves struct {
	Step   []int64              // Invariant: strictly increasing
	Values map[string][]float64 // Invariant: each as long as Step; NaN is undefined, no infinity
}

// A Provenance says where and when an outcome came to be. It is in no key and in no digest.
type Provenance struct {
	Host, Agent, Kernel, Version, Revision string
	Started, Finished                      time.Time
	Attempts, Threads                      int
	Seconds                                float64 // of computing: in this attempt, and before the checkpoint that it went on from
}

// A State is where a point stands.
type State uint8

// The states of a point.
const (
	Pending State = iota
	Running
	Done
	Preempted   // checkpointed, waiting
	Failed      // returned an error more often than `retries` allows
	Quarantined // too many agents were lost while they ran it
	Cancelled
)

var stateNames = [...]string{"pending", "running", "done", "preempted", "failed", "quarantined", "cancelled"}

func (s State) String() string { return stateNames[s] }

// States are all of them, in order.
func States() []State {
	return []State{Pending, Running, Done, Preempted, Failed, Quarantined, Cancelled}
}
