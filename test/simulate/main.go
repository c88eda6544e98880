// Nobody records these connections, which are made by the thousand:
//go:debug tlsmlkem=0

// Simulate runs histories of a whole cluster, in fake time, in which everything goes wrong that can, and looks for broken promises:
//
//	go run ./test/simulate -histories 10000 -seed 1
//
// A history that breaks a promise is named, with a command that runs it again and writes down what happened in it: one seed is one
// history, to the byte. The last line counts histories and violations.
//
// Each history runs in a process of its own (child.go), one per processor at a time (parent.go): nothing is left over from the history
// before, and what ends the process (a deadlock, a panic) is known from what breaks a promise. The program that they run is this one,
// built once more by package steady; the first time that takes a minute. Package history is where to start reading.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"

	"github.com/widthlaw/widthlaw/test/planted"
)

func main() {
	testing.Init() // fake time is to be had inside a test only
	o := options{bug: planted.Bug, progress: os.Stderr}
	flag.Uint64Var(&o.first, "seed", 1, "seed of the first history; the others follow")
	flag.Uint64Var(&o.histories, "histories", 1000, "how many")
	flag.IntVar(&o.processes, "processes", runtime.NumCPU(), "at a time")
	flag.BoolVar(&o.verbose, "v", false, "write down what happens in each history")
	flag.BoolVar(&o.stop, "stop", false, "stop after the first history that breaks a promise")
	flag.StringVar(&o.folder, "folder", "", "where spools and stores lie meanwhile; empty: in memory, if there is /dev/shm")
	flag.BoolVar(&o.child, "child", false, "run one history here; for this program's own use")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "simulate takes no arguments, only flags; -h lists them")
		os.Exit(2)
	}
	if o.child {
		o.runChild()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	violations, err := o.run(ctx, os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(2)
	case violations > 0:
		os.Exit(1)
	}
}

type options struct {
	first, histories     uint64
	processes            int
	verbose, stop, child bool
	folder               string
	bug                  string   // that is built into the program; "": none
	progress             *os.File // nil: nobody is told
}
