package sweep

// A Record is what a point keeps of its trajectory.
type Record struct {
	Curves []string // Invariant: sorted, no name twice
	At     Schedule
}

// A Schedule says at which steps. Step 0 and the last step always belong to it.
type Schedule struct {
	Kind  ScheduleKind
	Count int64 // Every: the period; Log: how many
}

// A ScheduleKind is the form of a Schedule.
type ScheduleKind uint8

// The kinds of a Schedule.
const (
	All ScheduleKind = iota
	Every
	Log // the distinct round(S^(j/(c-1))), j < c, of a budget of S steps
)

// DefaultRecord is what is recorded where a spec does not say: the loss at 60 steps, logarithmically spaced.
func DefaultRecord() Record {
	return Record{Curves: []string{"loss"}, At: Schedule{Kind: Log, Count: 60}}
}
