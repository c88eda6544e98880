package main

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"
)

// A progress says how far the histories are: by a bar where somebody looks, else by a line now and then. Its methods are called by one
// goroutine at a time; a nil one says nothing.
type progress struct {
	to    *os.File
	all   uint64
	begun time.Time

	bars *mpb.Progress // nil where nobody looks
	bar  *mpb.Bar
	line atomic.Value // a string: the drawing goroutine's copy

	said time.Time // when the last line was written
}

// aWhile is the time between two lines.
const aWhile = 30 * time.Second

// newProgress writes to a file until end; nil: nowhere.
func newProgress(to *os.File, all uint64, now time.Time) *progress {
	if to == nil {
		return nil
	}
	p := &progress{to: to, all: all, begun: now, said: now}
	if term.IsTerminal(int(to.Fd())) {
		p.line.Store("")
		p.bars = mpb.New(mpb.WithOutput(to), mpb.WithWidth(30))
		p.bar = p.bars.AddBar(int64(all), mpb.BarRemoveOnComplete(),
			mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.line.Load().(string) })))
	}
	return p
}

// beside is out while the bar is drawn: above it, where both are terminals.
func (p *progress) beside(out io.Writer) io.Writer {
	if f, ok := out.(*os.File); ok && p != nil && p.bars != nil && term.IsTerminal(int(f.Fd())) {
		return p.bars
	}
	return out
}

// show says how many histories have ended.
func (p *progress) show(ran uint64, violations int, now time.Time) {
	switch {
	case p == nil:
	case p.bars != nil:
		p.line.Store(p.text(ran, violations, now))
		p.bar.SetCurrent(int64(ran))
	case now.Sub(p.said) >= aWhile:
		p.said = now
		fmt.Fprintln(p.to, p.text(ran, violations, now))
	}
}

func (p *progress) text(ran uint64, violations int, now time.Time) string {
	text := fmt.Sprintf("%d of %d histories, %d violations", ran, p.all, violations)
	if ran > 0 && ran < p.all {
		left := time.Duration(float64(now.Sub(p.begun)) / float64(ran) * float64(p.all-ran))
		text += fmt.Sprintf(", %v left", left.Round(time.Second))
	}
	return text
}

// end takes the bar away.
func (p *progress) end() {
	if p != nil && p.bars != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}
