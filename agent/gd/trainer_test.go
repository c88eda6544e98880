package gd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestThreads: not a bit depends on the number of threads, below and above the number of blocks, in either form.
func TestThreads(t *testing.T) {
	defer goleak.VerifyNone(t)
	trainer := TwoLayer()
	for _, text := range []string{
		"n=33 d=9 m=523 steps=15 lr=0.3 labels=rademacher",
		"n=33 d=40 m=523 steps=15 lr=0.3 labels=rademacher",
		"n=11 d=3 m=4700 steps=4 seed=5",
		"n=7 d=9 m=4700 steps=4 seed=5",
		"n=20 d=12 m=130 lr=60 steps=30 seed=3",
		"n=290 d=12 m=330 steps=2",
		"n=290 d=300 m=330 steps=2",
	} {
		p := point(t, trainer, text, nil)
		want := runPoint(t, trainer, p, 1).Encode(nil)
		for _, threads := range []int{2, 3, 5, 8} {
			if !bytes.Equal(runPoint(t, trainer, p, threads).Encode(nil), want) {
				t.Errorf("%s: %d threads give other bits than one", text, threads)
			}
		}
	}
}

// TestDescentFollowsGradient: to first order a step lowers the loss by eta |dL/dW|^2.
func TestDescentFollowsGradient(t *testing.T) {
	trainer := TwoLayer()
	for _, text := range []string{"n=12 d=5 m=70 steps=1 lr=1e-7", "n=12 d=9 m=70 steps=1 lr=1e-7"} {
		o := runPoint(t, trainer, point(t, trainer, text, nil), 1)
		loss, gradient := o.Curves.Values["loss"], o.Curves.Values["gradient_norm"][0]
		if fall, want := (loss[0]-loss[1])/1e-7, gradient*gradient; math.Abs(fall-want) > 1e-4*want {
			t.Errorf("%s: the loss falls by %v eta, but |gradient|^2 is %v", text, fall, want)
		}
	}
}

// TestLocalPL: |dL/dW|^2 >= 2 lambda_min L for squared loss, at every step.
func TestLocalPL(t *testing.T) {
	trainer := TwoLayer()
	o := runPoint(t, trainer, point(t, trainer, "n=30 d=8 m=60 steps=80 lr=0.5", nil), 1)
	for k, pl := range o.Curves.Values["pl"] {
		if least := o.Curves.Values["lambda_min"][k]; pl < least*(1-1e-9) {
			t.Errorf("step %d: pl is %v, below lambda_min %v", k, pl, least)
		}
	}
}

// TestRecordingChangesNothing: whatever is recorded, and when, the trajectory is the same, and so are its values at a step.
func TestRecordingChangesNothing(t *testing.T) {
	trainer := TwoLayer()
	for _, text := range []string{
		"n=30 d=8 m=100 steps=50 lr=0.5 labels=rademacher",
		"n=30 d=18 m=100 steps=50 lr=0.5 labels=rademacher",
		"n=20 d=12 m=130 lr=60 steps=30 seed=3",           // diverges
		"n=20 d=8 m=130 lr=25 steps=100 seed=4",           // diverges
		"n=20 d=20 m=300 steps=40 loss_below=1e-2 seed=5", // fits
	} {
		all := runPoint(t, trainer, point(t, trainer, text, nil), 1)
		for _, at := range []sweep.Schedule{{Kind: sweep.Log, Count: 5}, {Kind: sweep.Every, Count: 7}, {Kind: sweep.Every, Count: 1000}} {
			for _, curves := range [][]string{nil, {"loss"}, {"pattern_flips", "pl"}, {"gradient_norm", "lambda_min", "loss", "max_move", "mean_move", "pattern_changes", "accuracy"}} {
				checkPart(t, text, runPoint(t, trainer, point(t, trainer, text, &sweep.Record{Curves: curves, At: at}), 1), all)
			}
		}
	}
}

// TestJudges: an event is decided exactly where the curve that the trainer names for it is recorded.
func TestJudges(t *testing.T) {
	trainer := TwoLayer()
	for _, event := range trainer.Events {
		for _, curve := range []string{"loss", "lambda_min"} {
			o := runPoint(t, trainer, point(t, trainer, "n=8 d=8 m=200", &sweep.Record{Curves: []string{curve}, At: sweep.DefaultRecord().At}), 1)
			needs := trainer.Judges[event]
			if decided := o.Scalars["event_"+event].Defined(); decided != (needs == "" || needs == curve) {
				t.Errorf("event %s is judged by %q; with %s recorded it is decided: %v", event, needs, curve, decided)
			}
		}
	}
}

func checkPart(t *testing.T, text string, part, all sweep.Outcome) {
	t.Helper()
	steps := part.Curves.Step
	if steps[0] != 0 || steps[len(steps)-1] != all.Scalars["steps_done"].Int {
		t.Errorf("%s: recorded from %d to %d, want 0 to %v", text, steps[0], steps[len(steps)-1], all.Scalars["steps_done"])
	}
	for name, values := range part.Curves.Values {
		for i, k := range steps {
			got, want := values[i], all.Curves.Values[name][k]
			if math.Float64bits(got) != math.Float64bits(want) {
				t.Errorf("%s: %s at step %d is %v; recording everything, it is %v", text, name, k, got, want)
			}
		}
		if part.Scalars[name+"_final"] != all.Scalars[name+"_final"] {
			t.Errorf("%s: %s_final is %v, want %v", text, name, part.Scalars[name+"_final"], all.Scalars[name+"_final"])
		}
	}
	for _, name := range []string{"loss_final", "steps_done", "stopped", "steps_to_fit", "late_rate", "event_fit", "event_rate"} {
		if part.Scalars[name] != all.Scalars[name] {
			t.Errorf("%s: %s is %v, want %v", text, name, part.Scalars[name], all.Scalars[name])
		}
	}
	if _, recorded := part.Curves.Values["lambda_min"]; !recorded && (part.Scalars["event_kernel"].Defined() || part.Scalars["event_init"].Defined() || part.Scalars["lambda_min_initial"].Defined()) {
		t.Errorf("%s: lambda_min is not recorded, but something knows it", text)
	}
}

// TestScalarsAreTheTable: every scalar of the table, in every outcome, and nothing else but the finals.
func TestScalarsAreTheTable(t *testing.T) {
	trainer := TwoLayer()
	for _, text := range []string{"n=8 d=3 m=5 steps=3", "n=8 d=3 m=5 steps=3 lr=1e12"} {
		o := runPoint(t, trainer, point(t, trainer, text, nil), 1)
		for _, s := range trainer.Scalars {
			v, ok := o.Scalars[s.Name]
			if !ok || v.Defined() && v.Kind != s.Kind {
				t.Errorf("%s: %s is %v", text, s.Name, v)
			}
			delete(o.Scalars, s.Name)
		}
		for name := range o.Scalars {
			if curve, ok := strings.CutSuffix(name, "_final"); !ok || trainer.Curve(curve) == nil {
				t.Errorf("%s: %s is in no table", text, name)
			}
		}
	}
}

func TestCancel(t *testing.T) {
	defer goleak.VerifyNone(t)
	trainer := TwoLayer()
	ctx, cancel := context.WithCancel(t.Context())
	job := sweep.Job{
		Point: point(t, trainer, "n=40 d=20 m=500 lr=1e-6 steps=1000000", nil), Threads: 3,
		Progress: func(done, budget int64) {
			if budget != 1_000_000 || done < 0 || done > budget {
				t.Errorf("progress %d of %d", done, budget)
			}
			cancel()
		},
	}
	if _, err := trainer.Run(ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled point gives %v", err)
	}
}

// TestFile trains on a data file, with labels as large as a file may have.
func TestFile(t *testing.T) {
	for _, label := range []string{"1", "1e100"} {
		trainer, path := TwoLayer(), filepath.Join(t.TempDir(), "data.csv")
		if err := os.WriteFile(path, []byte("p,q,y\n1,0,"+label+"\n0,1,-1\n1,1,1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		hash := strings.Repeat("0a", 32)
		given := map[string]sweep.Value{
			"n": sweep.IntValue(3), "d": sweep.IntValue(2), "m": sweep.IntValue(9), "steps": sweep.IntValue(4),
			"data": sweep.TextValue("file"), "path": sweep.FileValue(hash), "labels": sweep.TextValue("file"), "label": sweep.TextValue("y"),
		}
		p, mistakes := trainer.Complete(given, sweep.Record{Curves: []string{"accuracy", "lambda_min", "loss"}})
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		o, err := trainer.Run(t.Context(), sweep.Job{Point: p, Threads: 1, File: func(_ context.Context, h string) (string, error) {
			if h != hash {
				t.Errorf("asked for file %s", h)
			}
			return path, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if o.Scalars["stopped"] != sweep.TextValue("steps") || len(o.Curves.Step) != 5 {
			t.Errorf("%+v", o)
		}
		if known := o.Scalars["accuracy_final"].Defined(); known != (label == "1") {
			t.Errorf("with a label %s, accuracy is %v", label, o.Scalars["accuracy_final"])
		}
		if back, err := sweep.DecodeOutcome(o.Encode(nil)); err != nil || back.Scalars["steps_done"] != o.Scalars["steps_done"] {
			t.Errorf("the outcome does not survive its encoding: %v", err)
		}
		if _, err := TwoLayer().Spectrum(p); err == nil {
			t.Error("a spectrum was guessed from a file that nobody gave")
		}
	}
}

func TestUnknownKernel(t *testing.T) {
	trainer := TwoLayer()
	_, err := trainer.Run(t.Context(), sweep.Job{Point: point(t, trainer, "n=3 d=3 m=3", nil), Threads: 1, Kernel: "abacus"})
	if err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("an unknown kernel gives %v", err)
	}
}

func TestProvenance(t *testing.T) {
	trainer := TwoLayer()
	o := runPoint(t, trainer, point(t, trainer, "n=3 d=3 m=3", nil), 2)
	if p := o.Provenance; p.Kernel != kernel.Names()[0] || p.Threads != 2 || p.Seconds <= 0 || p.Finished.Before(p.Started) {
		t.Errorf("%+v", p)
	}
}

// TestSharedTrainer: points of one data set that run at once share it and yield what they yield alone.
func TestSharedTrainer(t *testing.T) {
	shared := TwoLayer()
	var wait sync.WaitGroup
	for m := range 12 {
		wait.Go(func() {
			text := fmt.Sprintf("n=30 d=%d m=%d seed=%d data_seed=1 steps=10 lr=0.3", 14+m%3, m+1, m)
			own := TwoLayer()
			got, err := shared.Run(t.Context(), sweep.Job{Point: point(t, shared, text, nil), Threads: 1 + m%2})
			want, err2 := own.Run(t.Context(), sweep.Job{Point: point(t, own, text, nil), Threads: 1})
			if err != nil || err2 != nil || !bytes.Equal(got.Encode(nil), want.Encode(nil)) {
				t.Errorf("%s: differs from a run alone (%v, %v)", text, err, err2)
			}
		})
	}
	wait.Wait()
}

func TestStepBench(t *testing.T) {
	trainer := TwoLayer()
	for text, form := range map[string]string{"n=20 d=10 m=70": "primal", "n=20 d=11 m=70 steps=0": "gram"} {
		b, err := StepBench(t.Context(), sweep.Job{Point: point(t, trainer, text, nil), Threads: 1})
		if err != nil {
			t.Fatal(err)
		}
		if b.Form != form || !(b.StepSeconds > 0) || !(b.GFlops > 0) || !(b.PeakGFlops > 0) || b.Ratio != b.GFlops/b.PeakGFlops || b.Kernel == "" {
			t.Errorf("%s: %+v", text, b)
		}
	}
	if _, err := StepBench(t.Context(), sweep.Job{Point: point(t, trainer, "n=20 d=10 m=70 loss_below=9", nil), Threads: 1}); err == nil {
		t.Error("a point without a step was measured")
	}
}
