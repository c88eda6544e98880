package gd

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestPlateau compares the rule with its definition, over many courses of the loss.
func TestPlateau(t *testing.T) {
	fired := 0
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 3))
		plateau := int64(1 + r.IntN(12))
		rules := &rules{plateau: plateau, budget: 200, zero: 1, target: -1, losses: newHistory(200), fit: -1, before: math.Inf(1), least: math.Inf(1)}
		var losses []float64
		loss := 1.0
		for k := range int64(200) {
			loss *= 1 + 0.02*(r.Float64()-0.6-0.2*float64(seed%4))*float64(seed%3) // falling, wavering, or constant
			losses = append(losses, loss)
			want := ""
			if k >= plateau && slices.Min(losses[k-plateau+1:]) > (1-1e-3)*slices.Min(losses[:k-plateau+1]) {
				want = stoppedPlateau
			}
			if got := rules.look(loss); got != want {
				t.Fatalf("seed %d, step %d: %q, want %q", seed, k, got, want)
			}
			if want != "" {
				fired++
				break
			}
		}
	}
	if fired < 50 || fired > 390 {
		t.Errorf("%d of 400 courses ended on a plateau: the test looks at one side only", fired)
	}
}

func TestOrderOfRules(t *testing.T) {
	for _, c := range []struct {
		budget int64
		stop   bool
		losses []float64
		want   string
	}{
		{5, true, []float64{1, math.NaN()}, stoppedDiverged},
		{5, true, []float64{math.Inf(1)}, stoppedDiverged},
		{5, true, []float64{1, 1e6 * 1.01}, stoppedDiverged},
		{5, true, []float64{0.1, 0.99e6, 0.5, 1, 2, 3}, stoppedSteps}, // loss_zero counts too
		{1, true, []float64{1, 0.01}, stoppedFit},
		{1, false, []float64{1, 0.01}, stoppedSteps},
		{0, true, []float64{1}, stoppedSteps},
		{9, false, []float64{0.01, 1e6 * 1.01}, stoppedDiverged},
	} {
		r := &rules{budget: c.budget, stopAtFit: c.stop, zero: 1, target: 0.01, losses: newHistory(c.budget), fit: -1}
		got := ""
		for _, l := range c.losses {
			if got != "" {
				t.Errorf("%v: ended too early, by %s", c, got)
			}
			got = r.look(l)
		}
		if got != c.want {
			t.Errorf("%v: ended by %q", c, got)
		}
	}
}

// TestLateRate: of an exact exponential it is the exponent; too few steps or a zero loss leave it undefined.
func TestLateRate(t *testing.T) {
	h := newHistory(1_000_000)
	for k := range 100_000 {
		h.add(3 * math.Exp(-1e-4*float64(k)))
	}
	for _, fit := range []int64{4, 5, 70_000, 99_999} {
		if got := lateRate(h, fit); math.Abs(got.Float-1e-4) > 1e-13 {
			t.Errorf("K = %d: %v, want 1e-4", fit, got)
		}
	}
	for _, fit := range []int64{-1, 0, 1, 2, 3} {
		if got := lateRate(h, fit); got.Defined() {
			t.Errorf("K = %d: %v, want it undefined", fit, got)
		}
	}
	h.add(0)
	if got := lateRate(h, 100_000); got.Defined() {
		t.Errorf("with a loss of 0: %v", got)
	}
}

// TestVerdicts goes through the table of events.
func TestVerdicts(t *testing.T) {
	yes, no, open := sweep.BoolValue(true), sweep.BoolValue(false), sweep.Value{}
	losses := func(fit int64, l ...float64) *rules {
		r := &rules{target: 0.1, zero: 1, losses: newHistory(10), fit: fit}
		for _, v := range l {
			r.losses.add(v)
		}
		return r
	}
	for i, c := range []struct {
		v                       verdict
		lambdaMin               []float64
		fit, rate, kernel, init sweep.Value
	}{
		{verdict{course: course{pace: 1}, lambda0: 1, rules: losses(2, 1, 0.5, 0.1)}, []float64{0.8, 0.6, 0.5}, yes, yes, yes, yes},
		{verdict{course: course{pace: 1}, lambda0: 1, rules: losses(2, 1, 0.6, 0.1)}, []float64{0.7, 0.6, 0.4}, yes, no, no, no},
		{verdict{course: course{pace: 1}, lambda0: 1, rules: losses(1, 1, 0.1, 0.9), diverged: true}, []float64{0.8, 0.6, 0.1}, yes, yes, yes, yes},
		{verdict{course: course{pace: 0.1}, lambda0: 1, rules: losses(-1, 1, 0.5), diverged: true}, []float64{0.8, 0.6}, no, no, no, yes},
		{verdict{course: course{pace: 0.1}, lambda0: 1, rules: losses(-1, 1, 0.5)}, []float64{0.8, 0.6}, open, open, open, yes},
		{verdict{course: course{pace: 0.1}, lambda0: 1, rules: losses(-1, 1, 0.5), plateau: true}, []float64{0.8, 0.6}, no, open, open, yes},
		{verdict{course: course{pace: 0.1}, lambda0: 1, rules: losses(-1, 1, 0.96)}, []float64{0.8, 0.4}, open, no, no, yes},
		{verdict{course: course{pace: 1}, lambda0: 1, rules: losses(-1, 1, 0.5, 0.25, 0.12, 0.11)}, []float64{1, 1, 1, 1, 1}, no, no, open, yes},
		{verdict{course: course{pace: 2}, lambda0: 1, rules: losses(-1, 1, 0.5)}, []float64{1, 1}, open, open, open, yes},
		{verdict{course: course{pace: 0}, lambda0: 0, rules: losses(1, 1, 0.1)}, []float64{0, 0}, yes, open, open, open},
		{verdict{course: course{pace: 1}, lambda0: 1, rules: losses(1, 1, 0.1)}, nil, yes, yes, open, open},
		{verdict{course: course{pace: 1}, lambda0: 1, rules: losses(-1), diverged: true}, []float64{}, no, no, no, open},
	} {
		steps := make([]int64, len(c.lambdaMin))
		for k := range steps {
			steps[k] = int64(k)
		}
		got := [4]sweep.Value{c.v.fit(), c.v.rate(), c.v.kernel(steps, c.lambdaMin), c.v.init(c.lambdaMin)}
		if want := [4]sweep.Value{c.fit, c.rate, c.kernel, c.init}; got != want {
			t.Errorf("case %d: fit, rate, kernel, init are %v, want %v", i, got, want)
		}
	}
}

func TestCourse(t *testing.T) {
	trainer := TwoLayer()
	for _, c := range []struct {
		text  string
		s     sweep.Spectrum
		eta   float64
		steps int64
	}{
		{"", sweep.Spectrum{Lambda0: 0.25, LambdaMax: 2}, 0.5, 256},
		{"lr=3", sweep.Spectrum{Lambda0: 0.25, LambdaMax: 2}, 3, 43},
		{"lr=3/lambda_max steps=1/(eta*lambda0)", sweep.Spectrum{Lambda0: 0.5, LambdaMax: 1}, 3, 1000},
		{"lr=3/lambda_max steps=1/(eta*lambda0) steps_limit=10", sweep.Spectrum{Lambda0: 0.5, LambdaMax: 1}, 3, 10},
		{"lr=1e-300", sweep.Spectrum{Lambda0: 1e-300, LambdaMax: 1}, 1e-300, 1_000_000},
		{"steps_limit=77", sweep.Spectrum{Lambda0: 0, LambdaMax: 1}, 1, 77},
		{"steps=5", sweep.Spectrum{Lambda0: 0, LambdaMax: 1}, 1, 5},
		{"steps=0.5/(eta*lambda0)", sweep.Spectrum{Lambda0: 0.9, LambdaMax: 1}, 1, 1},
	} {
		got, err := newCourse(point(t, trainer, "n=2 d=2 m=2 "+c.text, nil), c.s)
		if err != nil || got.eta != c.eta || got.steps != c.steps || got.pace != c.eta*c.s.Lambda0 {
			t.Errorf("%q with %v: %+v, %v", c.text, c.s, got, err)
		}
	}
	if _, err := newCourse(point(t, trainer, "n=2 d=2 m=2", nil), sweep.Spectrum{}); err == nil || !strings.Contains(err.Error(), "lr") {
		t.Errorf("lr relative to 0: %v", err)
	}
}

// TestCheck: every mistake names its parameter and says what to write.
func TestCheck(t *testing.T) {
	trainer := TwoLayer()
	for text, param := range map[string]string{
		"n=4 d=4 m=4 steps=2000000":                                 "steps",
		"n=4 d=4 m=4 steps=11 steps_limit=10":                       "steps",
		"n=4 d=1 m=4 data=pairs angle=1":                            "d",
		"n=4 d=4 m=4 data=pairs angle=1 pairs=3":                    "pairs",
		"n=4 d=4 m=4 labels=teacher-sign teacher_width=2 noise=1":   "noise",
		"n=4 d=4 m=4 labels=file":                                   "labels",
		"n=4 d=4 m=4 data=clusters clusters=2 spread=1e101":         "spread",
		"n=9223372036854775807 d=4 m=4":                             "n",
		"n=4 d=9223372036854775807 m=4":                             "d",
		"n=4 d=4 m=9223372036854775807":                             "m",
		"n=4000000000 d=4 m=4":                                      "n",
		"n=40000 d=4 m=4000000000":                                  "m",
		"n=4 d=4 m=4 labels=teacher teacher_width=9000000000000000": "teacher_width",
		"n=4 d=4 m=4 data=clusters clusters=9000000000000000":       "clusters",
	} {
		given := map[string]sweep.Value{}
		for arg := range strings.FieldsSeq(text) {
			name, value, _ := strings.Cut(arg, "=")
			v, wrong := trainer.ParseParam(name, value)
			if wrong != "" {
				t.Fatal(wrong)
			}
			given[name] = v
		}
		_, mistakes := trainer.Complete(given, sweep.DefaultRecord())
		if len(mistakes) != 1 || mistakes[0].Param != param {
			t.Errorf("%s: %v, want one mistake about %s", text, mistakes, param)
		}
	}
}

// TestCost: the formulas, at both sides of n < 2d.
func TestCost(t *testing.T) {
	trainer := TwoLayer()
	s := sweep.Spectrum{Lambda0: 0.5, LambdaMax: 1}
	for _, c := range []struct {
		text  string
		flops float64
	}{
		{"n=20 d=10 m=70 steps=9", 9*4*20*10*70 + 4.0/3*8000},
		{"n=20 d=11 m=70 steps=9", 9*2*20*20*70 + 4.0/3*8000},
	} {
		record := sweep.DefaultRecord()
		got := trainer.Cost(point(t, trainer, c.text, &record), s)
		if math.Abs(got.Flops-c.flops) > 1e-9*c.flops || got.Steps != 9 || got.Memory < 8*20*70 {
			t.Errorf("%s: %+v, want %v flops", c.text, got, c.flops)
		}
		record.Curves = []string{"lambda_min"}
		record.At = sweep.Schedule{Kind: sweep.All}
		if more := trainer.Cost(point(t, trainer, c.text, &record), s); math.Abs(more.Flops-got.Flops-10*4.0/3*8000) > 1 || more.Memory <= got.Memory {
			t.Errorf("%s with lambda_min: %+v", c.text, more)
		}
	}
	huge := point(t, trainer, fmt.Sprintf("n=20 d=10 m=70 steps_limit=%d steps=%d", int64(math.MaxInt64), int64(math.MaxInt64)), nil)
	if got := trainer.Cost(huge, s); got.Memory <= 0 || !(got.Flops > 0) {
		t.Errorf("an endless budget: %+v", got)
	}
}
