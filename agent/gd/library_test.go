package gd

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLibraryMakesOnce(t *testing.T) {
	trainer, l := TwoLayer(), newLibrary(1<<20)
	p := point(t, trainer, "n=4 d=4 m=4", nil)
	var made atomic.Int32
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			in, err := l.get(t.Context(), p, func(*spectrum) (*inputs, error) {
				made.Add(1)
				return &inputs{n: 4, d: 4}, nil
			})
			if err != nil || in.n != 4 {
				t.Errorf("%v, %v", in, err)
			}
		})
	}
	wait.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}

// TestLibraryFailure: a failure is kept for nobody, and one point's cancellation is not another's.
func TestLibraryFailure(t *testing.T) {
	trainer, l := TwoLayer(), newLibrary(1<<20)
	p := point(t, trainer, "n=4 d=4 m=4", nil)
	making, fail := make(chan struct{}), make(chan struct{})
	var wait sync.WaitGroup
	wait.Go(func() {
		_, err := l.get(t.Context(), p, func(*spectrum) (*inputs, error) {
			close(making)
			<-fail
			return nil, context.Canceled
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the maker got %v", err)
		}
	})
	<-making
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.get(cancelled, p, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled waiter got %v", err)
	}
	wait.Go(func() {
		in, err := l.get(t.Context(), p, func(*spectrum) (*inputs, error) { return &inputs{n: 9}, nil })
		if err != nil || in.n != 9 {
			t.Errorf("the other waiter got %v, %v", in, err)
		}
	})
	close(fail)
	wait.Wait()
}

// TestLibraryPanic: who makes a data set may panic, and whoever asks next makes it himself.
func TestLibraryPanic(t *testing.T) {
	trainer, l := TwoLayer(), newLibrary(1<<20)
	p := point(t, trainer, "n=4 d=4 m=4", nil)
	func() {
		defer func() { recover() }()
		l.get(t.Context(), p, func(*spectrum) (*inputs, error) { panic("no data set") })
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if in, err := l.get(ctx, p, func(*spectrum) (*inputs, error) { return &inputs{n: 4, d: 4}, nil }); err != nil || in == nil {
		t.Errorf("after a panic: %v, %v", in, err)
	}
}

// TestLibraryForgets: the least recently used data sets go, within the limit; none is lost to a user, and its spectrum is kept.
func TestLibraryForgets(t *testing.T) {
	trainer := TwoLayer()
	one := itemBytes + layout{n: 10, d: 10}.inputBytes(true, true)
	l := newLibrary(2.5 * one)
	made, again := 0, 0
	get := func(seed string) {
		in, err := l.get(t.Context(), point(t, trainer, "n=10 d=10 m=4 seed="+seed, nil), func(known *spectrum) (*inputs, error) {
			made++
			s := spectrum{Lambda0: float64(len(seed))}
			if known != nil {
				again++
				s = *known
			}
			return &inputs{n: 10, d: 10, spectrum: s}, nil
		})
		if err != nil || in.spectrum.Lambda0 != float64(len(seed)) {
			t.Fatalf("%v, %v", in, err)
		}
	}
	for _, seed := range []string{"1", "22", "1", "333", "1", "22"} { // 333 drives out 22, 22 comes again and drives out 333
		get(seed)
	}
	if made != 4 || again != 1 || len(l.sets.entries) != 2 || l.sets.order.Len() != 2 || l.spectra.order.Len() != 3 {
		t.Errorf("made %d, %d of them again, kept %d, %d spectra", made, again, len(l.sets.entries), l.spectra.order.Len())
	}
	l.limit = one / 2
	get("4444")
	if len(l.sets.entries) != 0 || l.bytes != 0 {
		t.Errorf("kept %d beyond the limit, %v bytes", len(l.sets.entries), l.bytes)
	}
}
