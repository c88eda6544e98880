package main

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A point is what `widthlaw point` prints, as far as it is looked at.
type point struct {
	Scalars struct {
		Lambda0   float64 `json:"lambda0"`
		LambdaMax float64 `json:"lambda_max"`
		Steps     int     `json:"steps_done"`
	} `json:"scalars"`
	Provenance struct {
		Seconds float64 `json:"seconds"`
	} `json:"provenance"`
}

func (b *bench) point(ctx context.Context, args ...string) (p point, err error) {
	err = ask(ctx, &p, nil, b.program, append([]string{"point"}, args...)...)
	return p, err
}

// recording compares steps with and without three curves at every one of them.
func (r *report) recording(ctx context.Context) error {
	line := "Recording loss, pattern_changes and max_move at every step, against loss at the ends:"
	for i, c := range []struct {
		size    string
		steps   int
		threads string
	}{{"n=1000 d=1000 m=8192", 20, "2"}, {"n=1000 d=50 m=8192", 100, "2"}, {"n=100 d=20 m=256", 40000, "1"}, {"n=40 d=20 m=32", 400000, "1"}} {
		seconds := [2]float64{}
		for range r.repeat {
			for k, record := range [][]string{{"record=loss", "at=log:2"}, {"record=loss,pattern_changes,max_move", "at=all"}} {
				args := append(strings.Fields(c.size), append(record, "lr=0.01", "stop_at_fit=false", "--threads", c.threads)...)
				long, err := r.point(ctx, append(args, fmt.Sprint("steps=", c.steps))...)
				if err != nil {
					return err
				}
				short, err := r.point(ctx, append(args, "steps=1")...)
				if err != nil {
					return err
				}
				seconds[k] = least(seconds[k], long.Provenance.Seconds-short.Provenance.Seconds)
			}
		}
		if i > 0 {
			line += ";"
		}
		line += fmt.Sprintf(" %s: %.0f %% slower", c.size, 100*(seconds[1]/seconds[0]-1))
	}
	r.facts = append(r.facts, line+".")
	return nil
}

// twoAtOnce runs two points beside each other, each on one core.
func (r *report) twoAtOnce(ctx context.Context) error {
	s := step{n: 100, d: 20, m: 256, precision: "float64", threads: 1}
	one, two := 0.0, 0.0
	for range r.repeat {
		c, err := r.core(ctx, s)
		if err != nil {
			return err
		}
		one = max(one, 1/c.Seconds)
		var both [2]core
		var errs [2]error
		var wait sync.WaitGroup
		for i := range both {
			wait.Go(func() { both[i], errs[i] = r.core(ctx, s) })
		}
		wait.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		two = max(two, 1/both[0].Seconds+1/both[1].Seconds)
	}
	r.facts = append(r.facts, fmt.Sprintf("Two points at once on two cores (n=100 d=20 m=256): %.2f times one.", two/one))
	return nil
}

// byWidth says how far a step's cost is from proportional to the width.
func (r *report) byWidth(ctx context.Context) error {
	line := "Seconds a step and neuron, m from 64 to 65,536, against the least of them:"
	for i, size := range [][2]int{{100, 20}, {400, 50}, {100, 1000}} {
		low, high := math.Inf(1), 0.0
		for m := 64; m <= 65536; m *= 4 {
			best := math.Inf(1)
			for range r.repeat {
				c, err := r.core(ctx, step{n: size[0], d: size[1], m: m, precision: "float64", threads: 1})
				if err != nil {
					return err
				}
				best = min(best, c.Seconds/float64(m))
			}
			low, high = min(low, best), max(high, best)
		}
		if i > 0 {
			line += ";"
		}
		line += fmt.Sprintf(" n=%d d=%d: up to %.0f %% more", size[0], size[1], 100*(high/low-1))
	}
	r.facts = append(r.facts, line+".")
	return nil
}

// eigenvalues compares lambda0 at n = 8,000 with numpy's.
func (r *report) eigenvalues(ctx context.Context) error {
	if r.numpy == "" {
		r.facts = append(r.facts, "lambda0 at n = 8,000 was not compared: numpy is not installed.")
		return nil
	}
	dir, err := os.MkdirTemp("", "widthlaw-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "x.npy")
	var rival struct {
		Lambda0, Make, Decompose float64
		LambdaMax                float64 `json:"lambda_max"`
	}
	best, made, ours := 0.0, 0.0, point{}
	for _, env := range blas {
		log.Print("numpy decomposes 8,000 x 8,000: minutes")
		if err := ask(ctx, &rival, env, r.python, "bench/eigvalsh.py", "n=8000", "d=100", "file="+file); err != nil {
			return err
		}
		best, made = least(best, rival.Decompose), least(made, rival.Make)
	}
	seconds := 0.0
	for range r.repeat {
		if ours, err = r.point(ctx, "data=file", "path="+file, "n=8000", "m=1", "steps=0", "normalise=none", "--threads", "2"); err != nil {
			return err
		}
		seconds = least(seconds, ours.Provenance.Seconds)
	}
	r.facts = append(r.facts, fmt.Sprintf("lambda0 and lambda_max at n = 8,000, d = 100, 2 threads: %.3g s, reading the data and making the matrix included; "+
		"numpy makes the matrix in %.3g s and has its eigenvalues (eigvalsh) in %.3g s, %.1f times as long, and eigvalsh alone %.1f times. The values: %.15g and %.15g; numpy's %.15g and %.15g.",
		seconds, made, best, (made+best)/seconds, best/seconds, ours.Scalars.Lambda0, ours.Scalars.LambdaMax, rival.Lambda0, rival.LambdaMax))
	return nil
}

const sweepSpec = `name: bench-sweep
trainer: two-layer
fixed: {d: 20, steps: 2000, loss_below: 1e-4}
grid:
  n: [20, 40, 80]
  m: [8, 16, 32, 64, 128, 256]
  seed: 0..99
`

// wholeSweep compares a sweep, from the spec to results on disk, with a pool of PyTorch processes.
func (r *report) wholeSweep(ctx context.Context) error {
	seconds, rival := 0.0, 0.0
	for range r.repeat {
		s, err := r.runSweep(ctx)
		if err != nil {
			return err
		}
		seconds = least(seconds, s)
	}
	line := fmt.Sprintf("A whole sweep, n 20, 40, 80, m 8 to 256, d 20, 100 seeds, 2,000 steps or a fit at 1e-4, 1,800 points: `widthlaw run`, results on disk, %.3g s", seconds)
	if r.torch == "" {
		r.facts = append(r.facts, line+"; PyTorch is not installed.")
		return nil
	}
	for _, env := range blas {
		log.Print("PyTorch runs the sweep: a minute or more")
		var out struct{ Seconds, Fitted float64 }
		if err := ask(ctx, &out, env, r.python, "bench/torch_sweep.py", "seeds=100"); err != nil {
			return err
		}
		rival = least(rival, out.Seconds)
	}
	r.facts = append(r.facts, fmt.Sprintf("%s; a pool of PyTorch processes with gradients by hand %.3g s, %.1f times as long.", line, rival, rival/seconds))
	return nil
}

func (r *report) runSweep(ctx context.Context) (seconds float64, err error) {
	dir, err := os.MkdirTemp(".", ".bench-sweep") // on a real disk, where a temporary directory might be none
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	spec := filepath.Join(dir, "sweep.yaml")
	if err := os.WriteFile(spec, []byte(sweepSpec), 0o666); err != nil {
		return 0, err
	}
	cmd := exec.CommandContext(ctx, r.program, "run", spec, "--state", filepath.Join(dir, "state"))
	begin := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w: %s", cmd, err, out)
	}
	return time.Since(begin).Seconds(), nil
}

// watching compares 60 records of lambda_min and kernel_drift with the 1,000 steps that they are of.
func (r *report) watching(ctx context.Context) error {
	const records, steps = 60, 1000
	size := []string{"n=1000", "d=1000", "m=8192", "lr=0.01", "stop_at_fit=false", "at=all", "--threads", "2"}
	seconds := func(more ...string) (float64, error) {
		best := 0.0
		for range r.repeat {
			p, err := r.point(ctx, append(more, size...)...)
			if err != nil {
				return 0, err
			}
			best = least(best, p.Provenance.Seconds)
		}
		return best, nil
	}
	const few, many = 5, 25
	var took [2][2]float64 // without and with; few and many steps
	for i, curves := range []string{"record=loss", "record=loss,lambda_min,kernel_drift"} {
		for k, n := range []int{few, many} {
			var err error
			if took[i][k], err = seconds(curves, fmt.Sprint("steps=", n)); err != nil {
				return err
			}
		}
	}
	step := (took[0][1] - took[0][0]) / (many - few)
	record := (took[1][1]-took[1][0])/(many-few) - step
	r.facts = append(r.facts, fmt.Sprintf("lambda_min and kernel_drift at n = d = 1,000, m = 8,192, 2 threads: %.3g s a record beside %.3g s a step: "+
		"%d records in %d steps are %.1f %% of the training's own time.", record, step, records, steps, 100*records*record/(steps*step)))
	return nil
}

// A footprint is a point whose memory is looked at.
type footprint struct {
	n, d, m int
	record  string
}

// memory compares what plan says of points with the most that the process then had.
func (r *report) memory(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "widthlaw-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var parts []string
	for _, f := range []footprint{
		{1000, 1000, 8192, "loss"},
		{1000, 1000, 8192, "loss,max_move"},
		{1000, 50, 65536, "loss,max_move,pattern_changes"},
		{1500, 100, 4096, "loss,lambda_min,kernel_drift"},
		{37, 50, 1000003, "loss"},
	} {
		said, had, err := r.footprint(ctx, dir, f)
		if err != nil {
			return err
		}
		parts = append(parts, fmt.Sprintf("n=%d d=%d m=%d, %s: %.0f MiB, %.2f", f.n, f.d, f.m, f.record, had/(1<<20), had/said))
	}
	r.facts = append(r.facts, "The most memory that the program had, and its ratio to what `plan` said: "+strings.Join(parts, "; ")+".")
	return nil
}

// footprint is in bytes.
func (r *report) footprint(ctx context.Context, dir string, f footprint) (said, had float64, err error) {
	spec := filepath.Join(dir, "spec.yaml")
	text := fmt.Sprintf("name: memory\ntrainer: two-layer\nfixed: {n: %d, d: %d, m: %d, steps: 3, stop_at_fit: false}\nrecord: {curves: [%s], at: all}\n", f.n, f.d, f.m, f.record)
	if err := os.WriteFile(spec, []byte(text), 0o666); err != nil {
		return 0, 0, err
	}
	var plan struct {
		Memory float64 `json:"memory_bytes"`
	}
	if err := ask(ctx, &plan, nil, r.program, "plan", spec, "--output", "json", "--state", filepath.Join(dir, "state")); err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, r.program, "point", fmt.Sprint("n=", f.n), fmt.Sprint("d=", f.d), fmt.Sprint("m=", f.m), "steps=3", "stop_at_fit=false",
		"record="+f.record, "at=all")
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w: %s", cmd, err, out)
	}
	return plan.Memory, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10), nil
}
