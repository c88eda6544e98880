package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
)

// A step is a size, how fast it ought to be, and how fast it is.
type step struct {
	n, d, m   int
	precision string
	threads   int
	goal      float64 // of the peak
	lead      float64 // times as fast as PyTorch by autograd

	core             core
	autograd, byHand float64 // seconds a step; 0 without PyTorch
}

// A core is what `widthlaw bench core` prints.
type core struct {
	Seconds float64 `json:"step_seconds"`
	Gflops  float64 `json:"gflops"`
	Peak    float64 `json:"peak_gflops"`
	Ratio   float64 `json:"ratio"`
	Kernel  string  `json:"kernel"`
	Form    string  `json:"form"`
}

func (s step) line() string {
	line := fmt.Sprintf("n=%d d=%d m=%d %s, %d threads: %.4g s a step, %.0f %% of the peak", s.n, s.d, s.m, s.precision, s.threads, s.core.Seconds, 100*s.core.Ratio)
	if s.autograd > 0 {
		line += fmt.Sprintf(", %.1f times PyTorch by autograd, %.1f by hand", s.autograd/s.core.Seconds, s.byHand/s.core.Seconds)
	}
	return line
}

// measure takes turns with PyTorch; the best of each counts.
func (b *bench) measure(ctx context.Context, s step) (step, error) {
	s.core.Seconds = math.Inf(1)
	for range b.repeat {
		c, err := b.core(ctx, s)
		if err != nil {
			return s, err
		}
		if c.Seconds < s.core.Seconds {
			c.Peak = max(c.Peak, s.core.Peak)
			s.core = c
		}
		s.core.Peak = max(s.core.Peak, c.Peak)
		if b.torch == "" {
			continue
		}
		if err := b.rival(ctx, &s); err != nil {
			return s, err
		}
	}
	s.core.Ratio = s.core.Gflops / s.core.Peak
	return s, nil
}

func (b *bench) core(ctx context.Context, s step) (c core, err error) {
	err = ask(ctx, &c, nil, b.program, "bench", "core", fmt.Sprint("n=", s.n), fmt.Sprint("d=", s.d), fmt.Sprint("m=", s.m),
		"precision="+s.precision, "--threads", fmt.Sprint(s.threads), "--output", "json")
	return c, err
}

// rival measures PyTorch once with each of OpenBLAS's choices.
func (b *bench) rival(ctx context.Context, s *step) error {
	work := 4 * float64(s.n) * float64(s.d) * float64(s.m)
	steps := int(min(2000, max(2, 1e10/work)))
	for _, env := range blas {
		var out struct {
			Autograd float64
			ByHand   float64 `json:"by_hand"`
		}
		err := ask(ctx, &out, env, b.python, "bench/torch_gd.py", fmt.Sprint("n=", s.n), fmt.Sprint("d=", s.d), fmt.Sprint("m=", s.m),
			fmt.Sprint("steps=", steps), "dtype="+s.precision, fmt.Sprint("threads=", s.threads), "repeat=3")
		if err != nil {
			return err
		}
		s.autograd, s.byHand = least(s.autograd, out.Autograd), least(s.byHand, out.ByHand)
	}
	return nil
}

// blas is what OpenBLAS may be told of the processor: nothing, or the kind with AVX-512 whose kernels are its best.
var blas = [][]string{nil, {"OPENBLAS_CORETYPE=SKYLAKEX"}}

// least is the lesser of two times, of which 0 is none.
func least(a, b float64) float64 {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// version is that of a Python module; empty if it is not there.
func (b *bench) version(ctx context.Context, module string) string {
	var version string
	if ask(ctx, &version, nil, b.python, "-c", "import json, "+module+"; print(json.dumps("+module+".__version__))") != nil {
		return ""
	}
	return version
}

// ask runs a program that prints one JSON value.
func ask(ctx context.Context, into any, env []string, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = slices.Concat(os.Environ(), env)
	out, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(out, into)
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = fmt.Errorf("%w: %s", err, exit.Stderr)
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", program, args, err)
	}
	return nil
}
