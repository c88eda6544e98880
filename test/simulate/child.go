package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"

	"github.com/widthlaw/widthlaw/test/simulate/history"
)

// What a child tells on its standard output, a line each. Other lines are a transcript.
const (
	beginsLine   = "\x01begins %d\n"
	violatesLine = "\x01violates %d %q\n"
	endsLine     = "\x01ends %d\n"
)

// runChild runs histories one after the other, inside a test, because only there is fake time to be had. It does not return.
func (o options) runChild() {
	runtime.GOMAXPROCS(1) // goroutines take turns; what happens depends less on the machine
	debug.SetGCPercent(400)
	testing.Main(
		func(string, string) (bool, error) { return true, nil },
		[]testing.InternalTest{{Name: "histories", F: func(t *testing.T) {
			for i := range o.histories {
				o.runOne(t, o.first+i*o.step)
			}
			os.Exit(0)
		}}}, nil, nil)
}

func (o options) runOne(t *testing.T, seed uint64) {
	fmt.Printf(beginsLine, seed)
	for range o.repeat {
		var r history.Report
		synctest.Test(t, func(*testing.T) {
			r = history.Run(seed, filepath.Join(o.folder, fmt.Sprintf("history-%d", seed)), o.verbose)
		})
		if o.verbose && (len(r.Violations) > 0 || o.repeat == 1) {
			r.Write(os.Stdout)
		}
		for _, v := range r.Violations {
			fmt.Printf(violatesLine, seed, v)
		}
		if len(r.Violations) > 0 {
			break
		}
	}
	fmt.Printf(endsLine, seed)
}
