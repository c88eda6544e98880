package results

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// # A row
//
//	uvarint n, n bytes     the point's canonical encoding; its SHA-256 is the key
//	uvarint n, n bytes     the outcome's
//	text                   host, agent, kernel, version, revision: uvarint length, then UTF-8, each
//	varint, uvarint        started: seconds since 1970 (UTC), nanoseconds; then finished likewise
//	uvarint, uvarint       attempts, threads
//	8 bytes                seconds of computing, IEEE 754 bits

// A Row is one point's outcome.
type Row struct {
	Key            sweep.Key // Invariant: the SHA-256 of Point
	Point, Outcome []byte    // canonical encodings
	Provenance     sweep.Provenance
}

var errMalformed = errors.New("malformed")

func (r Row) encode(b []byte) []byte {
	b = appendBytes(b, r.Point)
	b = appendBytes(b, r.Outcome)
	p := r.Provenance
	for _, s := range []string{p.Host, p.Agent, p.Kernel, p.Version, p.Revision} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, t := range []time.Time{p.Started, p.Finished} {
		b = binary.AppendVarint(b, t.Unix())
		b = binary.AppendUvarint(b, uint64(t.Nanosecond()))
	}
	b = binary.AppendUvarint(b, uint64(p.Attempts))
	b = binary.AppendUvarint(b, uint64(p.Threads))
	return binary.BigEndian.AppendUint64(b, math.Float64bits(p.Seconds))
}

// decodeRow is the inverse of encode. Point and Outcome are copies. Key is computed, not read.
func decodeRow(b []byte) (Row, error) {
	var r Row
	s := scanner{rest: b}
	r.Point = append([]byte{}, s.bytes()...)
	r.Outcome = append([]byte{}, s.bytes()...)
	p := &r.Provenance
	for _, text := range []*string{&p.Host, &p.Agent, &p.Kernel, &p.Version, &p.Revision} {
		*text = string(s.bytes())
	}
	for _, t := range []*time.Time{&p.Started, &p.Finished} {
		*t = time.Unix(s.varint(), int64(s.uvarint())).UTC()
	}
	p.Attempts, p.Threads = int(s.uvarint()), int(s.uvarint())
	p.Seconds = math.Float64frombits(s.uint64())
	if s.bad || len(s.rest) > 0 {
		return Row{}, errMalformed
	}
	r.Key = sweep.KeyOf(r.Point)
	return r, nil
}

func appendBytes(b, field []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(field))), field...)
}

// A scanner takes a payload apart; once bad, everything that it reads is zero.
type scanner struct {
	rest []byte
	bad  bool
}

func (s *scanner) take(n uint64) []byte {
	if s.bad || n > uint64(len(s.rest)) {
		s.bad = true
		return nil
	}
	b := s.rest[:n:n]
	s.rest = s.rest[n:]
	return b
}

func (s *scanner) uvarint() uint64 {
	v, n := binary.Uvarint(s.rest)
	if n <= 0 {
		s.bad = true
		return 0
	}
	s.rest = s.rest[n:]
	return v
}

func (s *scanner) varint() int64 {
	v, n := binary.Varint(s.rest)
	if n <= 0 {
		s.bad = true
		return 0
	}
	s.rest = s.rest[n:]
	return v
}

func (s *scanner) uint64() uint64 {
	if b := s.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (s *scanner) bytes() []byte { return s.take(s.uvarint()) }
