package gd

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
	"github.com/widthlaw/widthlaw/sweep"
)

// # The layout of a snapshot
//
// A snapshot is a training between two steps. It depends neither on the kernel nor on the threads: whoever resumes it goes on to
// the same bits. What the point alone determines (data, a, W(0), Z(0), the first patterns, T(0)) is not in it, but made again.
//
//	"widthlaw two-layer snapshot 1\n"
//	32 bytes  the point's key
//	byte      1 while the training runs again, up to the last step before a divergence; else 0
//	uint64    k, the step where the network stands: what is recorded at k is recorded, what the next step changes is not changed
//	uint64    number of recorded steps, then each
//	floats    the recorded curves in the order of their names, a value a recorded step; a NaN is undefined
//	byte      1 if the last recorded step still lacks its gradient's length
//	uint64    number of losses, then each as a float: of steps 0 .. k, or of all before the divergence
//	uint64    the first step at the target, plus 1; 0: none yet
//	float     least loss up to step k - plateau
//	float     least loss of the steps since, and
//	uint64    the step that has it
//	floats    n residuals g
//	uint64s   m x Words(n) patterns
//	floats    what the form keeps: primal W (m x d); Gram Z (m x n) and, where moves are recorded, c (m x n); float32s where the
//	          precision is float32
//	uint32    CRC-32C of all before
//
// All integers are big-endian, floats are IEEE 754 bits.
const snapshotMagic = "widthlaw two-layer snapshot 1\n"

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// work is how many steps of work a snapshot at step k holds: those of the run before a divergence count too.
func (s *solver) work(k int64) int64 {
	if s.again {
		return s.rules.losses.len + k
	}
	return k
}

// write writes the training at step k.
func (s *solver) write(w io.Writer, key sweep.Key, k int64) error {
	sum := crc32.New(castagnoli)
	o := &output{w: io.MultiWriter(w, sum)}
	r, rec := s.rules, s.recorder
	o.put([]byte(snapshotMagic))
	o.put(key[:])
	o.flag(s.again)
	o.uint64(uint64(k))
	o.uint64(uint64(len(rec.steps)))
	for _, step := range rec.steps {
		o.uint64(uint64(step))
	}
	for _, name := range slices.Sorted(maps.Keys(rec.curves)) {
		o.floats(*rec.curves[name])
	}
	o.flag(rec.owed)
	o.uint64(uint64(r.losses.len))
	for i := range r.losses.len {
		o.uint64(math.Float64bits(r.losses.at(i)))
	}
	o.uint64(uint64(r.fit + 1))
	o.uint64(math.Float64bits(r.before))
	o.uint64(math.Float64bits(r.least))
	o.uint64(uint64(r.leastAt))
	o.floats(s.net.g)
	for _, word := range s.net.bits {
		o.uint64(word)
	}
	for _, matrix := range s.net.form.kept() {
		matrix.write(o)
	}
	o.flush()
	if o.err != nil {
		return o.err
	}
	_, err := w.Write(binary.BigEndian.AppendUint32(nil, sum.Sum32()))
	return err
}

// errSnapshot is wrapped with what is wrong with a snapshot.
var errSnapshot = fmt.Errorf("snapshot: %w", sweep.ErrCheckpoint)

// resume brings a solver, whose network has started, to where a snapshot was taken. After an error the solver is of no use.
func (s *solver) resume(from io.Reader, key sweep.Key) error {
	sum := crc32.New(castagnoli)
	in := &input{r: io.TeeReader(from, sum)}
	magic := in.take(len(snapshotMagic) + len(key))
	if in.err == nil && string(magic) != snapshotMagic+string(key[:]) {
		return fmt.Errorf("%w: another version's, or another point's", errSnapshot)
	}
	s.recorder.begin()
	s.resumed, s.again = true, in.flag()
	s.from = in.below(s.rules.budget)
	s.readCurves(in)
	s.readRules(in)
	in.floats(s.net.g)
	in.uint64s(len(s.net.bits), func(i int, v uint64) {
		if v&^kernel.Used(s.net.n, i%kernel.Words(s.net.n)) != 0 {
			in.fail() // a bit beyond the samples
		}
		s.net.bits[i] = v
	})
	s.net.form.residuals(s.net.g)
	for _, matrix := range s.net.form.kept() {
		matrix.read(in)
	}
	want := sum.Sum32()
	stored := in.take(4)
	switch {
	case in.err != nil:
		return fmt.Errorf("%w: %w", errSnapshot, in.err)
	case binary.BigEndian.Uint32(stored) != want:
		return fmt.Errorf("%w: its checksum is another", errSnapshot)
	case len(in.take(1)) > 0 || !errors.Is(in.err, io.EOF):
		return fmt.Errorf("%w: something follows it", errSnapshot)
	}
	return nil
}

// readCurves reads what is recorded: at steps up to where the network stands, or to the divergence.
func (s *solver) readCurves(in *input) {
	rec := s.recorder
	count := in.below(s.rules.budget + 1)
	rec.steps = nil
	for range count {
		step := in.below(s.rules.budget)
		if n := len(rec.steps); in.err == nil && n > 0 && step <= rec.steps[n-1] {
			in.fail()
		}
		if in.err != nil {
			return
		}
		rec.steps = append(rec.steps, step)
	}
	for _, name := range slices.Sorted(maps.Keys(rec.curves)) {
		values := make([]float64, count)
		in.floats(values)
		*rec.curves[name] = values
	}
	rec.owed = in.flag()
}

// readRules reads the losses, and what the rules keep of them.
func (s *solver) readRules(in *input) {
	r := s.rules
	count := in.below(r.budget)
	if s.again && count < s.from+2 || !s.again && count != s.from+1 {
		in.fail()
	}
	r.losses = newHistory(r.budget)
	for range count {
		if in.err != nil {
			return
		}
		r.losses.add(in.float())
	}
	r.fit = in.below(count) - 1
	r.before, r.least = in.float(), in.float()
	r.leastAt = in.below(max(count-1, 0))
	if n := len(s.recorder.steps); in.err == nil && n > 0 && s.recorder.steps[n-1] >= count {
		in.fail()
	}
}

// bufferBytes is how much of a snapshot is converted at a time.
const bufferBytes = 64 << 10

// An output writes numbers; the first error stays.
type output struct {
	w      io.Writer
	buffer []byte
	err    error
}

func (o *output) put(b []byte) {
	o.buffer = append(o.buffer, b...)
	if len(o.buffer) >= bufferBytes {
		o.flush()
	}
}

func (o *output) flush() {
	if o.err == nil {
		_, o.err = o.w.Write(o.buffer)
	}
	o.buffer = o.buffer[:0]
}

func (o *output) flag(v bool) {
	if v {
		o.put([]byte{1})
	} else {
		o.put([]byte{0})
	}
}

func (o *output) uint64(v uint64) {
	o.buffer = binary.BigEndian.AppendUint64(o.buffer, v)
	if len(o.buffer) >= bufferBytes {
		o.flush()
	}
}

func (o *output) uint32(v uint32) {
	o.buffer = binary.BigEndian.AppendUint32(o.buffer, v)
	if len(o.buffer) >= bufferBytes {
		o.flush()
	}
}

func (o *output) floats(values []float64) {
	for _, v := range values {
		o.uint64(math.Float64bits(v))
	}
}

// An input reads what an output wrote; after the first error, all is zero.
type input struct {
	r      io.Reader
	buffer [bufferBytes]byte
	err    error
}

func (in *input) fail() {
	if in.err == nil {
		in.err = errors.New("numbers that no training has")
	}
}

// take reads n <= bufferBytes bytes, valid until the next call; nil after an error.
func (in *input) take(n int) []byte {
	if in.err == nil {
		_, in.err = io.ReadFull(in.r, in.buffer[:n])
	}
	if in.err != nil {
		return nil
	}
	return in.buffer[:n]
}

func (in *input) flag() bool {
	b := in.take(1)
	if len(b) == 1 && b[0] > 1 {
		in.fail()
	}
	return len(b) == 1 && b[0] == 1
}

func (in *input) uint64() uint64 {
	if b := in.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (in *input) float() float64 { return math.Float64frombits(in.uint64()) }

// below reads a number of at most largest.
func (in *input) below(largest int64) int64 {
	v := in.uint64()
	if v > uint64(largest) {
		in.fail()
		return 0
	}
	return int64(v)
}

func (in *input) floats(values []float64) {
	in.uint64s(len(values), func(i int, v uint64) { values[i] = math.Float64frombits(v) })
}

// uint64s reads n numbers and puts each where it belongs.
func (in *input) uint64s(n int, put func(i int, v uint64)) {
	in.numbers(n, 8, func(i int, b []byte) { put(i, binary.BigEndian.Uint64(b)) })
}

func (in *input) uint32s(n int, put func(i int, v uint32)) {
	in.numbers(n, 4, func(i int, b []byte) { put(i, binary.BigEndian.Uint32(b)) })
}

// numbers reads n numbers of so many bytes.
func (in *input) numbers(n, size int, put func(i int, b []byte)) {
	for from := 0; from < n; {
		b := in.take(size * min(n-from, bufferBytes/size))
		if b == nil {
			return
		}
		for ; len(b) > 0; b = b[size:] {
			put(from, b)
			from++
		}
	}
}
