package gd

import (
	"sync"
	"sync/atomic"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// A pool shares out blocks of neurons among a fixed number of workers. Which worker takes a block changes no bit: a block's
// results go to the block's own place.
type pool struct {
	workers []*worker
	done    gate         // the helpers are through
	busy    atomic.Int64 // helpers that are not
	next    atomic.Int64 // the next block to take

	// Of the phase under way; written while all rest.
	last int64
	work func(w *worker, block int)
}

// A worker is one thread's own memory.
type worker struct {
	id    int
	begin gate                  // there is a phase to take part in
	out   []float64             // products, while a data set's spectrum is made
	sums  [kernel.Block]float64 // one number a neuron
}

// withPool runs use with a pool of threads, started here and gone when it returns. The calling goroutine is the first worker;
// one thread means no goroutine at all.
func withPool(threads int, use func(*pool) error) error {
	p := &pool{done: newGate()}
	for i := range threads {
		p.workers = append(p.workers, &worker{id: i, begin: newGate()})
	}
	var over atomic.Bool // read by a helper that a panic of its caller overtakes
	var wait sync.WaitGroup
	for _, w := range p.workers[1:] {
		wait.Go(func() {
			for w.begin.wait(); !over.Load(); w.begin.wait() {
				p.share(w)
				if p.busy.Add(-1) == 0 {
					p.done.open()
				}
			}
		})
	}
	defer func() {
		over.Store(true)
		for _, w := range p.workers[1:] {
			w.begin.open()
		}
		wait.Wait()
	}()
	return use(p)
}

// each does work for the blocks from <= b < to and returns when all is done. It allocates nothing and starts nothing.
func (p *pool) each(from, to int, work func(w *worker, block int)) {
	helpers := p.workers[1:min(len(p.workers), max(1, to-from))]
	p.next.Store(int64(from))
	p.last, p.work = int64(to), work
	p.busy.Store(int64(len(helpers)))
	for _, w := range helpers {
		w.begin.open()
	}
	p.share(p.workers[0])
	if len(helpers) > 0 {
		p.done.wait()
	}
}

// share takes blocks until none is left.
func (p *pool) share(w *worker) {
	for b := p.next.Add(1) - 1; b < p.last; b = p.next.Add(1) - 1 {
		p.work(w, int(b))
	}
}

// parts is each for work that needs no worker's memory.
func (p *pool) parts(parts int, work func(part int)) {
	p.each(0, parts, func(_ *worker, part int) { work(part) })
}
