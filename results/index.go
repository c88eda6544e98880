package results

import (
	"encoding/binary"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// # keys
//
//	32 bytes   the key of the row with the same sequence number
//
// An index finds the sequence numbers that a key may have. It is read from "keys" once, at start, and holds 40 bits of
// each key: one byte chooses a shard, 32 bits are kept beside the sequence number, 8 bytes a slot, a shard at most three
// quarters full. 10^7 keys take 134 MB. A key that is absent looks present once in 10^5 times or less at that size, so
// every hit is verified against the stored key before it is believed.
type index struct {
	shards [256]shard
}

// A shard is an open-addressing table. A slot is fingerprint << 32 | sequence number; 0 is empty.
// The low bits of the fingerprint are the home of a slot: keys are hashes already.
type shard struct {
	slots []uint64 // Invariant: a power of two long, at least a quarter empty
	used  int
}

// maxSequence is what a slot can hold.
const maxSequence = 1<<32 - 1

func (x *index) place(k sweep.Key) (*shard, uint32) {
	return &x.shards[k[0]], binary.BigEndian.Uint32(k[1:])
}

// add enters a key; 0 < seq <= maxSequence.
func (x *index) add(k sweep.Key, seq uint64) {
	s, print := x.place(k)
	if s.used*4 >= len(s.slots)*3 {
		s.grow()
	}
	s.insert(uint64(print)<<32 | seq)
	s.used++
}

func (s *shard) grow() {
	old := s.slots
	s.slots = make([]uint64, max(8, 2*len(old)))
	for _, slot := range old {
		if slot != 0 {
			s.insert(slot)
		}
	}
}

func (s *shard) insert(slot uint64) {
	mask := uint64(len(s.slots) - 1)
	i := slot >> 32 & mask
	for s.slots[i] != 0 {
		i = (i + 1) & mask
	}
	s.slots[i] = slot
}

// find calls verify with each sequence number that k may have, until it says true.
func (x *index) find(k sweep.Key, verify func(seq uint64) bool) bool {
	s, print := x.place(k)
	if s.used == 0 {
		return false
	}
	mask := uint64(len(s.slots) - 1)
	for i := uint64(print) & mask; s.slots[i] != 0; i = (i + 1) & mask {
		if s.slots[i]>>32 == uint64(print) && verify(s.slots[i]&maxSequence) {
			return true
		}
	}
	return false
}

// remove takes a key out again and moves back the slots behind it that were displaced.
func (x *index) remove(k sweep.Key, seq uint64) {
	s, print := x.place(k)
	if s.used == 0 {
		return
	}
	mask := uint64(len(s.slots) - 1)
	hole := uint64(print) & mask
	for s.slots[hole] != uint64(print)<<32|seq {
		if s.slots[hole] == 0 {
			return
		}
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; s.slots[i] != 0; i = (i + 1) & mask {
		home := s.slots[i] >> 32 & mask
		if (i-home)&mask >= (i-hole)&mask {
			s.slots[hole] = s.slots[i]
			hole = i
		}
	}
	s.slots[hole] = 0
	s.used--
}

// bytes is the memory that the slots take.
func (x *index) bytes() int {
	n := 0
	for i := range x.shards {
		n += 8 * len(x.shards[i].slots)
	}
	return n
}

// load reads the bucket "keys" and says how many it holds. count is how many are expected, so that nothing has to grow.
func (x *index) load(tx *bbolt.Tx, count uint64) (uint64, error) {
	per := 8
	for uint64(per)*3/4*256 < count+count/64 {
		per *= 2
	}
	for i := range x.shards {
		x.shards[i] = shard{slots: make([]uint64, per)}
	}
	n, c := uint64(0), tx.Bucket(keys.name).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		seq, ok := sequenceOf(k)
		payload, err := keys.open(k, v)
		if err != nil {
			return n, err
		}
		if !ok || seq == 0 || seq > maxSequence || len(payload) != 32 {
			return n, damaged("keys %x is malformed", k)
		}
		x.add(sweep.Key(payload), seq)
		n++
	}
	return n, nil
}
