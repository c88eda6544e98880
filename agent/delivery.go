package agent

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// # A delivery in the spool
//
//	byte      version, 1
//	uint64    fence
//	bytes     point, canonical encoding
//	bytes     outcome, canonical encoding; empty: the trainer failed
//	bytes     error
//	bytes     host, agent, kernel, version, revision: five times
//	uint64    started, finished: Unix time in nanoseconds, twice; 0: not known
//	uint32    attempts, threads: twice
//	uint64    seconds: IEEE 754 bits
//	bytes:    uint32 length, then as many bytes
//
// All integers are big-endian.
const deliveryVersion = 1

func encodeDelivery(d sweep.Delivery) []byte {
	p := d.Provenance
	b := make([]byte, 0, 200+len(d.Point)+len(d.Outcome)+len(d.Error))
	b = append(b, deliveryVersion)
	b = binary.BigEndian.AppendUint64(b, d.Fence)
	b = putBytes(b, d.Point)
	b = putBytes(b, d.Outcome)
	for _, s := range []string{d.Error, p.Host, p.Agent, p.Kernel, p.Version, p.Revision} {
		b = putBytes(b, s)
	}
	for _, t := range []time.Time{p.Started, p.Finished} {
		nano := int64(0)
		if !t.IsZero() {
			nano = t.UnixNano()
		}
		b = binary.BigEndian.AppendUint64(b, uint64(nano))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(p.Attempts))
	b = binary.BigEndian.AppendUint32(b, uint32(p.Threads))
	return binary.BigEndian.AppendUint64(b, math.Float64bits(p.Seconds))
}

// setFence replaces the fence of an encoded delivery.
func setFence(encoded []byte, fence uint64) { binary.BigEndian.PutUint64(encoded[1:], fence) }

func putBytes[T []byte | string](b []byte, s T) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

var errDelivery = errors.New("not a delivery of this program")

// decodeDelivery is the inverse of encodeDelivery. The delivery shares b's memory.
func decodeDelivery(b []byte) (sweep.Delivery, error) {
	r := byteReader{rest: b}
	var d sweep.Delivery
	p := &d.Provenance
	if v := r.take(1); v == nil || v[0] != deliveryVersion {
		return sweep.Delivery{}, errDelivery
	}
	d.Fence = r.uint64()
	d.Point = r.bytes()
	if o := r.bytes(); len(o) > 0 {
		d.Outcome = o
	}
	for _, s := range []*string{&d.Error, &p.Host, &p.Agent, &p.Kernel, &p.Version, &p.Revision} {
		*s = string(r.bytes())
	}
	for _, t := range []*time.Time{&p.Started, &p.Finished} {
		if nano := int64(r.uint64()); nano != 0 {
			*t = time.Unix(0, nano).UTC()
		}
	}
	p.Attempts, p.Threads = int(r.uint32()), int(r.uint32())
	p.Seconds = math.Float64frombits(r.uint64())
	if r.bad || len(r.rest) > 0 {
		return sweep.Delivery{}, errDelivery
	}
	return d, nil
}

// A byteReader takes bytes apart; once bad, everything that it reads is zero.
type byteReader struct {
	rest []byte
	bad  bool
}

func (r *byteReader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *byteReader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *byteReader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *byteReader) bytes() []byte { return r.take(int(r.uint32())) }
