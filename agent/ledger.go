package agent

import (
	"encoding/json"
	"slices"
	"time"
)

// A ledger says on disk what the agent runs, so that a successor can tell what it died of: see death.go. It is written anew when it changes,
// and that seldom: a point is entered once it has run for a second, and only then is a disk waited for. Where an agent has died before, each
// point is entered when it starts.
type ledger struct {
	Version int      `json:"version"`
	Alone   bool     `json:"alone"`  // the one point is all that the agent holds
	Points  [][]byte `json:"points"` // canonical encodings, in order
}

const (
	ledgerVersion = 1
	worthEntering = time.Second
)

// enter writes down what runs, if that has changed, and with patience waits for the disk where it is worth it. Where that fails, nothing
// will be known of an end: that is no reason to stop.
func (a *Agent) enter(now time.Time, patience bool) {
	a.entering.Lock()
	defer a.entering.Unlock()
	a.mu.Lock()
	text, long := a.running(now)
	closed := a.closed
	a.mu.Unlock()
	durable := patience && long
	if closed || text == a.entered && (!durable || a.settled) {
		return
	}
	if err := a.spool.Note([]byte(text), durable); err != nil {
		return
	}
	a.entered, a.settled = text, durable
}

// running is what the ledger should say, and whether it has a point that has run for long. The lock is held.
func (a *Agent) running(now time.Time) (text string, long bool) {
	l := ledger{Version: ledgerVersion, Points: [][]byte{}}
	for x := range a.desk.running {
		worth := now.Sub(x.started) >= worthEntering
		if long = long || worth; worth || a.wary {
			l.Points = append(l.Points, x.task.Point)
		}
	}
	slices.SortFunc(l.Points, slices.Compare)
	l.Alone = len(l.Points) == 1 && len(a.desk.held) == 1 && len(a.desk.running) == 1
	b, err := json.Marshal(l)
	if err != nil || len(l.Points) == 0 && a.entered == "" {
		return "", false
	}
	return string(b), long
}

// strike makes this end an orderly one, whatever comes now.
func (a *Agent) strike() {
	a.entering.Lock()
	defer a.entering.Unlock()
	if err := a.spool.Forget(); err != nil {
		a.log.Warn("what this agent ran stays written down", "error", err)
	}
}
