package results

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// # about
//
//	"schema"   uint32    the layout's version; this entry keeps its form in every schema
//	"totals"   uint64    number of rows
//	           uint64    the last sequence number given out; never given again
//	           32 bytes  the sum modulo 2^256 of all rows' point digests (sweep/digest.go)
//	"epoch"    uint32    of the last start of a coordinator on this store
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

// clockEpoch is the least epoch at a time: quarters of a second since 2020, which last until 2054. From then on, and where the clock is
// wrong, epochs count starts.
func clockEpoch(now time.Time) uint32 {
	quarters := now.Sub(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) / (time.Second / 4)
	if quarters < 0 || quarters > math.MaxUint32-lostEpoch {
		return 0
	}
	return uint32(quarters)
}

// NextEpoch gives a coordinator that starts its epoch, which is durable before it is returned. It is larger than that of every start
// before, so that fences grow across restarts; also of those that a store which comes from a backup knows nothing of, as long as
// the clock is right and there are fewer than four starts a second.
func (s *Store) NextEpoch() (uint32, error) {
	var epoch uint32
	err := s.update(func(tx *bbolt.Tx) error {
		last, err := readUint32(tx, epochKey)
		if err != nil {
			return err
		}
		epoch = max(last+1, clockEpoch(time.Now()))
		if epoch <= last {
			return fmt.Errorf("%d is the last one there is: merge this state directory into a new one", last)
		}
		return putAbout(tx, epochKey, binary.BigEndian.AppendUint32(nil, epoch))
	})
	if err != nil {
		return 0, fmt.Errorf("the next epoch: %w", err)
	}
	return epoch, nil
}
