// Command bench measures what training costs on this machine, beside what a user would otherwise write in PyTorch and numpy, and writes the
// table of docs/performance.md. `make bench` runs it in the repository's root; without PyTorch it says so, and measures the rest.
// Start with cases, then report.go.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
)

func main() {
	log.SetFlags(0)
	b := bench{}
	flag.StringVar(&b.program, "widthlaw", "bin/widthlaw", "the program that is measured")
	flag.StringVar(&b.python, "python", "/usr/bin/python3", "the Python that has torch and numpy")
	flag.IntVar(&b.repeat, "repeat", 3, "how often each is measured; the best counts")
	flag.BoolVar(&b.quick, "quick", false, "leave out what takes minutes: eigenvalues of a large matrix, the whole sweep")
	out := flag.String("o", "docs/performance.md", "where the table goes; - is the standard output")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, *out); err != nil {
		log.Fatal("bench: ", err)
	}
}

// A bench is what is measured with what.
type bench struct {
	program, python string
	repeat          int
	quick           bool

	torch string // PyTorch's version; empty if it is not installed
	numpy string
}

// cases are the sizes of steps that are measured.
var cases = []step{
	{n: 1000, d: 1000, m: 8192, precision: "float64", threads: 2, goal: 0.85, lead: 3},
	{n: 1000, d: 50, m: 8192, precision: "float64", threads: 2, goal: 0.70, lead: 5},
	{n: 100, d: 20, m: 256, precision: "float64", threads: 1, goal: 0.50, lead: 4},
	{n: 100, d: 1000, m: 2000, precision: "float64", threads: 1, goal: 0.75, lead: 10},
	{n: 1000, d: 1000, m: 8192, precision: "float32", threads: 2, goal: 0.80, lead: 3},
	{n: 40, d: 20, m: 32, precision: "float64", threads: 1, goal: 0.25, lead: 20},
}

func (b *bench) run(ctx context.Context, out string) error {
	b.torch, b.numpy = b.version(ctx, "torch"), b.version(ctx, "numpy")
	if b.torch == "" {
		log.Printf("no PyTorch for %s: only widthlaw's own speed is measured (Debian: apt-get install python3-torch)", b.python)
	}
	r := report{bench: b}
	if err := r.memory(ctx); err != nil { // first: a process begins with the memory of the one that starts it
		return err
	}
	log.Print(r.facts[0])
	for _, c := range cases {
		s, err := b.measure(ctx, c)
		if err != nil {
			return err
		}
		r.steps = append(r.steps, s)
		log.Print(s.line())
	}
	for _, measure := range r.measures(b.quick) {
		if err := measure(ctx); err != nil {
			return err
		}
		log.Print(r.facts[len(r.facts)-1])
	}
	if out == "-" {
		_, err := fmt.Print(r.text())
		return err
	}
	return os.WriteFile(out, []byte(r.text()), 0o666)
}

// measures are the facts below the table.
func (r *report) measures(quick bool) []func(context.Context) error {
	list := []func(context.Context) error{r.recording, r.watching, r.twoAtOnce, r.byWidth}
	if !quick {
		list = append(list, r.eigenvalues, r.wholeSweep)
	}
	return list
}
