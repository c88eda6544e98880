package coordinator

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Notices are log lines that others can cause at will: of each kind a few are written at once and then one in a while, which says how
// many were left out before it. So nobody can fill the disk, or hide what he does behind what he says.
type notices struct {
	log *slog.Logger

	mu    sync.Mutex
	kinds map[string]*allowance // by text; the texts are the program's own, so there are few
}

const (
	noticesAtOnce = 10
	noticeEvery   = 5 * time.Second
)

// An allowance is how many lines of a kind may be written now.
type allowance struct {
	left    int       // Invariant: from 0 to noticesAtOnce
	since   time.Time // when left was last increased, or began to be less than noticesAtOnce
	omitted int       // since the last line
}

// take says whether a line may be written now, and how many were not since the last one.
func (a *allowance) take(now time.Time) (ok bool, omitted int) {
	if more := int(now.Sub(a.since) / noticeEvery); more > 0 {
		a.left = min(a.left+more, noticesAtOnce)
		a.since = a.since.Add(time.Duration(more) * noticeEvery)
	}
	if a.left == 0 {
		a.omitted++
		return false, 0
	}
	if a.left == noticesAtOnce {
		a.since = now
	}
	a.left--
	omitted, a.omitted = a.omitted, 0
	return true, omitted
}

func (n *notices) warn(text string, args ...any) {
	n.mu.Lock()
	a := n.kinds[text]
	if a == nil {
		a = &allowance{left: noticesAtOnce}
		n.kinds[text] = a
	}
	ok, omitted := a.take(time.Now())
	n.mu.Unlock()
	if !ok {
		return
	}
	if omitted > 0 {
		args = append(args, "such_lines_left_out", omitted)
	}
	n.log.Log(context.Background(), slog.LevelWarn, text, args...)
}
