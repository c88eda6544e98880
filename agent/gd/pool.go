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
	wake    []chan struct{} // of workers[1:], one each
	rest    chan struct{}   // a worker is through
	next    atomic.Int64    // the next block to take

	// Of the phase under way; written while all rest.
	last int64
	work func(w *worker, block int)
}

// A worker is one thread's own memory.
type worker struct {
	h      []float64             // a block x n: the residuals where the patterns are set
	out    []float64             // a block x the longest product row
	weight []float64             // a block x d, while a network starts
	sums   [kernel.Block]float64 // one number a neuron
}

// withPool runs use with a pool of threads, started here and gone when it returns. The calling goroutine is the first worker;
// one thread means no goroutine at all.
func withPool(threads int, use func(*pool) error) error {
	p := &pool{rest: make(chan struct{}, threads)} // room for all, so that nobody waits for a caller that panicked
	for range threads {
		p.workers = append(p.workers, new(worker))
	}
	var wait sync.WaitGroup
	for _, w := range p.workers[1:] {
		wake := make(chan struct{})
		p.wake = append(p.wake, wake)
		wait.Go(func() {
			for range wake {
				p.share(w)
				p.rest <- struct{}{}
			}
		})
	}
	defer wait.Wait()
	defer func() {
		for _, wake := range p.wake {
			close(wake)
		}
	}()
	return use(p)
}

// each does work for the blocks from <= b < to and returns when all is done. It allocates nothing and starts nothing.
func (p *pool) each(from, to int, work func(w *worker, block int)) {
	helpers := p.wake[:min(len(p.wake), max(0, to-from-1))]
	p.next.Store(int64(from))
	p.last, p.work = int64(to), work
	for _, wake := range helpers {
		wake <- struct{}{}
	}
	p.share(p.workers[0])
	for range helpers {
		<-p.rest
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
