package sweep

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"
)

func checkpoint(t testing.TB, c Checkpoint, payload []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := c.Write(&b, func(w io.Writer) error { _, err := w.Write(payload); return err }); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestCheckpointSurvives(t *testing.T) {
	want := Checkpoint{Point: []byte("a point"), Step: 7, Seconds: 61.5}
	for _, payload := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("weights"), 100_000)} {
		b := checkpoint(t, want, payload)
		got, rest, err := OpenCheckpoint(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		back, err := io.ReadAll(rest)
		if err != nil || !bytes.Equal(back, payload) || !bytes.Equal(got.Point, want.Point) || got.Step != 7 || got.Seconds != 61.5 {
			t.Errorf("%d bytes came back as %d, %+v, %v", len(payload), len(back), got, err)
		}
	}
}

// TestCheckpointDamage: no flipped bit, no cut and no added byte goes unseen.
func TestCheckpointDamage(t *testing.T) {
	whole := checkpoint(t, Checkpoint{Point: []byte("a point"), Step: 7, Seconds: 61.5}, []byte("weights"))
	refused := func(what string, b []byte) {
		t.Helper()
		if _, _, err := OpenCheckpoint(bytes.NewReader(b), int64(len(b))); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for i := range whole {
		flipped := bytes.Clone(whole)
		flipped[i] ^= 1 << (i % 8)
		refused("a flipped bit", flipped)
		refused("a cut", whole[:i])
	}
	refused("more", append(bytes.Clone(whole), 0))
	refused("step 0", checkpoint(t, Checkpoint{Point: []byte("p"), Step: 0}, nil))
	refused("no time", checkpoint(t, Checkpoint{Point: []byte("p"), Step: 1, Seconds: math.NaN()}, nil))
	refused("no point", checkpoint(t, Checkpoint{Step: 1}, nil))
	refused("a point that is too long", checkpoint(t, Checkpoint{Point: make([]byte, 1<<17), Step: 1}, nil))
}

// FuzzCheckpoint: whatever is accepted is what would be written.
func FuzzCheckpoint(f *testing.F) {
	f.Add(checkpoint(f, Checkpoint{Point: []byte("a point"), Step: 7, Seconds: 61.5}, []byte("weights")))
	f.Add([]byte(checkpointMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := OpenCheckpoint(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		payload, err := io.ReadAll(rest)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(checkpoint(t, c, payload), b) {
			t.Errorf("%x is not what %+v is written as", b, c)
		}
	})
}
