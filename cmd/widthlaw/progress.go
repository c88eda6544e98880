package main

import (
	"io"
	"iter"
	"sync/atomic"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/widthlaw/widthlaw/sweep"
)

// isTerminal says whether somebody looks at w.
func isTerminal(w io.Writer) bool {
	f, ok := w.(file)
	return ok && term.IsTerminal(int(f.Fd()))
}

// follow draws a bar on w until the statuses end, and returns the last one. Where w is no terminal it is silent.
func follow(w io.Writer, statuses iter.Seq2[sweep.Status, error]) (last sweep.Status, err error) {
	var line atomic.Value // the drawing goroutine's copy of progressLine
	line.Store("")
	bars := mpb.New(mpb.WithOutput(w), mpb.WithWidth(30))
	defer bars.Wait()
	bar := bars.AddBar(0, mpb.BarRemoveOnComplete(),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return line.Load().(string) })))
	defer bar.Abort(true)
	for last, err = range statuses {
		if err != nil {
			return last, err
		}
		line.Store(progressLine(last, true))
		bar.SetTotal(int64(last.Points), false)
		bar.SetCurrent(int64(last.Points - left(last)))
	}
	return last, nil
}
