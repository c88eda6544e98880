package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// # troubles
//
// The sweep's id, a zero byte, the point's key, 32 bytes, to JSON: {"index", "state" (by name), "attempts", "losses",
// "suspect", "error", "history", "counted", "lost": [{"agent", "counted"}], "reached"}. Ordered by hash, unlike rows: troubles are the exception, and they are looked up and cleared by key.

// A Trouble is what a restart must not forget about a point without a row: that it failed or was cancelled, or how many
// attempts vanished. There is at most one for a point of a sweep.
type Trouble struct {
	Sweep    string // its ID
	Key      sweep.Key
	Index    uint64       // in the sweep's revision of the time
	State    sweep.State  // Pending, Failed, Quarantined or Cancelled
	Attempts int          // that returned an error
	Losses   int          // that vanished with their agent, which ran nothing else
	Suspect  bool         // some agent vanished that held it: it runs alone from now on
	Error    string       // the last one
	History  []string     // a line an event, for `explain`
	Counted  []uint64     // which failures are in Attempts, the latest ones
	Lost     []sweep.Loss // the agents that made it a suspect, the latest ones
	Reached  int64        // the step of the checkpoint that there was at the last loss
}

type troubleValue struct {
	Index    uint64       `json:"index"`
	State    string       `json:"state"`
	Attempts int          `json:"attempts,omitempty"`
	Losses   int          `json:"losses,omitempty"`
	Suspect  bool         `json:"suspect,omitempty"`
	Error    string       `json:"error,omitempty"`
	History  []string     `json:"history,omitempty"`
	Counted  []uint64     `json:"counted,omitempty"`
	Lost     []sweep.Loss `json:"lost,omitempty"`
	Reached  int64        `json:"reached,omitempty"`
}

func troubleKey(id string, key []byte) []byte { return append(append([]byte(id), 0), key...) }

// SaveTroubles keeps troubles in one commit, each in place of what its point had before.
func (s *Store) SaveTroubles(list []Trouble) error {
	err := s.update(func(tx *bbolt.Tx) error {
		for _, t := range list {
			if err := validID(t.Sweep); err != nil {
				return err
			}
			text, err := json.Marshal(troubleValue{t.Index, t.State.String(), t.Attempts, t.Losses, t.Suspect, t.Error, t.History, t.Counted, t.Lost, t.Reached})
			if err != nil {
				return err
			}
			if err := putJSON(tx, troubles, troubleKey(t.Sweep, t.Key[:]), text); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keeping %d failures: %w", len(list), err)
	}
	return nil
}

// Troubles are those of a sweep, by key.
func (s *Store) Troubles(id string) ([]Trouble, error) {
	var list []Trouble
	err := s.view(func(tx *bbolt.Tx) error {
		prefix, c := troubleKey(id, nil), tx.Bucket(troubles.name).Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			t, err := parseTrouble(k, v)
			if err != nil {
				return err
			}
			list = append(list, t)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the failures of sweep %s: %w", id, err)
	}
	return list, nil
}

func parseTrouble(k, v []byte) (Trouble, error) {
	payload, err := troubles.open(k, v)
	if err != nil {
		return Trouble{}, err
	}
	id, key, ok := bytes.Cut(k, []byte{0})
	var t troubleValue
	if err := json.Unmarshal(payload, &t); err != nil || !ok || len(key) != 32 {
		return Trouble{}, damaged("troubles %x is malformed", k)
	}
	for _, state := range sweep.States() {
		if state.String() == t.State {
			return Trouble{string(id), sweep.Key(key), t.Index, state, t.Attempts, t.Losses, t.Suspect, t.Error, t.History, t.Counted, t.Lost, t.Reached}, nil
		}
	}
	return Trouble{}, damaged("troubles %x: unknown state %q", k, t.State)
}

// ClearTroubles forgets the troubles of these points, as far as there are any.
func (s *Store) ClearTroubles(id string, list []sweep.Key) error {
	err := s.update(func(tx *bbolt.Tx) error {
		b, any := tx.Bucket(troubles.name), false
		for _, k := range list {
			key := troubleKey(id, k[:])
			if b.Get(key) == nil {
				continue
			}
			any = true
			if err := b.Delete(key); err != nil {
				return err
			}
		}
		if !any && !s.unsure {
			return errUnchanged
		}
		return nil
	})
	if err != nil && !errors.Is(err, errUnchanged) {
		return fmt.Errorf("clearing failures of sweep %s: %w", id, err)
	}
	return nil
}
