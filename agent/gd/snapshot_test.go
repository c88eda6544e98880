package gd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// interrupted trains a point until it was asked for so many snapshots that its time has come. It gives the snapshot, or the outcome
// of a point that ended before.
func interrupted(t testing.TB, p sweep.Point, from []byte, looks, threads int, kern string) (snapshot []byte, step int64, o sweep.Outcome) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	job := sweep.Job{
		Point: p, Threads: threads, Kernel: kern,
		Due: func() bool {
			if looks--; looks < 0 {
				cancel()
			}
			return looks < 0
		},
		Save: func(at int64, write func(io.Writer) error) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Error(err)
			}
			snapshot, step = b.Bytes(), at
		},
	}
	if from != nil {
		job.Resume = bytes.NewReader(from)
	}
	o, err := TwoLayer().Run(ctx, job)
	if err != nil && !(errors.Is(err, context.Canceled) && snapshot != nil) {
		t.Fatal(err)
	}
	if err == nil {
		snapshot = nil
	}
	return snapshot, step, o
}

// snapshotPoints are of both forms, and end in all ways; some with a schedule that a divergence finds unprepared.
var snapshotPoints = []struct {
	text string
	at   sweep.Schedule
}{
	{"n=33 d=9 m=523 steps=40 lr=0.3 labels=rademacher", sweep.Schedule{Kind: sweep.All}},
	{"n=33 d=40 m=523 steps=40 lr=0.3 labels=rademacher", sweep.Schedule{Kind: sweep.Every, Count: 7}},
	{"n=20 d=12 m=4000 lr=4 steps=300 seed=4", sweep.Schedule{Kind: sweep.Every, Count: 1000}},
	{"n=20 d=8 m=4000 lr=2.5 steps=300 seed=4", sweep.Schedule{Kind: sweep.Every, Count: 1000}},
	{"n=20 d=20 m=300 lr=0.3 steps=200 loss_below=1e-2 seed=5", sweep.Schedule{Kind: sweep.Log, Count: 9}},
	{"n=20 d=8 m=30 steps=300 loss_below=1e-2 stop_at_fit=false seed=5", sweep.Schedule{Kind: sweep.Log, Count: 9}},
	{"n=33 d=9 m=131 steps=40 lr=0.3 precision=float32", sweep.Schedule{Kind: sweep.All}},
	{"n=20 d=12 m=300 lr=0.3 steps=60 seed=4 loss_below=1e-9 precision=float32", sweep.Schedule{Kind: sweep.Every, Count: 7}},
	{"n=40 d=4 m=5 steps=400 plateau=15 lr=0.2", sweep.Schedule{Kind: sweep.Log, Count: 20}},
}

// TestResume: a training that is interrupted again and again, at any step, and goes on with another kernel on other threads, yields
// the bits of one that is not, whatever is recorded.
func TestResume(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	trainer := TwoLayer()
	for _, c := range snapshotPoints {
		all := &sweep.Record{At: c.at}
		for _, curve := range trainer.Curves {
			all.Curves = append(all.Curves, curve.Name)
		}
		for _, record := range []*sweep.Record{all, {At: c.at}, {At: c.at, Curves: []string{"max_move", "pl"}}, {At: c.at, Curves: []string{"kernel_drift", "pattern_changes"}}} {
			p := point(t, trainer, c.text, record)
			want := runPoint(t, trainer, p, 1)
			rests := 0
			for range 3 {
				rests += checkResumed(t, c.text, p, want, random)
			}
			if rests == 0 {
				t.Errorf("%s: was never interrupted", c.text)
			}
		}
	}
}

func checkResumed(t *testing.T, text string, p sweep.Point, want sweep.Outcome, random *rand.Rand) (rests int) {
	t.Helper()
	var snapshot []byte
	reached := int64(0)
	for {
		kern := kernel.Names()[random.IntN(len(kernel.Names()))]
		next, step, got := interrupted(t, p, snapshot, random.IntN(15), 1+random.IntN(3), kern)
		if next == nil {
			if !bytes.Equal(got.Encode(nil), want.Encode(nil)) {
				t.Errorf("%s, recording %v: %d interruptions changed the outcome", text, p.Record, rests)
			}
			return rests
		}
		if step < reached || step < 1 {
			t.Errorf("%s: a snapshot holds %d steps of work, the one before it %d", text, step, reached)
		}
		snapshot, reached = next, step
		rests++
	}
}

// TestEveryStepResumes: from each step at which a training can be interrupted, replay after a divergence included.
func TestEveryStepResumes(t *testing.T) {
	trainer := TwoLayer()
	p := point(t, trainer, "n=20 d=8 m=4000 lr=2.5 steps=300 seed=4", &sweep.Record{Curves: []string{"pattern_flips", "kernel_drift", "mean_move"}, At: sweep.Schedule{Kind: sweep.Every, Count: 1000}})
	want := runPoint(t, trainer, p, 2)
	done := want.Scalars["steps_done"].Int
	if want.Scalars["stopped"].Text != stoppedDiverged || done < 4 {
		t.Fatalf("the point has to diverge after some steps: %v", want.Scalars)
	}
	last := int64(0)
	for looks := 0; ; looks++ {
		snapshot, step, _ := interrupted(t, p, nil, looks, 2, "")
		if snapshot == nil {
			break
		}
		last = step
		if _, _, got := interrupted(t, p, snapshot, 1<<30, 1, "generic"); !bytes.Equal(got.Encode(nil), want.Encode(nil)) {
			t.Errorf("resumed after %d steps of work, the outcome is another", step)
		}
	}
	if replayed := done + 1 + done - 1; last != replayed {
		t.Errorf("the last snapshot holds %d steps of work, want %d: %d to the divergence, and again up to the step before %d", last, replayed, done+1, done)
	}
}

// TestForeignSnapshots: what is damaged, cut, or another point's is refused, and says so.
func TestForeignSnapshots(t *testing.T) {
	trainer := TwoLayer()
	p := point(t, trainer, "n=7 d=4 m=5 steps=20 lr=0.1", nil)
	whole, _, _ := interrupted(t, p, nil, 9, 1, "")
	refused := func(what string, p sweep.Point, b []byte) {
		t.Helper()
		if _, err := trainer.Run(t.Context(), sweep.Job{Point: p, Threads: 1, Resume: bytes.NewReader(b)}); !errors.Is(err, sweep.ErrCheckpoint) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 0x10
		refused("a flipped bit", p, flipped)
		refused("a cut", p, whole[:i])
	}
	refused("more", p, append(bytes.Clone(whole), 0))
	refused("another point's", point(t, trainer, "n=7 d=4 m=5 steps=20 lr=0.1 seed=1", nil), whole)
	o, err := trainer.Run(t.Context(), sweep.Job{Point: p, Threads: 1, Resume: bytes.NewReader(whole)})
	if err != nil || !bytes.Equal(o.Encode(nil), runPoint(t, trainer, p, 1).Encode(nil)) {
		t.Errorf("the whole one: %v", err)
	}
}

// FuzzSnapshot: whatever bytes follow a right checksum, a snapshot is refused or resumed, and nothing panics.
func FuzzSnapshot(f *testing.F) {
	trainer := TwoLayer()
	gram := point(f, trainer, "n=7 d=4 m=5 steps=20 lr=0.1 plateau=3", nil)
	primal := point(f, trainer, "n=6 d=2 m=5 steps=20 lr=9 seed=4", &sweep.Record{Curves: []string{"loss"}, At: sweep.Schedule{Kind: sweep.Every, Count: 50}})
	for _, p := range []sweep.Point{gram, primal} {
		for _, looks := range []int{0, 3, 9} {
			if b, _, _ := interrupted(f, p, nil, looks, 1, ""); b != nil {
				f.Add(b[len(snapshotMagic)+32:len(b)-4], p.Int("n") == 7)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, first bool) {
		p := primal
		if first {
			p = gram
		}
		key := p.Key()
		whole := append([]byte(snapshotMagic+string(key[:])), b...)
		whole = binary.BigEndian.AppendUint32(whole, crc32.Checksum(whole, castagnoli))
		if _, err := trainer.Run(t.Context(), sweep.Job{Point: p, Threads: 1, Resume: bytes.NewReader(whole)}); err != nil && !errors.Is(err, sweep.ErrCheckpoint) {
			t.Fatal(err)
		}
	})
}
