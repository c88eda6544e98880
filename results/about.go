package results

import (
	"encoding/binary"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// # about
//
//	"schema"   uint32    the layout's version; this entry keeps its form in every schema
//	"totals"   uint64    number of rows
//	           uint64    the last sequence number given out; never given again
//	           32 bytes  the sum modulo 2^256 of all rows' point digests (sweep/digest.go)
//	"epoch"    uint32    starts of a coordinator on this store
//
// The totals are part of each commit that changes rows, so that a full read can tell whether rows are missing.
var (
	schemaKey = []byte("schema")
	totalsKey = []byte("totals")
	epochKey  = []byte("epoch")
)

type totals struct {
	digest sweep.Digest
	last   uint64 // sequence number
}

func putAbout(tx *bbolt.Tx, key []byte, payload []byte) error {
	return tx.Bucket(about.name).Put(key, about.seal(nil, key, func(b []byte) []byte { return append(b, payload...) }))
}

func putTotals(tx *bbolt.Tx, t totals) error {
	b := binary.BigEndian.AppendUint64(nil, t.digest.Count)
	b = binary.BigEndian.AppendUint64(b, t.last)
	return putAbout(tx, totalsKey, append(b, t.digest.Total[:]...))
}

func readTotals(tx *bbolt.Tx) (totals, error) {
	b, err := about.open(totalsKey, tx.Bucket(about.name).Get(totalsKey))
	if err != nil {
		return totals{}, err
	}
	return parseTotals(b)
}

func parseTotals(payload []byte) (totals, error) {
	if len(payload) != 48 {
		return totals{}, damaged("the totals are malformed")
	}
	return totals{
		digest: sweep.Digest{Count: binary.BigEndian.Uint64(payload), Total: [32]byte(payload[16:])},
		last:   binary.BigEndian.Uint64(payload[8:]),
	}, nil
}

func readUint32(tx *bbolt.Tx, key []byte) (uint32, error) {
	b, err := about.open(key, tx.Bucket(about.name).Get(key))
	if err == nil && len(b) != 4 {
		err = damaged("%s is malformed", key)
	}
	if err != nil {
		return 0, err
	}
	return binary.BigEndian.Uint32(b), nil
}

// create makes the buckets of an empty store.
func create(tx *bbolt.Tx) error {
	for _, k := range buckets {
		if _, err := tx.CreateBucket(k.name); err != nil {
			return err
		}
	}
	return errors.Join(
		putAbout(tx, schemaKey, binary.BigEndian.AppendUint32(nil, schema)),
		putAbout(tx, epochKey, make([]byte, 4)),
		putTotals(tx, totals{}))
}

// checkSchema refuses what a newer program wrote and finds a bucket that is missing.
func checkSchema(tx *bbolt.Tx) error {
	if tx.Bucket(about.name) == nil {
		return damaged("bucket about is missing")
	}
	v, err := readUint32(tx, schemaKey)
	if err != nil {
		return err
	}
	if v > schema {
		return fmt.Errorf("%w: it has schema %d, this one knows %d; use the newer one, or another directory with --state", ErrNewerSchema, v, schema)
	}
	for _, k := range buckets {
		if tx.Bucket(k.name) == nil {
			return damaged("bucket %s is missing", k.name)
		}
	}
	return nil
}

// NextEpoch counts a start of a coordinator and returns the count, which is durable before it is returned: no two starts
// get the same, so fences grow across restarts.
func (s *Store) NextEpoch() (uint32, error) {
	var epoch uint32
	err := s.update(func(tx *bbolt.Tx) error {
		last, err := readUint32(tx, epochKey)
		if err != nil {
			return err
		}
		epoch = last + 1
		return putAbout(tx, epochKey, binary.BigEndian.AppendUint32(nil, epoch))
	})
	if err != nil {
		return 0, fmt.Errorf("the next epoch: %w", err)
	}
	return epoch, nil
}
