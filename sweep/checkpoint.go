package sweep

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"math"
)

// A Checkpoint is a point's training between two steps, from which any agent goes on to the same bits: the head of what is
// written below. It holds as much as the step says, whoever took it and wherever.
type Checkpoint struct {
	Point   []byte  // canonical encoding
	Step    int64   // Invariant: >= 1; of two checkpoints of a point, the larger one holds more work
	Seconds float64 // of computing that went into it, by all agents that had the point; >= 0
}

// # The layout of a checkpoint, on its way and on disk
//
//	"widthlaw checkpoint 1\n"
//	uint32    length of the point's canonical encoding, then as many bytes
//	uint64    step
//	uint64    seconds, IEEE 754 bits
//	...       what the trainer wrote
//	32 bytes  SHA-256 of all before
//
// All integers are big-endian.
const checkpointMagic = "widthlaw checkpoint 1\n"

// ErrCheckpoint means that something is no whole checkpoint of this program, or not of the point in question: the point starts anew.
var ErrCheckpoint = errors.New("not a checkpoint of this point and version, or damaged")

const (
	checkpointFixed = len(checkpointMagic) + 4 + 8 + 8 // bytes before the trainer's part, without the point
	largestPoint    = 64 << 10
)

// Write writes a checkpoint whose trainer's part is what fill writes.
func (c Checkpoint) Write(w io.Writer, fill func(io.Writer) error) error {
	sum := sha256.New()
	both := bufio.NewWriterSize(io.MultiWriter(w, sum), 1<<18)
	head := append([]byte(checkpointMagic), binary.BigEndian.AppendUint32(nil, uint32(len(c.Point)))...)
	head = append(head, c.Point...)
	head = binary.BigEndian.AppendUint64(head, uint64(c.Step))
	head = binary.BigEndian.AppendUint64(head, math.Float64bits(c.Seconds))
	if _, err := both.Write(head); err != nil {
		return err
	}
	if err := fill(both); err != nil {
		return err
	}
	if err := both.Flush(); err != nil {
		return err
	}
	_, err := w.Write(sum.Sum(nil))
	return err
}

// ReadCheckpointHead reads the head of a checkpoint, whether or not the rest is whole.
func ReadCheckpointHead(r io.Reader) (Checkpoint, error) {
	fixed := make([]byte, len(checkpointMagic)+4)
	if _, err := io.ReadFull(r, fixed); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	length := binary.BigEndian.Uint32(fixed[len(checkpointMagic):])
	if !bytes.HasPrefix(fixed, []byte(checkpointMagic)) || length == 0 || length > largestPoint {
		return Checkpoint{}, ErrCheckpoint
	}
	rest := make([]byte, int(length)+16)
	if _, err := io.ReadFull(r, rest); err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c := Checkpoint{
		Point:   rest[:length:length],
		Step:    int64(binary.BigEndian.Uint64(rest[length:])),
		Seconds: math.Float64frombits(binary.BigEndian.Uint64(rest[length+8:])),
	}
	if c.Step < 1 || !(c.Seconds >= 0 && c.Seconds < math.Inf(1)) {
		return Checkpoint{}, ErrCheckpoint
	}
	return c, nil
}

// OpenCheckpoint sees to it that all of a checkpoint of so many bytes is as it was written, and gives the trainer's part.
func OpenCheckpoint(f io.ReaderAt, size int64) (Checkpoint, io.Reader, error) {
	c, err := ReadCheckpointHead(io.NewSectionReader(f, 0, size))
	if err != nil {
		return Checkpoint{}, nil, err
	}
	from, to := int64(checkpointFixed+len(c.Point)), size-sha256.Size
	if to < from {
		return Checkpoint{}, nil, ErrCheckpoint
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(f, 0, to)); err != nil {
		return Checkpoint{}, nil, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if !equalSum(f, to, sum) {
		return Checkpoint{}, nil, ErrCheckpoint
	}
	return c, bufio.NewReaderSize(io.NewSectionReader(f, from, to-from), 1<<18), nil
}

func equalSum(f io.ReaderAt, at int64, sum hash.Hash) bool {
	var stored [sha256.Size]byte
	_, err := io.ReadFull(io.NewSectionReader(f, at, sha256.Size), stored[:])
	return err == nil && bytes.Equal(stored[:], sum.Sum(nil))
}
