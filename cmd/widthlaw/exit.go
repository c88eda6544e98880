package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// The exit codes that scripts may rely on.
const (
	exitDone      = 0
	exitBroken    = 1 // infrastructure failed
	exitUsage     = 2 // usage or spec error
	exitFailures  = 3 // finished with failed points or conflicts
	exitStopped   = 4 // stopped, resumable
	exitCancelled = 5
)

// A refusal is an error with an exit code and the step that the user can take next.
type refusal struct {
	code int
	what string
	next string // a full sentence or a command; empty where what says it already
	err  error  // may be nil
}

func (r *refusal) Error() string {
	if r.next == "" {
		return r.what
	}
	return r.what + "\n" + r.next
}

func (r *refusal) Unwrap() error { return r.err }

// usage is a mistake in how widthlaw was called.
func usage(next, format string, args ...any) error {
	return &refusal{code: exitUsage, what: fmt.Sprintf(format, args...), next: next}
}

// broken is a failure of the infrastructure, wrapped with the next step.
func broken(err error, next, format string, args ...any) error {
	return &refusal{code: exitBroken, what: fmt.Sprintf(format, args...) + ": " + err.Error(), next: next, err: err}
}

// A verdict is how a sweep ended where that is not an error: it prints nothing and has the exit code.
type verdict int

func (v verdict) Error() string { return fmt.Sprintf("exit code %d", int(v)) }

// exitCode is the one place where an error becomes an exit code.
func exitCode(err error) int {
	var r *refusal
	var v verdict
	var spec *sweep.SpecError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &v):
		return int(v)
	case errors.As(err, &spec), errors.Is(err, results.ErrNotDirectory), errors.Is(err, results.ErrNoStore):
		return exitUsage
	case errors.As(err, &r):
		return r.code
	case errors.Is(err, context.Canceled):
		return exitStopped
	}
	return exitBroken
}

// report prints what went wrong and what to do next. A store does not know by which flags it was named.
func report(w io.Writer, p place, err error) {
	var v verdict
	if err == nil || errors.As(err, &v) {
		return
	}
	if spec, ok := errors.AsType[*sweep.SpecError](err); ok {
		fmt.Fprintln(w, strings.TrimRight(spec.Error(), "\n"))
		return
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "widthlaw: stopped")
		return
	}
	what := strings.ReplaceAll(err.Error(), results.ErrDamaged.Error(), "damaged: run `"+p.command("check")+"`")
	fmt.Fprintf(w, "widthlaw: %s\n", strings.ReplaceAll(what, "\n", "\n  "))
}
