package main

import (
	"errors"
	"io"
	"sync"
	"syscall"
)

// An answer is where a verb prints. It remembers the first write that failed, so that no line of the many needs to ask, and no verb succeeds
// whose answer is cut short. A reader who has gone away wanted no more of it.
type answer struct {
	to io.Writer

	mu  sync.Mutex
	err error
}

func (a *answer) Write(p []byte) (int, error) {
	n, err := a.to.Write(p)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.err == nil {
			a.err = err
		}
	}
	return n, err
}

// Fd is that of the file, so that the answer is a terminal where the file is one.
func (a *answer) Fd() uintptr {
	if f, ok := a.to.(file); ok {
		return f.Fd()
	}
	return ^uintptr(0) // none
}

// A file is a writer that may be a terminal.
type file interface {
	io.Writer
	Fd() uintptr
}

// complete is err, or that not all of the answer was taken.
func (a *answer) complete(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err != nil || a.err == nil {
		return err
	}
	return broken(a.err, "make room where the output goes, or send it to another place, and run the same again", "not all of the answer could be written")
}
