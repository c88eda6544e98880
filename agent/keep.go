package agent

import (
	"context"
	"time"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/test/planted"
)

// keepPause is how long the keeper lets deliveries gather after each write: it makes few writes, and few messages, of many small ones.
const keepPause = 2 * time.Millisecond

// openSpool takes over what dead agents left.
func (a *Agent) openSpool() error {
	s, left, err := spool.Open(a.config.Spool, a.name)
	if err != nil {
		return err
	}
	a.spool = s
	if err := a.openDiary(); err != nil {
		return err
	}
	a.deadAgents(left.Deaths)
	if left.LostBytes > 0 {
		a.log.Warn("the spool was cut short or damaged; what is lost is computed again", "bytes", left.LostBytes)
	}
	for _, path := range left.Unknown {
		a.log.Warn("another version of the program left results here; start that version to deliver them, or remove the file", "file", path)
	}
	var unusable []*spool.Record
	if planted.Bug == planted.SpoolForgotten {
		left.Records = nil
	}
	for _, r := range left.Records {
		if _, err := decodeDelivery(r.Payload); err != nil {
			unusable = append(unusable, r)
			continue
		}
		a.outbox.adopt(*r)
	}
	if len(left.Records) > 0 {
		a.log.Info("found results that were not delivered", "results", len(left.Records), "unusable", len(unusable))
	}
	a.forget(unusable)
	return nil
}

func (a *Agent) closeSpool() {
	a.closeDiary()
	if err := a.spool.Close(); err != nil {
		a.log.Warn("the spool did not close", "error", err)
	}
}

// forget removes records from disk. If that fails they are delivered once more by a later agent, which does no harm.
func (a *Agent) forget(records []*spool.Record) {
	if len(records) == 0 {
		return
	}
	if err := a.spool.Remove(records); err != nil {
		a.log.Warn("delivered results stay in the spool", "error", err)
	}
}

// keep writes finished deliveries to the spool and only then offers them to the session. Where the disk refuses, they stay in
// memory and are offered all the same, but no point is started until they are either written or acknowledged.
func (a *Agent) keep(ctx context.Context) {
	refused := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.fresh:
		}
		err := a.keepBatch()
		switch {
		case err != nil && !refused:
			a.log.Error("results cannot be kept on disk; computing pauses until they are delivered or there is room", "error", err)
		case err == nil && refused:
			a.log.Info("results can be kept on disk again")
		}
		refused = err != nil
		select {
		case <-ctx.Done():
			return
		case <-time.After(keepPause):
		}
	}
}

func (a *Agent) keepBatch() error {
	a.mu.Lock()
	batch := a.outbox.takeFresh()
	a.mu.Unlock()
	if len(batch) == 0 {
		return nil
	}
	records := make([]*spool.Record, len(batch))
	for i, p := range batch {
		records[i] = &p.record
	}
	err := a.spool.Append(records)
	a.mu.Lock()
	acked := a.outbox.written(err == nil)
	a.ready.Broadcast()
	a.mu.Unlock()
	poke(a.send)
	a.forget(acked)
	return err
}
