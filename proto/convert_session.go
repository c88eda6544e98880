package proto

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// ToAssignment puts a task on the wire.
func ToAssignment(t sweep.Task) *Assignment {
	return &Assignment{
		Fence: t.Fence, Point: t.Point, Threads: uint32(t.Threads), MemoryBytes: uint64(t.Memory),
		LimitSeconds: t.Limit.Seconds(), Attempt: uint32(t.Attempt), Sweep: cut(t.Sweep, maxName), Index: t.Index,
		CheckpointStep: t.Checkpoint,
	}
}

// FromAssignment takes one off the wire. It does not decode the point.
func FromAssignment(w *Assignment) (sweep.Task, error) {
	if err := checkTask(w.GetPoint(), w.GetThreads(), w.GetMemoryBytes(), w.GetAttempt()); err != nil {
		return sweep.Task{}, fmt.Errorf("assignment: %w", err)
	}
	limit, ok := seconds(w.LimitSeconds)
	if w.CheckpointStep < 0 {
		return sweep.Task{}, malformed("assignment with a checkpoint of step %d", w.CheckpointStep)
	}
	if !ok || len(w.Sweep) > maxName {
		return sweep.Task{}, malformed("assignment with a limit of %v s and a sweep's name of %d bytes", w.LimitSeconds, len(w.Sweep))
	}
	return sweep.Task{
		Fence: w.Fence, Point: w.Point, Threads: int(w.Threads), Memory: int64(w.MemoryBytes),
		Limit: limit, Attempt: int(w.Attempt), Sweep: w.Sweep, Index: w.Index,
		Checkpoint: w.CheckpointStep,
	}, nil
}

func checkTask(point []byte, threads uint32, memory uint64, attempt uint32) error {
	switch {
	case len(point) == 0 || len(point) > maxPoint:
		return malformed("a point of %d bytes", len(point))
	case threads == 0 || threads > maxThreads:
		return malformed("%d threads", threads)
	case memory > math.MaxInt64:
		return malformed("%d bytes of memory", memory)
	case attempt == 0 || attempt > math.MaxInt32:
		return malformed("attempt %d", attempt)
	}
	return nil
}

// ToHeld puts a claim on the wire.
func ToHeld(c sweep.Claim) *Held {
	return &Held{
		Fence: c.Fence, Point: c.Point, Threads: uint32(c.Threads), MemoryBytes: uint64(c.Memory),
		Attempt: uint32(c.Attempt), Finished: c.Finished,
	}
}

// FromHeld takes one off the wire. It does not decode the point.
func FromHeld(w *Held) (sweep.Claim, error) {
	if err := checkTask(w.GetPoint(), w.GetThreads(), w.GetMemoryBytes(), w.GetAttempt()); err != nil {
		return sweep.Claim{}, fmt.Errorf("held: %w", err)
	}
	return sweep.Claim{
		Fence: w.Fence, Point: w.Point, Threads: int(w.Threads), Memory: int64(w.MemoryBytes),
		Attempt: int(w.Attempt), Finished: w.Finished,
	}, nil
}

// ToResult puts a delivery on the wire.
func ToResult(d sweep.Delivery) *Result {
	return &Result{
		Fence: d.Fence, Point: d.Point, Outcome: d.Outcome, Error: cut(d.Error, maxText), Provenance: ToProvenance(d.Provenance),
	}
}

// FromResult takes one off the wire. It decodes neither point nor outcome; CheckDelivery does.
func FromResult(w *Result) (sweep.Delivery, error) {
	switch {
	case len(w.GetPoint()) == 0 || len(w.Point) > maxPoint:
		return sweep.Delivery{}, malformed("result with a point of %d bytes", len(w.GetPoint()))
	case len(w.Outcome) > maxOutcome:
		return sweep.Delivery{}, malformed("result with an outcome of %d bytes; record fewer steps", len(w.Outcome))
	case (len(w.Outcome) == 0) != (w.Error != ""):
		return sweep.Delivery{}, malformed("result with both or neither of an outcome and an error")
	case len(w.Error) > maxText:
		return sweep.Delivery{}, malformed("result with an error of %d bytes", len(w.Error))
	}
	p, err := FromProvenance(w.Provenance)
	if err != nil {
		return sweep.Delivery{}, err
	}
	d := sweep.Delivery{Fence: w.Fence, Point: w.Point, Error: w.Error, Provenance: p}
	if len(w.Outcome) > 0 {
		d.Outcome = w.Outcome
	}
	return d, nil
}

// CheckDelivery decodes the point and the outcome of a delivery: both must be in canonical form, the point one of the trainers'.
// Without an outcome it gives back an empty one.
func CheckDelivery(trainers []*sweep.Trainer, d sweep.Delivery) (sweep.Point, sweep.Outcome, error) {
	p, err := sweep.DecodePoint(trainers, d.Point)
	if err != nil {
		return sweep.Point{}, sweep.Outcome{}, fmt.Errorf("result: %w", err)
	}
	if d.Outcome == nil {
		return p, sweep.Outcome{}, nil
	}
	o, err := sweep.DecodeOutcome(d.Outcome)
	if err != nil {
		return sweep.Point{}, sweep.Outcome{}, fmt.Errorf("result: %w", err)
	}
	return p, o, nil
}

// ToCapacity puts a capacity on the wire.
func ToCapacity(c sweep.Capacity) *Capacity {
	return &Capacity{Cores: uint32(c.Cores), MemoryBytes: uint64(c.Memory), Window: uint32(c.Window)}
}

// FromCapacity takes one off the wire.
func FromCapacity(w *Capacity) (sweep.Capacity, error) {
	if w.GetCores() == 0 || w.Cores > maxThreads || w.MemoryBytes > math.MaxInt64 || w.Window > maxItems {
		return sweep.Capacity{}, malformed("capacity of %d cores, %d bytes, window %d", w.GetCores(), w.GetMemoryBytes(), w.GetWindow())
	}
	return sweep.Capacity{Cores: int(w.Cores), Memory: int64(w.MemoryBytes), Window: int(w.Window)}, nil
}

// ToHello puts an introduction on the wire.
func ToHello(h sweep.Hello) *Hello {
	w := &Hello{
		Agent: cut(h.Agent, maxName), Host: cut(h.Host, maxName), Version: cut(h.Version, maxName),
		InstructionSet: cut(h.InstructionSet, maxName),
	}
	for _, name := range slices.Sorted(maps.Keys(h.Trainers)) {
		w.Trainers = append(w.Trainers, &TrainerVersion{Name: cut(name, maxName), Version: uint32(h.Trainers[name])})
	}
	for _, c := range h.Held {
		w.Held = append(w.Held, ToHeld(c))
	}
	for _, d := range h.Deaths[:min(len(h.Deaths), maxDeaths)] {
		w.Deaths = append(w.Deaths, toDeath(d))
	}
	return w
}

// What is told of agents that ended: enough for a machine that has lost many.
const (
	maxDeaths = 64
	maxLines  = 32 // of a log
	maxRan    = 1024
)

func toDeath(d sweep.Death) *Death {
	w := &Death{Agent: cut(d.Agent, maxName), Points: d.Points[:min(len(d.Points), maxRan)], Alone: d.Alone && len(d.Points) == 1}
	for _, line := range d.Log[max(0, len(d.Log)-maxLines):] {
		w.Log = append(w.Log, cut(line, maxName))
	}
	return w
}

func fromDeath(w *Death) (sweep.Death, error) {
	if w.GetAgent() == "" || len(w.Agent) > maxName || len(w.Points) > maxRan || len(w.Log) > maxLines || w.Alone && len(w.Points) != 1 {
		return sweep.Death{}, malformed("death of agent %q with %d points, %d lines", cut(w.GetAgent(), maxName), len(w.GetPoints()), len(w.GetLog()))
	}
	for _, p := range w.Points {
		if len(p) == 0 || len(p) > maxPoint {
			return sweep.Death{}, malformed("death with a point of %d bytes", len(p))
		}
	}
	for _, line := range w.Log {
		if len(line) > maxName {
			return sweep.Death{}, malformed("death with a line of %d bytes", len(line))
		}
	}
	return sweep.Death{Agent: w.Agent, Points: w.Points, Alone: w.Alone, Log: w.Log}, nil
}

// FromHello takes one off the wire.
func FromHello(w *Hello) (sweep.Hello, error) {
	if w.GetAgent() == "" || len(w.GetTrainers()) > maxName || len(w.GetHeld()) > maxItems || len(w.GetDeaths()) > maxDeaths {
		return sweep.Hello{}, malformed("hello of agent %q with %d trainers, %d held", w.GetAgent(), len(w.GetTrainers()), len(w.GetHeld()))
	}
	for _, s := range []string{w.Agent, w.Host, w.Version, w.InstructionSet} {
		if len(s) > maxName {
			return sweep.Hello{}, malformed("hello with a name of %d bytes", len(s))
		}
	}
	h := sweep.Hello{Agent: w.Agent, Host: w.Host, Version: w.Version, InstructionSet: w.InstructionSet}
	for _, t := range w.Trainers {
		if t.GetName() == "" || len(t.Name) > maxName || t.Version > math.MaxInt32 {
			return sweep.Hello{}, malformed("hello with trainer %q version %d", cut(t.GetName(), maxName), t.GetVersion())
		}
		if h.Trainers == nil {
			h.Trainers = map[string]int{}
		}
		h.Trainers[t.Name] = int(t.Version)
	}
	for _, held := range w.Held {
		c, err := FromHeld(held)
		if err != nil {
			return sweep.Hello{}, err
		}
		h.Held = append(h.Held, c)
	}
	for _, death := range w.Deaths {
		d, err := fromDeath(death)
		if err != nil {
			return sweep.Hello{}, err
		}
		h.Deaths = append(h.Deaths, d)
	}
	return h, nil
}
