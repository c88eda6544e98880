package gd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
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

// networks makes both forms of one point's network, whatever its shape.
func networks(t *testing.T, p *pool, text string) (nets [2]*network, in *inputs) {
	t.Helper()
	trainer := TwoLayer()
	pt := point(t, trainer, text, nil)
	ds, err := makeDataset(t.Context(), pt, nil)
	if err != nil {
		t.Fatal(err)
	}
	in = newInputs(ds, 1)
	kern, err := kernel.Choose("")
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCourse(pt, in.spectrum.relative())
	if err != nil {
		t.Fatal(err)
	}
	l := shape(in.n, in.d, int(pt.Int("m")))
	for i, gram := range []bool{false, true} {
		l.gram = gram
		nets[i] = newNetwork(l, kern, p, in, pt.Int("seed"), c.eta, keeps{true, true})
		nets[i].start()
	}
	return nets, in
}

// alone runs a test with a pool of one thread.
func alone(t *testing.T, test func(p *pool)) {
	t.Helper()
	if err := withPool(1, func(p *pool) error { test(p); return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestFormsAgree: primal and Gram are two ways to the same trajectory.
func TestFormsAgree(t *testing.T) {
	alone(t, func(p *pool) {
		for _, text := range []string{"n=30 d=20 m=150 lr=0.4", "n=9 d=2 m=70 lr=0.2", "n=1 d=1 m=1 lr=0.1"} {
			nets, in := networks(t, p, text)
			for k := range 25 {
				var loss, square, moved, longest [2]float64
				for i, net := range nets {
					loss[i] = net.loss()
					net.step(true)
					square[i] = net.gradientSquare()
					p.each(0, net.blocks(), net.moving)
					moved[i], longest[i] = total(net.moves), slices.Max(net.longest)
				}
				for what, pair := range map[string][2]float64{"loss": loss, "gradient": square, "mean move": moved, "greatest move": longest} {
					if math.Abs(pair[0]-pair[1]) > 1e-11*max(pair[0], pair[1], 1e-3) {
						t.Errorf("%s, step %d: %s is %v in primal form, %v in Gram form", text, k, what, pair[0], pair[1])
					}
				}
				if n := kernel.Differences(nets[0].bits, nets[1].bits); n != 0 {
					t.Errorf("%s, step %d: %d patterns differ", text, k, n)
				}
			}
			_ = in
		}
	})
}

// TestNarrowerIsPrefix: a narrower network starts as the first neurons of a wider one.
func TestNarrowerIsPrefix(t *testing.T) {
	alone(t, func(p *pool) {
		narrow, _ := networks(t, p, "n=30 d=20 m=67 seed=4")
		wide, _ := networks(t, p, "n=30 d=20 m=200 seed=4")
		for i := range narrow {
			if !slices.Equal(narrow[i].bits, wide[i].bits[:len(narrow[i].bits)]) || !slices.Equal(narrow[i].a, wide[i].a[:67]) {
				t.Errorf("form %d: the narrow network is no prefix of the wide one", i)
			}
		}
		w, v := narrow[0].form.(*primalForm).w, wide[0].form.(*primalForm).w
		if !slices.Equal(w, v[:len(w)]) {
			t.Error("the weights are no prefix")
		}
	})
}

// TestWideTangentKernel: as the width grows, H(0) tends to H_inf, with an error of m^-1/2.
func TestWideTangentKernel(t *testing.T) {
	alone(t, func(p *pool) {
		const m = 1 << 16
		nets, in := networks(t, p, fmt.Sprintf("n=6 d=3 m=%d seed=9", m))
		tangent := newTangent(nets[0], in)
		tangent.lambdaMin()
		for i := range 6 {
			for j := range 6 {
				dot := 0.0
				for q := range 3 {
					dot += in.rows[i*3+q] * in.rows[j*3+q]
				}
				want := dot * (math.Pi - math.Acos(min(1, max(-1, dot)))) / (2 * math.Pi)
				p.each(0, nets[0].blocks(), tangent.transposing)
				p.each(0, 1, tangent.counting)
				if got := tangent.h[i*6+j]; math.Abs(got-want) > 4*0.5/math.Sqrt(m) {
					t.Errorf("H(0)[%d, %d] is %v, its limit %v", i, j, got, want)
				}
			}
		}
	})
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

func TestStepsAllocateNothing(t *testing.T) {
	for _, threads := range []int{1, 3} {
		err := withPool(threads, func(p *pool) error {
			nets, _ := networks(t, p, "n=40 d=15 m=300 lr=0.1")
			for i, net := range nets {
				if n := testing.AllocsPerRun(20, func() { net.step(true); net.loss() }); n != 0 {
					t.Errorf("form %d, %d threads: %v allocations a step", i, threads, n)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
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
		if b.Form != form || !(b.StepSeconds > 0) || !(b.GFlops > 0) || !(b.Ratio > 0 && b.Ratio < 1) || b.Kernel == "" {
			t.Errorf("%s: %+v", text, b)
		}
	}
	if _, err := StepBench(t.Context(), sweep.Job{Point: point(t, trainer, "n=20 d=10 m=70 loss_below=9", nil), Threads: 1}); err == nil {
		t.Error("a point without a step was measured")
	}
}
