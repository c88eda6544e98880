package proto

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	wire "google.golang.org/protobuf/proto"

	"github.com/widthlaw/widthlaw/sweep"
)

// A source makes values of fuzzed bytes; when they are used up it makes zeros.
type source []byte

func (s *source) uint64() (u uint64) {
	for range 8 {
		u = u<<8 | uint64(s.byte())
	}
	return u
}

func (s *source) byte() byte {
	if len(*s) == 0 {
		return 0
	}
	b := (*s)[0]
	*s = (*s)[1:]
	return b
}

func (s *source) below(n int) int { return int(s.uint64() % uint64(n)) }

func (s *source) bytes(least int) []byte {
	b := make([]byte, least+int(s.byte()%16))
	for i := range b {
		b[i] = s.byte()
	}
	return b
}

func (s *source) text() string {
	t := strings.ToValidUTF8(string(s.bytes(0)), "?")
	if !utf8.ValidString(t) {
		return ""
	}
	return t
}

func (s *source) time() time.Time {
	nano := int64(s.uint64())
	if nano == 0 {
		return time.Time{}
	}
	return time.Unix(0, nano).UTC()
}

func (s *source) provenance() sweep.Provenance {
	return sweep.Provenance{
		Host: s.text(), Agent: s.text(), Kernel: s.text(), Version: s.text(), Revision: s.text(),
		Started: s.time(), Finished: s.time(), Attempts: s.below(1 << 31), Threads: s.below(maxThreads), Seconds: float64(s.uint64()),
	}
}

func (s *source) hash() (h [32]byte) {
	for i := range h {
		h[i] = s.byte()
	}
	return h
}

func (s *source) task() sweep.Task {
	return sweep.Task{
		Fence: s.uint64(), Point: s.bytes(1), Threads: 1 + s.below(maxThreads), Memory: int64(s.uint64() >> 1),
		Limit: time.Duration(s.below(1 << 40)), Attempt: 1 + s.below(1<<30), Sweep: s.text(), Index: s.uint64(),
		Checkpoint: int64(s.uint64() >> 1),
	}
}

func (s *source) claim() sweep.Claim {
	return sweep.Claim{
		Fence: s.uint64(), Point: s.bytes(1), Threads: 1 + s.below(maxThreads), Memory: int64(s.uint64() >> 1),
		Attempt: 1 + s.below(1<<30), Finished: s.byte()%2 == 1,
	}
}

func (s *source) delivery() sweep.Delivery {
	d := sweep.Delivery{Fence: s.uint64(), Point: s.bytes(1), Provenance: s.provenance()}
	if s.byte()%2 == 0 {
		d.Outcome = s.bytes(1)
	} else {
		d.Error = "e" + s.text()
	}
	return d
}

func (s *source) hello() sweep.Hello {
	h := sweep.Hello{Agent: "a" + s.text(), Host: s.text(), Version: s.text(), InstructionSet: s.text()}
	for range s.byte() % 3 {
		if h.Trainers == nil {
			h.Trainers = map[string]int{}
		}
		h.Trainers["t"+s.text()] = s.below(1 << 31)
		h.Held = append(h.Held, s.claim())
		h.Deaths = append(h.Deaths, sweep.Death{Agent: "a" + s.text(), Points: [][]byte{s.bytes(1)}, Alone: s.byte()%2 == 1, Log: []string{s.text()}})
	}
	return h
}

func (s *source) row() sweep.Row {
	r := sweep.Row{Index: s.uint64(), Point: s.bytes(1), State: sweep.State(s.below(7)), Provenance: s.provenance(), Error: s.text(), Digest: s.hash()}
	r.Key = sweep.KeyOf(r.Point)
	if s.byte()%2 == 0 {
		r.Outcome = s.bytes(1)
	}
	return r
}

func (s *source) status() sweep.Status {
	x := sweep.Status{
		ID: s.text(), Name: s.text(), Trainer: s.text(), Revision: s.below(1 << 31), Spec: s.bytes(1), Filename: s.text(), Submitted: s.time(),
		Points: s.uint64(), Exact: s.byte()%2 == 1, Done: s.uint64(), Failed: s.uint64(), Running: s.uint64(), Pending: s.uint64(),
		Preempted: s.uint64(), Quarantined: s.uint64(), Cancelled: s.uint64(), Conflicts: s.uint64(), Success: s.text(), Successes: s.uint64(),
		ETA: time.Duration(s.below(1<<40)) - 1, DonePerSecond: float64(s.uint64()), Paused: s.byte()%2 == 1, Stopped: s.byte()%2 == 1,
		Resting: s.byte()%2 == 1, Trouble: s.text(), Agents: s.below(1 << 31), Late: s.uint64(),
	}
	for range s.byte() % 3 {
		if x.Files == nil {
			x.Files = map[string]string{}
		}
		x.Files[s.text()] = sweep.Key(s.hash()).String()
	}
	return x
}

// back takes x over the wire, bytes and all, and compares.
func back[X any, W any](t *testing.T, x X, to func(X) *W, empty *W, from func(*W) (X, error)) {
	t.Helper()
	b, err := wire.Marshal(any(to(x)).(wire.Message))
	if err != nil {
		t.Fatalf("%T cannot go out: %v", x, err)
	}
	if err := wire.Unmarshal(b, any(empty).(wire.Message)); err != nil {
		t.Fatal(err)
	}
	y, err := from(empty)
	if err != nil {
		t.Fatalf("%T does not come in again: %v\n%+v", x, err, x)
	}
	if diff := cmp.Diff(x, y); diff != "" {
		t.Fatalf("%T: %s", x, diff)
	}
}

func FuzzConverters(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(strings.Repeat("\x00\x01widthlaw\xff\xfe", 60)))
	f.Add([]byte(strings.Repeat("\xff", 900)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := source(b)
		back(t, s.task(), ToAssignment, &Assignment{}, FromAssignment)
		back(t, s.claim(), ToHeld, &Held{}, FromHeld)
		back(t, s.delivery(), ToResult, &Result{}, FromResult)
		back(t, s.hello(), ToHello, &Hello{}, FromHello)
		back(t, sweep.Capacity{Cores: 1 + s.below(maxThreads), Memory: int64(s.uint64() >> 1), Window: s.below(maxItems)}, ToCapacity, &Capacity{}, FromCapacity)
		back(t, s.row(), ToRow, &Row{}, FromRow)
		back(t, s.status(), ToStatus, &Status{}, FromStatus)
		back(t, Upload{Point: s.bytes(1), Step: 1 + int64(s.uint64()>>2), Bytes: 1 + int64(s.uint64()>>2)}, ToPutCheckpoint, &PutCheckpointRequest{}, FromPutCheckpoint)
	})
}

// FuzzIncoming gives every From… any bytes: it may refuse them, and does so with ErrMalformed, but never panics.
func FuzzIncoming(f *testing.F) {
	add := func(m wire.Message) {
		b, err := wire.Marshal(m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	s := source(strings.Repeat("abc\x01", 500))
	add(ToAssignment(s.task()))
	add(ToResult(s.delivery()))
	add(ToHello(s.hello()))
	add(ToRow(s.row()))
	add(ToStatus(s.status()))
	add(ToPutCheckpoint(Upload{Point: s.bytes(1), Step: 7, Bytes: 1 << 30}))
	add(&SubmitRequest{Spec: []byte("name: a"), Files: map[string][]byte{"a.csv": make([]byte, 32)}})
	f.Fuzz(func(t *testing.T, b []byte) {
		try(t, b, &Assignment{}, FromAssignment)
		try(t, b, &Held{}, FromHeld)
		try(t, b, &Result{}, FromResult)
		try(t, b, &Hello{}, FromHello)
		try(t, b, &Capacity{}, FromCapacity)
		try(t, b, &Row{}, FromRow)
		try(t, b, &Status{}, FromStatus)
		try(t, b, &Provenance{}, FromProvenance)
		try(t, b, &PutCheckpointRequest{}, FromPutCheckpoint)
		try(t, b, &GetCheckpointRequest{}, fromGetCheckpoint)
		try(t, b, &SubmitRequest{}, func(m *SubmitRequest) (map[string]string, error) { return FromFiles(m.Files) })
	})
}

func try[X any, W any](t *testing.T, b []byte, w *W, from func(*W) (X, error)) {
	t.Helper()
	if wire.Unmarshal(b, any(w).(wire.Message)) != nil {
		return
	}
	if _, err := from(w); err != nil && !errors.Is(err, ErrMalformed) {
		t.Errorf("%T: %v", w, err)
	}
}

func TestConvertersRefuse(t *testing.T) {
	point, long := []byte("p"), strings.Repeat("x", maxText+1)
	for name, err := range map[string]error{
		"no assignment":           second(FromAssignment(nil)),
		"no point":                second(FromAssignment(&Assignment{Threads: 1, Attempt: 1})),
		"no threads":              second(FromAssignment(&Assignment{Point: point, Attempt: 1})),
		"negative memory":         second(FromAssignment(&Assignment{Point: point, Threads: 1, Attempt: 1, MemoryBytes: 1 << 63})),
		"NaN as a limit":          second(FromAssignment(&Assignment{Point: point, Threads: 1, Attempt: 1, LimitSeconds: math.NaN()})),
		"no result":               second(FromResult(nil)),
		"neither of both":         second(FromResult(&Result{Point: point})),
		"outcome and error":       second(FromResult(&Result{Point: point, Outcome: point, Error: "e"})),
		"long error":              second(FromResult(&Result{Point: point, Error: long})),
		"infinite seconds":        second(FromResult(&Result{Point: point, Error: "e", Provenance: &Provenance{Seconds: math.Inf(1)}})),
		"no hello":                second(FromHello(nil)),
		"empty trainer":           second(FromHello(&Hello{Agent: "a", Trainers: []*TrainerVersion{nil}})),
		"no cores":                second(FromCapacity(&Capacity{})),
		"a row of another key":    second(FromRow(&Row{Key: make([]byte, 32), Point: point})),
		"a state that is unknown": second(FromRow(&Row{Key: keyOf(point), Point: point, State: 7})),
		"no status":               second(FromStatus(nil)),
		"a negative checkpoint":   second(FromAssignment(&Assignment{Point: point, Threads: 1, Attempt: 1, CheckpointStep: -1})),
		"no checkpoint":           second(FromPutCheckpoint(nil)),
		"a checkpoint of step 0":  second(FromPutCheckpoint(&PutCheckpointRequest{Point: point, Bytes: 1})),
		"an empty checkpoint":     second(FromPutCheckpoint(&PutCheckpointRequest{Point: point, Step: 1})),
		"a short key":             second(fromGetCheckpoint(&GetCheckpointRequest{Key: point})),
		"a short hash":            second(FromFiles(map[string][]byte{"a": {1}})),
	} {
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	d, err := FromResult(ToResult(sweep.Delivery{Point: point, Error: long + "\xff"}))
	if err != nil || len(d.Error) != maxText {
		t.Errorf("a long error is cut on the way out: %d bytes, %v", len(d.Error), err)
	}
}

func fromGetCheckpoint(w *GetCheckpointRequest) (sweep.Key, error) {
	key, _, err := FromGetCheckpoint(w)
	return key, err
}

func second[X any](_ X, err error) error { return err }

func keyOf(b []byte) []byte {
	k := sweep.KeyOf(b)
	return k[:]
}
