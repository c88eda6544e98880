package sweep

import "time"

// A Task is the right of one agent to run one point: what a coordinator hands out.
type Task struct {
	Fence   uint64        // epoch << 32 | counter: larger than every fence that this coordinator or an earlier one gave out
	Point   []byte        // canonical encoding
	Threads int           // Invariant: >= 1
	Memory  int64         // bytes that the point needs at most
	Limit   time.Duration // a point that takes longer fails; 0: none
	Attempt int           // from 1
	Sweep   string        // the sweep's name, for logs
	Index   uint64        // the point's index there

	Checkpoint int64 // the step of the checkpoint to go on from; 0: there is none
}

// A Claim is a task that an agent says to hold: what it tells a coordinator when a session starts.
type Claim struct {
	Fence    uint64
	Point    []byte // canonical encoding
	Threads  int
	Memory   int64
	Attempt  int
	Finished bool // its delivery follows
}

// A Loss is an agent that was lost while it held a point.
type Loss struct {
	Agent   string `json:"agent"`
	Counted bool   `json:"counted,omitempty"` // against the point: it was all that the agent held, and had not got on
}

// A Delivery is what an agent made of a task: an outcome or the trainer's error.
type Delivery struct {
	Fence      uint64
	Point      []byte // canonical encoding
	Outcome    []byte // canonical encoding of the deterministic part; nil: the trainer failed
	Error      string // not empty exactly where Outcome is nil
	Provenance Provenance
}

// A Row is one point of a sweep as exports and other readers see it.
type Row struct {
	Index      uint64
	Key        Key
	Point      []byte // canonical encoding
	State      State
	Outcome    []byte // canonical encoding; nil unless Done, or not asked for
	Provenance Provenance
	Error      string   // of a failed or quarantined point
	Digest     [32]byte // of the key and the outcome, or of the key and the state of a failed or quarantined point; else zero
}

// A Status is where a sweep stands.
type Status struct {
	ID, Name, Trainer string
	Revision          int // from 1; an edited spec is a new one
	Spec              []byte
	Filename          string
	Files             map[string]string // path as written -> hex SHA-256
	Submitted         time.Time

	Points                                                            uint64 // Invariant: the sum of the counts below
	Exact                                                             bool   // Points is counted, not estimated
	Done, Failed, Running, Pending, Preempted, Quarantined, Cancelled uint64

	Conflicts     uint64
	Late          uint64        // results and agents that came, since the coordinator started, under a lease that had ended
	Success       string        // the event that Successes counts
	Successes     uint64        // done points whose event is true
	ETA           time.Duration // negative: not known
	DonePerSecond float64
	Paused        bool
	Stopped       bool   // cancelled as a whole
	Resting       bool   // nothing is left to do, or stopped
	Trouble       string // why nothing gets on: "disk full: ..."; empty: nothing is wrong
	Agents        int    // connected to the coordinator
}

// A Capacity is what an agent offers.
type Capacity struct {
	Cores  int   // Invariant: >= 1
	Memory int64 // bytes
	Window int   // how many tasks the agent wants to hold at once, running and queued; 0: none for now
}

// A Hello is how an agent introduces itself at the start of a session.
type Hello struct {
	Agent          string // unique to the agent's process
	Host           string
	Version        string // of the program
	InstructionSet string
	Trainers       map[string]int // name -> version
	Held           []Claim
	Deaths         []Death
}

// A Death is an agent that ended although nobody had asked it to, as its successor on the same machine tells it.
type Death struct {
	Agent  string
	Points [][]byte // what it ran, as far as it had written that down: canonical encodings
	Alone  bool     // Points has one point, and it held no other
	Log    []string // its last lines
}
