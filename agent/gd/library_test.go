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
			in, err := l.get(t.Context(), p, func() (*inputs, error) {
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
		_, err := l.get(t.Context(), p, func() (*inputs, error) {
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
		in, err := l.get(t.Context(), p, func() (*inputs, error) { return &inputs{n: 9}, nil })
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
		l.get(t.Context(), p, func() (*inputs, error) { panic("no data set") })
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if in, err := l.get(ctx, p, func() (*inputs, error) { return &inputs{n: 4, d: 4}, nil }); err != nil || in == nil {
		t.Errorf("after a panic: %v, %v", in, err)
	}
}

// TestLibraryForgets: the least recently used data sets go, within the limit; none is lost to a user.
func TestLibraryForgets(t *testing.T) {
	trainer := TwoLayer()
	one := layout{n: 10, d: 10}.inputBytes(true, true)
	l := newLibrary(2.5 * one)
	made := 0
	get := func(seed string) {
		in, err := l.get(t.Context(), point(t, trainer, "n=10 d=10 m=4 seed="+seed, nil), func() (*inputs, error) {
			made++
			return &inputs{n: 10, d: 10}, nil
		})
		if err != nil || in == nil {
			t.Fatalf("%v, %v", in, err)
		}
	}
	for _, seed := range []string{"1", "2", "1", "3", "1", "2"} { // 3 drives out 2, 2 comes again and drives out 3
		get(seed)
	}
	if made != 4 || len(l.items) != 2 || len(l.order) != 2 {
		t.Errorf("made %d, kept %d", made, len(l.items))
	}
	l.limit = one / 2
	get("4")
	if len(l.items) != 0 {
		t.Errorf("kept %d beyond the limit", len(l.items))
	}
}
