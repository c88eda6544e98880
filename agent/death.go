package agent

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/sweep"
)

// What an agent died of, its successor finds in the spool and tells the coordinator, until that has it on disk: the points that it ran, and
// the last lines of its log. Else a point that kills its process would be known to nobody where the coordinator is in the same process.

// deadAgents are the deaths that a spool has, to be told in this order. Those of which nothing can be read are forgotten.
func (a *Agent) deadAgents(found []spool.Death) {
	for _, d := range found {
		var l ledger
		if err := json.Unmarshal(d.Note, &l); len(d.Note) > 0 && (err != nil || l.Version != ledgerVersion) {
			a.log.Warn("another version of the program, or a torn disk, left a note here that cannot be read", "who", d.Name)
			l = ledger{}
		}
		a.log.Warn("an agent had ended without a word; it ran", "who", d.Name, "points", len(l.Points))
		a.dead = append(a.dead, death{d, sweep.Death{Agent: d.Name, Points: l.Points, Alone: l.Alone && len(l.Points) == 1, Log: lastWords(d.Log)}})
	}
	a.wary = len(found) > 0
}

// A death is one that the coordinator does not know of yet.
type death struct {
	found spool.Death
	told  sweep.Death
}

// deaths are what a Hello tells.
func (a *Agent) deaths() (list []sweep.Death) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, d := range a.dead {
		list = append(list, d.told)
	}
	return list
}

// buried forgets deaths of which the coordinator has on disk what follows from them.
func (a *Agent) buried(names []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	kept := a.dead[:0]
	for _, d := range a.dead {
		known := false
		for _, name := range names {
			known = known || name == d.told.Agent
		}
		if !known {
			kept = append(kept, d)
			continue
		}
		if err := a.spool.Bury(d.found); err != nil {
			a.log.Warn("an agent's end will be told again", "who", d.told.Agent, "error", err)
		}
	}
	a.dead = kept
}

// wordsKept is how many lines of a log are told.
const wordsKept = 6

// lastWords are the lines of a log that explain an end: what the runtime says when it ends the process, else the very last ones.
func lastWords(log []byte) (lines []string) {
	crashed := false
	for line := range bytes.Lines(log) {
		text := strings.TrimSpace(strings.ToValidUTF8(string(line), "?"))
		begins := strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ") || strings.HasPrefix(text, "runtime: ") || strings.HasPrefix(text, "SIG")
		if begins && !crashed {
			crashed, lines = true, nil
		}
		switch {
		case text == "" || crashed && len(lines) == wordsKept:
			continue
		case len(lines) == wordsKept:
			lines = lines[1:]
		}
		lines = append(lines, text[:min(len(text), 200)])
	}
	if !crashed {
		lines = append(lines, "no more: it was killed, by somebody or by the system for want of memory, or its machine went down")
	}
	return lines
}
