package proto

import (
	"math"

	"github.com/widthlaw/widthlaw/sweep"
)

// An Upload says which checkpoint comes.
type Upload struct {
	Point []byte // canonical encoding
	Step  int64  // Invariant: >= 1
	Bytes int64  // Invariant: >= 1
}

// ToPutCheckpoint puts an announcement on the wire.
func ToPutCheckpoint(u Upload) *PutCheckpointRequest {
	return &PutCheckpointRequest{Point: u.Point, Step: u.Step, Bytes: u.Bytes}
}

// FromPutCheckpoint takes one off the wire. It does not decode the point.
func FromPutCheckpoint(w *PutCheckpointRequest) (Upload, error) {
	if len(w.GetPoint()) == 0 || len(w.Point) > maxPoint || w.Step < 1 || w.Bytes < 1 || w.Bytes == math.MaxInt64 {
		return Upload{}, malformed("checkpoint of a point of %d bytes, of step %d, of %d bytes", len(w.GetPoint()), w.GetStep(), w.GetBytes())
	}
	return Upload{Point: w.Point, Step: w.Step, Bytes: w.Bytes}, nil
}

// FromGetCheckpoint takes a request off the wire: a key, and the step that is useless, or 0.
func FromGetCheckpoint(w *GetCheckpointRequest) (key sweep.Key, useless int64, err error) {
	if len(w.GetKey()) != len(key) || w.UselessStep < 0 {
		return key, 0, malformed("request for the checkpoint of a key of %d bytes, step %d", len(w.GetKey()), w.GetUselessStep())
	}
	return sweep.Key(w.Key), w.UselessStep, nil
}
