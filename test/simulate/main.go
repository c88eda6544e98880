// Nobody records these connections, which are made by the thousand:
//go:debug tlsmlkem=0

// Simulate runs histories of a whole cluster, in fake time, in which everything goes wrong that can, and looks for broken promises:
//
//	go run ./test/simulate -histories 10000 -seed 1
//
// A history that breaks a promise is named, with a command that runs it again and writes down what happened in it. What is to happen
// to a cluster is a function of the seed alone; how the goroutines of the real coordinator and agents take turns is not, so that it
// may take some repetitions (-repeat) to meet the same once more. The last line counts histories and violations.
//
// Each processor runs its share of the histories in a process of its own, with one processor: what ends the process (a deadlock, a
// panic) can be told from what breaks a promise. Package history is where to start reading.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
)

func main() {
	testing.Init() // fake time is to be had inside a test only
	o := options{}
	flag.Uint64Var(&o.first, "seed", 1, "seed of the first history; the others follow")
	flag.Uint64Var(&o.histories, "histories", 1000, "how many")
	flag.IntVar(&o.repeat, "repeat", 1, "run each history up to so many times, until it breaks a promise")
	flag.IntVar(&o.processes, "processes", runtime.NumCPU(), "at a time")
	flag.BoolVar(&o.verbose, "v", false, "write down what happens in each history")
	flag.BoolVar(&o.stop, "stop", false, "stop after the first history that breaks a promise")
	flag.StringVar(&o.folder, "folder", "", "where spools and stores lie meanwhile; empty: in memory, if there is /dev/shm")
	flag.BoolVar(&o.child, "child", false, "be one of the processes; for this program's own use")
	flag.Uint64Var(&o.step, "step", 1, "from one seed to the next; for this program's own use")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "simulate takes no arguments, only flags; -h lists them")
		os.Exit(2)
	}
	if o.child {
		o.runChild()
		return
	}
	violations, ran, err := o.runAll()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulate:", err)
		os.Exit(2)
	}
	fmt.Printf("%d histories, %d violations\n", ran, violations)
	if violations > 0 {
		os.Exit(1)
	}
}

type options struct {
	first, histories, step uint64
	repeat, processes      int
	verbose, stop, child   bool
	folder                 string
}
