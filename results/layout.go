package results

import (
	"encoding/binary"
	"hash/crc32"
)

// # The layout of widthlaw.db
//
// A bbolt file with 4096-byte pages and these buckets. All integers are big-endian.
//
//	about       "schema", "totals", "epoch"                        about.go
//	rows        sequence number, 8 bytes -> row                    row.go
//	keys        sequence number, 8 bytes -> the row's key          index.go
//	conflicts   key, 32 bytes; SHA-256 of the outcome -> row       put.go
//	sweeps      id -> JSON                                         sweeps.go
//	troubles    sweep id, 0, key -> JSON                           troubles.go
//	files       SHA-256, 32 bytes -> number, size, chunks          files.go
//	chunks      number, 8 bytes; index, 4 bytes -> bytes           files.go
//
// Rows lie in commit order under a number that only grows, and so do their keys: a commit appends to the ends of two trees
// and rewrites the way to them, however many rows there are. Nothing that grows with the rows is ordered by hash.
// "keys" is read once at start (16 + 45 bytes a row) so that the rows need not be.
//
// Every value has the same envelope:
//
//	1 byte     version of the bucket's payload, 1 everywhere so far
//	4 bytes    CRC-32C of: the bucket's name, the bbolt key, the version byte, the payload
//	payload
//
// CRC-32C because processors compute it at memory speed and it finds every error of up to 32 bits in a row; what is
// deliberate is found by the keys and the digest, which are SHA-256. Name and key are part of it so that a value that
// turns up in another's place, after a flipped page number say, is not believed, and so that a value found on a page
// alone, without the tree above it, still says what it is.

// schema is the version of all this. A file of a newer schema is refused.
const schema = 1

const valueVersion = 1

// envelope is the length of what precedes the payload.
const envelope = 5

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A bucket knows its name and the checksum over it.
type bucket struct {
	name []byte
	seed uint32
}

func newBucket(name string) bucket {
	return bucket{[]byte(name), crc32.Checksum([]byte(name), castagnoli)}
}

// The buckets; constants in all but name.
var (
	about     = newBucket("about")
	rows      = newBucket("rows")
	keys      = newBucket("keys")
	conflicts = newBucket("conflicts")
	sweeps    = newBucket("sweeps")
	troubles  = newBucket("troubles")
	files     = newBucket("files")
	chunks    = newBucket("chunks")
)

var buckets = []bucket{about, rows, keys, conflicts, sweeps, troubles, files, chunks}

// seal appends the envelope and the payload that add appends to b; the value begins at b's old end.
func (k bucket) seal(b, key []byte, add func([]byte) []byte) []byte {
	at := len(b)
	b = append(b, valueVersion, 0, 0, 0, 0)
	b = add(b)
	binary.BigEndian.PutUint32(b[at+1:], k.sum(key, b[at:]))
	return b
}

// open is the payload of a sealed value, or why it is not believed.
func (k bucket) open(key, value []byte) ([]byte, error) {
	switch {
	case value == nil:
		return nil, damaged("%s %x is missing", k.name, key)
	case len(value) < envelope || binary.BigEndian.Uint32(value[1:]) != k.sum(key, value):
		return nil, damaged("%s %x: its checksum does not hold", k.name, key)
	case value[0] != valueVersion:
		return nil, damaged("%s %x: version %d is unknown", k.name, key, value[0])
	}
	return value[envelope:], nil
}

func (k bucket) sum(key, value []byte) uint32 {
	c := crc32.Update(k.seed, castagnoli, key)
	c = crc32.Update(c, castagnoli, value[:1])
	return crc32.Update(c, castagnoli, value[envelope:])
}

// sequenceKey is a row's place in commit order, as bbolt sorts it.
func sequenceKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

func sequenceOf(key []byte) (uint64, bool) {
	if len(key) != 8 {
		return 0, false
	}
	return binary.BigEndian.Uint64(key), true
}
