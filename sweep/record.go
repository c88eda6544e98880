package sweep

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// A Record is what a point keeps of its trajectory.
type Record struct {
	Curves []string // Invariant: sorted, no name twice
	At     Schedule
}

// A Schedule says at which steps. Step 0 and the last step always belong to it.
type Schedule struct {
	Kind  ScheduleKind
	Count int64 // Every: the period, >= 1; Log: how many, 2 .. LogSteps; All: 0
}

// A ScheduleKind is the form of a Schedule.
type ScheduleKind uint8

// The kinds of a Schedule.
const (
	All ScheduleKind = iota
	Every
	Log // the distinct round(S^(j/(c-1))), j < c, of a budget of S steps
)

// LogSteps bounds the count of a Log schedule: a point's schedule is listed in memory.
const LogSteps = 1_000_000

// DefaultRecord is what is recorded where a spec does not say: the loss at 60 steps, logarithmically spaced.
func DefaultRecord() Record {
	return Record{Curves: []string{"loss"}, At: Schedule{Kind: Log, Count: 60}}
}

func (s Schedule) valid() bool {
	return s.Kind == All && s.Count == 0 || s.Kind == Every && s.Count >= 1 ||
		s.Kind == Log && s.Count >= 2 && s.Count <= LogSteps
}

// String is the schedule as ParseSchedule reads it.
func (s Schedule) String() string {
	switch s.Kind {
	case Every:
		return "every:" + strconv.FormatInt(s.Count, 10)
	case Log:
		return "log:" + strconv.FormatInt(s.Count, 10)
	}
	return "all"
}

// ParseSchedule reads all, every:10 or log:60.
func ParseSchedule(text string) (Schedule, error) {
	kind, count, counted := strings.Cut(text, ":")
	if kind == "all" && !counted {
		return Schedule{Kind: All}, nil
	}
	n, err := strconv.ParseInt(count, 10, 64)
	switch {
	case kind == "every" && err == nil && n >= 1:
		return Schedule{Kind: Every, Count: n}, nil
	case kind == "log" && err == nil && n >= 2 && n <= LogSteps:
		return Schedule{Kind: Log, Count: n}, nil
	}
	return Schedule{}, fmt.Errorf("%q is no schedule; write all, every:K with K >= 1, or log:COUNT with COUNT from 2 to %d", text, LogSteps)
}

// Steps are the recorded steps of one budget.
type Steps struct {
	budget, period int64
	at             []int64 // of a Log schedule, ascending
}

// Steps lists which steps of a budget are recorded. Step 0 and step budget are; a run that ends before its budget
// records its own last step besides.
func (s Schedule) Steps(budget int64) *Steps {
	switch s.Kind {
	case All:
		return &Steps{budget: budget, period: 1}
	case Every:
		return &Steps{budget: budget, period: max(1, s.Count)}
	}
	at := []int64{0}
	if budget < 1 {
		return &Steps{at: at}
	}
	log := math.Log(float64(budget))
	for j := range s.Count {
		if k := roundedPower(budget, log, j, s.Count-1); k > at[len(at)-1] {
			at = append(at, k)
		}
	}
	return &Steps{budget: budget, at: at}
}

// Has says whether step k is recorded.
func (s *Steps) Has(k int64) bool {
	if k == s.budget {
		return true
	}
	if s.period > 0 {
		return k >= 0 && k < s.budget && k%s.period == 0
	}
	_, ok := slices.BinarySearch(s.at, k)
	return ok
}

// Len is how many steps up to the budget are recorded.
func (s *Steps) Len() int64 {
	if s.period == 0 {
		return int64(len(s.at))
	}
	n := s.budget/s.period + 1
	if s.budget%s.period != 0 {
		n++
	}
	return n
}

// roundedPower is s^(j/c) rounded to the nearest integer, for 0 <= j <= c, s >= 1; log is about log s. There are no ties: a root of an
// integer is an integer or irrational. Floating point decides wherever its error, bounded far above that of any
// platform's library, cannot change the answer; elsewhere big numbers do.
func roundedPower(s int64, log float64, j, c int64) int64 {
	if j == 0 || s == 1 {
		return 1
	}
	if j == c {
		return s
	}
	x := math.Exp(float64(j) / float64(c) * log)
	if margin := 1e-10 * x; margin < 0.25 {
		if nearest := math.Round(x); math.Abs(x-nearest) < 0.5-margin {
			return int64(nearest)
		}
	}
	return roundedPowerExactly(s, j, c)
}
