package proto

import (
	"encoding/hex"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// ToStatus puts a status on the wire.
func ToStatus(s sweep.Status) *Status {
	eta := -1.0
	if s.ETA >= 0 {
		eta = s.ETA.Seconds()
	}
	return &Status{
		Id: s.ID, Name: cut(s.Name, maxName), Trainer: cut(s.Trainer, maxName), Revision: uint32(s.Revision), Spec: s.Spec,
		Filename: cut(s.Filename, maxText), Files: ToFiles(s.Files), SubmittedUnixNano: toTime(s.Submitted),
		Points: s.Points, Exact: s.Exact, Done: s.Done, Failed: s.Failed, Running: s.Running, Pending: s.Pending,
		Preempted: s.Preempted, Quarantined: s.Quarantined, Cancelled: s.Cancelled,
		Conflicts: s.Conflicts, Success: cut(s.Success, maxName), Successes: s.Successes, EtaSeconds: eta,
		DonePerSecond: s.DonePerSecond, Paused: s.Paused, Stopped: s.Stopped, Resting: s.Resting,
		Trouble: cut(s.Trouble, maxText), Agents: uint32(s.Agents), Late: s.Late,
	}
}

// FromStatus takes one off the wire.
func FromStatus(w *Status) (sweep.Status, error) {
	if w == nil || len(w.Spec) > maxOutcome || w.Revision > math.MaxInt32 || w.Agents > math.MaxInt32 || !(w.DonePerSecond >= 0) {
		return sweep.Status{}, malformed("status")
	}
	files, err := FromFiles(w.Files)
	if err != nil {
		return sweep.Status{}, err
	}
	eta, ok := seconds(w.EtaSeconds)
	if !ok {
		eta = -time.Nanosecond
	}
	return sweep.Status{
		ID: w.Id, Name: w.Name, Trainer: w.Trainer, Revision: int(w.Revision), Spec: w.Spec,
		Filename: w.Filename, Files: files, Submitted: fromTime(w.SubmittedUnixNano),
		Points: w.Points, Exact: w.Exact, Done: w.Done, Failed: w.Failed, Running: w.Running, Pending: w.Pending,
		Preempted: w.Preempted, Quarantined: w.Quarantined, Cancelled: w.Cancelled,
		Conflicts: w.Conflicts, Success: w.Success, Successes: w.Successes, ETA: eta,
		DonePerSecond: w.DonePerSecond, Paused: w.Paused, Stopped: w.Stopped, Resting: w.Resting,
		Trouble: w.Trouble, Agents: int(w.Agents), Late: w.Late,
	}, nil
}

// ToFiles puts data files, path as written -> hex SHA-256, on the wire.
func ToFiles(files map[string]string) map[string][]byte {
	if len(files) == 0 {
		return nil
	}
	w := make(map[string][]byte, len(files))
	for path, hash := range files {
		w[path], _ = hex.DecodeString(hash)
	}
	return w
}

// FromFiles takes them off the wire.
func FromFiles(w map[string][]byte) (map[string]string, error) {
	if len(w) > maxItems {
		return nil, malformed("%d files", len(w))
	}
	if len(w) == 0 {
		return nil, nil
	}
	files := make(map[string]string, len(w))
	for path, hash := range w {
		if len(path) > maxText || len(hash) != 32 {
			return nil, malformed("file %q with a hash of %d bytes", cut(path, maxName), len(hash))
		}
		files[path] = hex.EncodeToString(hash)
	}
	return files, nil
}

// ToRow puts a row on the wire.
func ToRow(r sweep.Row) *Row {
	w := &Row{
		Index: r.Index, Key: r.Key[:], Point: r.Point, State: uint32(r.State), Outcome: r.Outcome, Error: cut(r.Error, maxText),
	}
	if r.Provenance != (sweep.Provenance{}) {
		w.Provenance = ToProvenance(r.Provenance)
	}
	if r.Digest != [32]byte{} {
		w.Digest = r.Digest[:]
	}
	return w
}

// FromRow takes one off the wire. It checks that the key is the point's, and decodes neither point nor outcome.
func FromRow(w *Row) (sweep.Row, error) {
	switch {
	case w == nil || len(w.Key) != 32 || len(w.Point) > maxPoint || len(w.Outcome) > maxOutcome || len(w.Error) > maxText:
		return sweep.Row{}, malformed("row of unlikely size")
	case sweep.KeyOf(w.Point) != sweep.Key(w.Key):
		return sweep.Row{}, malformed("row %d: the key is not the point's", w.Index)
	case int(w.State) >= len(sweep.States()):
		return sweep.Row{}, malformed("row %d: state %d", w.Index, w.State)
	case len(w.Digest) != 0 && len(w.Digest) != 32:
		return sweep.Row{}, malformed("row %d: a digest of %d bytes", w.Index, len(w.Digest))
	}
	p, err := FromProvenance(w.Provenance)
	if err != nil {
		return sweep.Row{}, err
	}
	r := sweep.Row{Index: w.Index, Key: sweep.Key(w.Key), Point: w.Point, State: sweep.State(w.State), Error: w.Error, Provenance: p}
	if len(w.Outcome) > 0 {
		r.Outcome = w.Outcome
	}
	copy(r.Digest[:], w.Digest)
	return r, nil
}
