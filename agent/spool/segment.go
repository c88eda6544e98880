package spool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
)

// # A segment
//
//	"widthlaw spool 1\n"
//	records
//
//	record:  uint32   length of the payload
//	         uint32   CRC-32C of the four bytes before
//	         uint32   CRC-32C of the payload
//	         payload
//
// All integers are big-endian. Records are only appended. A segment ends where a record is cut short or its length is damaged;
// a record whose payload alone is damaged is passed over.
const (
	segmentMagic  = "widthlaw spool 1\n"
	segmentAny    = "widthlaw spool " // of every version
	segmentSuffix = ".spool"
	recordHeader  = 12
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ErrNewer means a segment that another version of the program wrote.
var ErrNewer = errors.New("segment of another version")

func appendRecord(b, payload []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(payload, castagnoli))
	return append(b, payload...)
}

// Read takes a segment apart. It returns the payloads that are whole, which share b's memory, and how many bytes are not.
func Read(b []byte) (payloads [][]byte, lost int, err error) {
	rest, ok := bytes.CutPrefix(b, []byte(segmentMagic))
	if !ok {
		line, _, whole := bytes.Cut(b, []byte("\n"))
		if whole && len(line) < 32 && bytes.HasPrefix(line, []byte(segmentAny)) {
			return nil, 0, ErrNewer
		}
		return nil, len(b), nil
	}
	for len(rest) >= recordHeader {
		length := binary.BigEndian.Uint32(rest)
		if crc32.Checksum(rest[:4], castagnoli) != binary.BigEndian.Uint32(rest[4:]) || uint64(length) > uint64(len(rest)-recordHeader) {
			break
		}
		payload := rest[recordHeader : recordHeader+length]
		if crc32.Checksum(payload, castagnoli) == binary.BigEndian.Uint32(rest[8:]) {
			payloads = append(payloads, payload)
		} else {
			lost += recordHeader + len(payload)
		}
		rest = rest[recordHeader+length:]
	}
	return payloads, lost + len(rest), nil
}

// A segment is one file of records.
type segment struct {
	folder *folder
	path   string
	file   *os.File // nil: not written to any more
	size   int64    // bytes that count; the file may be longer after a failed write
	live   int      // records that are not removed
}

// write appends b. After an error, what the file has beyond size is overwritten by the next write.
func (s *segment) write(b []byte) error {
	if _, err := s.file.WriteAt(b, s.size); err != nil {
		return errors.Join(err, s.file.Truncate(s.size))
	}
	s.size += int64(len(b))
	return nil
}

// clear drops all records of an active segment.
func (s *segment) clear() error {
	s.size = int64(len(segmentMagic))
	return s.file.Truncate(s.size)
}

// remove deletes the file, and its folder with the last one if nothing more will come there.
func (s *segment) remove() error {
	if s.file != nil {
		_ = s.file.Close()
		s.file = nil
	}
	s.folder.segments--
	if s.folder.left && s.folder.segments == 0 {
		defer s.folder.leave()
	}
	return os.Remove(s.path)
}
