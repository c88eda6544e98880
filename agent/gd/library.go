package gd

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/widthlaw/widthlaw/sweep"
)

// A library keeps the data sets that were last used, for the many points that differ only in width or learning rate. Points
// that run at once share one; whoever asks for it first makes it, the others wait.
type library struct {
	limit float64 // bytes of all that is kept

	mu    sync.Mutex
	items map[string]*item
	order []string // keys of items, the least recently used first
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
	// libraryItems bounds the search for one.
	libraryItems = 128
)

func newLibrary(limit float64) *library { return &library{limit: limit, items: map[string]*item{}} }

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

// get is the data set of a point, made by make if nobody has it.
func (l *library) get(ctx context.Context, p sweep.Point, make func() (*inputs, error)) (*inputs, error) {
	key := dataKey(p)
	for {
		it, mine := l.claim(key)
		if mine {
			l.fill(key, it, make)
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
func (l *library) claim(key string) (it *item, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i := slices.Index(l.order, key); i >= 0 {
		l.order = append(slices.Delete(l.order, i, i+1), key)
		return l.items[key], false
	}
	it = &item{ready: make(chan struct{})}
	l.items[key] = it
	l.order = append(l.order, key)
	return it, true
}

// fill makes an item's data set, and forgets the item if that fails. Nobody waits for ever where make panics.
func (l *library) fill(key string, it *item, make func() (*inputs, error)) {
	it.err = errors.New("making the data set panicked")
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if it.err != nil {
			l.drop(key)
		} else {
			it.bytes = layout{n: it.in.n, d: it.in.d}.inputBytes(true, true)
			l.trim()
		}
		close(it.ready)
	}()
	it.in, it.err = make()
}

// trim forgets the least recently used sets beyond the limits. Points that use them keep them alive.
func (l *library) trim() {
	sum := 0.0
	for _, it := range l.items {
		sum += it.bytes
	}
	for i := 0; (sum > l.limit || len(l.order) > libraryItems) && i < len(l.order); {
		key := l.order[i]
		if bytes := l.items[key].bytes; bytes > 0 { // 0: being made
			sum -= bytes
			l.drop(key)
			continue
		}
		i++
	}
}

func (l *library) drop(key string) {
	delete(l.items, key)
	l.order = slices.DeleteFunc(l.order, func(k string) bool { return k == key })
}
