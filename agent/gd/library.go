package gd

import (
	"container/list"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/widthlaw/widthlaw/sweep"
)

// A library keeps the data sets that were last used, for the many points that differ only in width or learning rate. Points
// that run at once share one; whoever asks for it first makes it, the others wait. Of many more it keeps the spectra: a sweep's
// points come by cost, so that a data set comes back after all others, and its eigenvalues are most of what it costs to make.
type library struct {
	limit float64 // bytes of all data sets that are kept

	mu      sync.Mutex
	bytes   float64
	sets    recent[*item]
	spectra recent[spectrum]
}

type item struct {
	ready chan struct{} // closed once the rest is set
	in    *inputs
	err   error
	bytes float64
}

const (
	// libraryBytes is what idle data sets may keep of an agent's memory; those in use are counted with their points.
	libraryBytes = 64 << 20
	// itemBytes is what a data set takes beside its numbers.
	itemBytes = 1 << 10
	// librarySpectra is how many spectra are kept: some 20 MB.
	librarySpectra = 1 << 16
)

func newLibrary(limit float64) *library {
	return &library{limit: limit, sets: newRecent[*item](), spectra: newRecent[spectrum]()}
}

// A recent is a map that knows in which order its entries were last used.
type recent[V any] struct {
	entries map[string]*list.Element // of entry[V]
	order   *list.List               // the least recently used first
}

type entry[V any] struct {
	key   string
	value V
}

func newRecent[V any]() recent[V] {
	return recent[V]{entries: map[string]*list.Element{}, order: list.New()}
}

// use makes an entry the one last used.
func (r recent[V]) use(key string) (v V, ok bool) {
	e, ok := r.entries[key]
	if !ok {
		return v, false
	}
	r.order.MoveToBack(e)
	return e.Value.(entry[V]).value, true
}

// put enters a value under a key that has none.
func (r recent[V]) put(key string, v V) { r.entries[key] = r.order.PushBack(entry[V]{key, v}) }

func (r recent[V]) drop(e *list.Element) {
	r.order.Remove(e)
	delete(r.entries, e.Value.(entry[V]).key)
}

// dataParams are what a data set depends on.
func dataParams() []string { return append(spectrumParams(), "labels", "noise", "data_seed") }

// spectrumParams are what its spectrum depends on, the seed left out: labels matter through the margin alone.
func spectrumParams() []string {
	return []string{
		"n", "d", "activation", "train", "data", "pairs", "angle", "clusters", "spread", "path", "columns", "normalise",
		"label", "teacher_width", "margin",
	}
}

func dataKey(p sweep.Point) string {
	var key strings.Builder
	for _, name := range dataParams() {
		key.WriteString(p.Get(name).String())
		key.WriteByte(0)
	}
	return key.String()
}

// get is the data set of a point, made by make if nobody has it; make is given its spectrum where that is known.
func (l *library) get(ctx context.Context, p sweep.Point, make func(*spectrum) (*inputs, error)) (*inputs, error) {
	key := dataKey(p)
	for {
		it, known, mine := l.claim(key)
		if mine {
			l.fill(key, it, func() (*inputs, error) { return make(known) })
			return it.in, it.err
		}
		select {
		case <-it.ready:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if it.err == nil {
			return it.in, nil
		}
		// Whoever made it failed, perhaps because his own point was cancelled: try it ourselves.
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
}

// claim finds an item, or enters a new one that the caller must fill.
func (l *library) claim(key string) (it *item, known *spectrum, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if it, ok := l.sets.use(key); ok {
		return it, nil, false
	}
	it = &item{ready: make(chan struct{})}
	l.sets.put(key, it)
	if s, ok := l.spectra.use(key); ok {
		known = &s
	}
	return it, known, true
}

// fill makes an item's data set, and forgets the item if that fails. Nobody waits for ever where make panics.
func (l *library) fill(key string, it *item, make func() (*inputs, error)) {
	it.err = errors.New("making the data set panicked")
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if it.err != nil {
			l.sets.drop(l.sets.entries[key])
		} else {
			l.keep(key, it)
		}
		close(it.ready)
	}()
	it.in, it.err = make()
}

// keep counts a new data set, and forgets the least recently used ones beyond the limit. Points that use them keep them alive.
func (l *library) keep(key string, it *item) {
	it.bytes = itemBytes + layout{n: it.in.n, d: it.in.d}.inputBytes(true, true)
	l.bytes += it.bytes
	for e := l.sets.order.Front(); e != nil && l.bytes > l.limit; {
		old := e
		e = e.Next()
		if bytes := old.Value.(entry[*item]).value.bytes; bytes > 0 { // 0: being made
			l.bytes -= bytes
			l.sets.drop(old)
		}
	}
	if _, ok := l.spectra.use(key); !ok {
		l.spectra.put(key, it.in.spectrum)
	}
	if l.spectra.order.Len() > librarySpectra {
		l.spectra.drop(l.spectra.order.Front())
	}
}
