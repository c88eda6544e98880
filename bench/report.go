package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// A report is what docs/performance.md says.
type report struct {
	*bench
	steps []step
	facts []string // a line each
}

func (r *report) text() string {
	var b strings.Builder
	b.WriteString(`# Performance

Written by ` + "`make bench`" + `, which measures this again, on your machine. All ratios are of one run on one machine; the best of several measurements counts for
everybody.

A step is the trainer's own loop: forward, loss, stop rules, patterns, update. Operations are counted by the form's formula, 4 n d m a step in primal form, 2 n^2 m in
Gram form; the peak is a register-only loop of the widest multiply-add instructions that the processor has, in the same precision and threads. Gradients go through the samples
whose pattern is set alone, about half of them: what is left out is counted by the formula but not computed, so that a step can be faster than the peak.

`)
	fmt.Fprintf(&b, "Processor: %s, %d cores", processor(), runtime.NumCPU())
	if len(r.steps) > 0 {
		fmt.Fprintf(&b, "; kernel %s, peak of a thread %.1f GFLOP/s in float64", r.steps[0].core.Kernel, r.threadPeak())
	}
	b.WriteString(".")
	if r.torch == "" {
		b.WriteString(" PyTorch is not installed here: its columns are empty.\n\n")
	} else {
		fmt.Fprintf(&b, " PyTorch %s, with OpenBLAS's own choice of kernels or with those for SKYLAKEX, whichever is faster.\n\n", r.torch)
	}
	b.WriteString("| n, d, m | precision, threads | form | seconds a step | GFLOP/s | of the peak (goal) | PyTorch, autograd | ratio (goal) | by hand | ratio |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, s := range r.steps {
		fmt.Fprintf(&b, "| %d, %d, %d | %s, %d | %s | %.3g | %.1f | %.0f %% (%.0f %%) | %s |\n", s.n, s.d, s.m, s.precision, s.threads, s.core.Form, s.core.Seconds,
			s.core.Gflops, 100*s.core.Ratio, 100*s.goal, s.rivals())
	}
	b.WriteString("\n")
	for _, fact := range r.facts {
		b.WriteString("- " + fact + "\n")
	}
	return b.String()
}

// rivals are the last columns of a row.
func (s step) rivals() string {
	if s.autograd == 0 {
		return " | | |"
	}
	return fmt.Sprintf("%.3g | %.1f (%.0f) | %.3g | %.1f", s.autograd, s.autograd/s.core.Seconds, s.lead, s.byHand, s.byHand/s.core.Seconds)
}

// threadPeak is the best of all rows.
func (r *report) threadPeak() float64 {
	peak := 0.0
	for _, s := range r.steps {
		if s.precision == "float64" {
			peak = max(peak, s.core.Peak/float64(s.threads))
		}
	}
	return peak
}

// processor is its name, as far as the machine says.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if name := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); err == nil && name != nil {
		return string(name[1])
	}
	return runtime.GOARCH
}
