package gd

import (
	"fmt"

	"github.com/widthlaw/widthlaw/sweep"
)

// check finds what is wrong with a point whose parameters are each in range.
func check(p sweep.Point) []sweep.Mistake {
	var found []sweep.Mistake
	mistake := func(param, format string, args ...any) {
		found = append(found, sweep.Mistake{Param: param, Text: fmt.Sprintf(format, args...)})
	}
	if steps, limit := p.Get("steps"), p.Int("steps_limit"); steps.Kind == sweep.Int && steps.Int > limit {
		mistake("steps", "steps: %d is more than steps_limit, %d; write fewer, or raise steps_limit", steps.Int, limit)
	}
	if p.Text("data") == "pairs" {
		if p.Int("d") < 2 {
			mistake("d", "d: %d leaves no room for an angle; data: pairs needs d >= 2", p.Int("d"))
		}
		if pairs, n := p.Int("pairs"), p.Int("n"); pairs > n/2 {
			mistake("pairs", "pairs: %d pairs need %.0f samples, but n is %d; write at most %d, or raise n", pairs, 2*float64(pairs), n, n/2)
		}
	}
	if p.Text("labels") == "file" && p.Text("data") != "file" {
		mistake("labels", "labels: file needs data: file; write data: file, or other labels")
	}
	if noise := p.Float("noise"); noise >= 1 {
		mistake("noise", "noise: %s is no chance of a flip below 1; write a number >= 0 and < 1", p.Get("noise"))
	}
	if spread := p.Float("spread"); spread > largest {
		mistake("spread", "spread: %s is too large; the centres are lost in rounding from 1e17 on, write at most 1e100", p.Get("spread"))
	}
	if name := tooLarge(p); name != "" {
		mistake(name, "%s: %d is more than any machine's memory holds, at n = %d, d = %d and m = %d; write less", name, p.Int(name), p.Int("n"), p.Int("d"), p.Int("m"))
	}
	return found
}

// mostBytes is more than any machine has. Below it, sizes are far from overflowing an int.
const mostBytes = 1 << 46

// tooLarge is the parameter that makes a point larger than any machine; "" if none does.
func tooLarge(p sweep.Point) string {
	n, d, m := float64(p.Int("n")), float64(p.Int("d")), float64(p.Int("m"))
	switch {
	case d > mostBytes/8:
		return "d"
	case float64(p.Int("clusters"))*d > mostBytes/8:
		return "clusters"
	case float64(p.Int("teacher_width"))*d > mostBytes/8:
		return "teacher_width"
	case n*n+n*d > mostBytes/8:
		return "n"
	case m*n+m*d > mostBytes/8:
		return "m"
	}
	return ""
}
