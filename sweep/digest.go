package sweep

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
)

// # The digest of a sweep
//
// One line by which two runs are compared. Each point has a digest:
//
//	done                     SHA-256(key || outcome)      key: 32 bytes; outcome: the canonical encoding of outcome_encoding.go
//	failed or quarantined    SHA-256(key || state name)   "failed" or "quarantined", in ASCII
//
// The digests are read as big-endian integers and added modulo 2^256; the sweep's digest is
//
//	SHA-256(sum || count)    sum: 32 bytes, count: 8 bytes, both big-endian
//
// so it does not depend on the order in which results come in. An outcome's encoding begins with "widthlaw outcome", so
// no outcome is mistaken for a state's name.

// PointDigest is the digest of a point that is done; outcome is the canonical encoding of its deterministic part.
func PointDigest(k Key, outcome []byte) [32]byte {
	h := sha256.New()
	h.Write(k[:])
	h.Write(outcome)
	var sum [32]byte
	h.Sum(sum[:0])
	return sum
}

// StateDigest is the digest of a point that ended without an outcome: state is Failed or Quarantined.
func StateDigest(k Key, state State) [32]byte { return PointDigest(k, []byte(state.String())) }

// A Digest adds up the digests of points. The zero Digest is that of no points; two Digests over the same points are equal
// with ==.
type Digest struct {
	Count uint64   // points added and not removed again
	Total [32]byte // the sum of their digests modulo 2^256, big-endian
}

// Add counts a point in.
func (d *Digest) Add(point [32]byte) {
	var carry uint64
	for i := 24; i >= 0; i -= 8 {
		var word uint64
		word, carry = bits.Add64(binary.BigEndian.Uint64(d.Total[i:]), binary.BigEndian.Uint64(point[i:]), carry)
		binary.BigEndian.PutUint64(d.Total[i:], word)
	}
	d.Count++
}

// Join counts another digest's points in.
func (d *Digest) Join(other Digest) {
	count := d.Count + other.Count
	d.Add(other.Total)
	d.Count = count
}

// Remove undoes an Add of the same point digest.
func (d *Digest) Remove(point [32]byte) {
	var borrow uint64
	for i := 24; i >= 0; i -= 8 {
		var word uint64
		word, borrow = bits.Sub64(binary.BigEndian.Uint64(d.Total[i:]), binary.BigEndian.Uint64(point[i:]), borrow)
		binary.BigEndian.PutUint64(d.Total[i:], word)
	}
	d.Count--
}

// Sum is the digest of the points counted in.
func (d Digest) Sum() [32]byte {
	var b [40]byte
	copy(b[:], d.Total[:])
	binary.BigEndian.PutUint64(b[32:], d.Count)
	return sha256.Sum256(b[:])
}
