package sweep

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// # The canonical encoding of a point
//
// It is the preimage of the point's key, the form in which points travel and are stored, and never changes:
//
//	"widthlaw point 1\n"
//	text      the trainer's name
//	uint32    the trainer's version
//	entries   sorted by name; only parameters that are not idle and differ from their default,
//	          "record" if the curves differ from the default's, "at" if the schedule does
//
//	entry:    text name, one tag byte, payload
//	  'b'  1 byte, 0 or 1
//	  'i'  8 bytes, two's complement
//	  'f'  8 bytes, IEEE 754 bits; never NaN, an infinity or -0
//	  'r'  8 bytes, likewise: TIMES of TIMES/quantity
//	  't'  text
//	  'h'  32 bytes: a data file's SHA-256
//	  'l'  uint32 count, then as many texts
//	  's'  one byte (0 all, 1 every, 2 log), 8 bytes: the count (0 for all)
//	text:     uint32 length in bytes, then UTF-8
//
// All integers are big-endian. The key is the SHA-256 of these bytes.
const pointMagic = "widthlaw point 1\n"

// A Key names a point: same work, same key, in any sweep, on any machine, forever.
type Key [32]byte

// String is the key in hexadecimal.
func (k Key) String() string { return hex.EncodeToString(k[:]) }

// ParseKey reads 64 hex digits.
func ParseKey(s string) (Key, error) {
	var k Key
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(k) {
		return k, fmt.Errorf("%q is not a key: it has 64 hex digits", s)
	}
	copy(k[:], b)
	return k, nil
}

// Key is the SHA-256 of p's canonical encoding.
func (p Point) Key() Key { return KeyOf(p.Encode(nil)) }

// KeyOf is the key of an encoded point.
func KeyOf(encoded []byte) Key { return sha256.Sum256(encoded) }

type entry struct {
	name string
	put  func([]byte) []byte
}

// Encode appends the canonical encoding of a valid point.
func (p Point) Encode(b []byte) []byte {
	t := p.Trainer
	b = append(b, pointMagic...)
	b = putText(b, t.Name)
	b = binary.BigEndian.AppendUint32(b, uint32(t.Version))
	entries := make([]entry, 0, len(t.Params)+2)
	for i := range t.Params {
		v, param := p.Values[i], &t.Params[i]
		if !v.Defined() || param.Default != nil && param.Default(p) == v {
			continue
		}
		entries = append(entries, entry{param.Name, func(b []byte) []byte { return putValue(b, v) }})
	}
	if d := DefaultRecord(); !slices.Equal(p.Record.Curves, d.Curves) {
		entries = append(entries, entry{"record", func(b []byte) []byte { return putValue(b, ListValue(p.Record.Curves)) }})
	}
	if at := p.Record.At; at != DefaultRecord().At {
		entries = append(entries, entry{"at", func(b []byte) []byte {
			b = append(b, 's', byte(at.Kind))
			return binary.BigEndian.AppendUint64(b, uint64(at.Count))
		}})
	}
	slices.SortFunc(entries, func(x, y entry) int { return strings.Compare(x.name, y.name) })
	for _, e := range entries {
		b = putText(b, e.name)
		b = e.put(b)
	}
	return b
}

func putText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func putValue(b []byte, v Value) []byte {
	switch v.Kind {
	case Bool:
		return append(b, 'b', byte(v.Int))
	case Int:
		return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(v.Int))
	case Float:
		return binary.BigEndian.AppendUint64(append(b, 'f'), math.Float64bits(v.Float))
	case Relative:
		return binary.BigEndian.AppendUint64(append(b, 'r'), math.Float64bits(v.Float))
	case Text:
		return putText(append(b, 't'), v.Text)
	case File:
		h, err := hex.DecodeString(v.Text)
		if err != nil || len(h) != 32 {
			panic("sweep: a File value without a SHA-256: " + v.Text)
		}
		return append(append(b, 'h'), h...)
	case List:
		list := v.Entries()
		b = binary.BigEndian.AppendUint32(append(b, 'l'), uint32(len(list)))
		for _, s := range list {
			b = putText(b, s)
		}
		return b
	}
	return append(b, 'n')
}

// Entries are those of a List.
func (v Value) Entries() []string {
	list := strings.Split(v.Text, "\n")
	return list[:len(list)-1]
}

// ErrEncoding means bytes that no Encode of this program wrote.
var ErrEncoding = errors.New("malformed encoding")

// ErrTrainer means a point of a trainer, or of a version of one, that this program does not have.
var ErrTrainer = errors.New("unknown trainer or trainer version")

// DecodePoint is the inverse of Encode. It accepts exactly what Encode writes for one of the trainers: the result encodes
// to the same bytes.
func DecodePoint(trainers []*Trainer, b []byte) (Point, error) {
	r := reader{rest: b}
	if string(r.take(len(pointMagic))) != pointMagic {
		return Point{}, fmt.Errorf("point: %w", ErrEncoding)
	}
	name, version := r.text(), r.uint32()
	if r.bad {
		return Point{}, fmt.Errorf("point: %w", ErrEncoding)
	}
	i := slices.IndexFunc(trainers, func(t *Trainer) bool { return t.Name == name && uint32(t.Version) == version })
	if i < 0 {
		return Point{}, fmt.Errorf("point of trainer %q version %d: %w", name, version, ErrTrainer)
	}
	given, record := map[string]Value{}, DefaultRecord()
	for len(r.rest) > 0 && !r.bad {
		switch name := r.text(); name {
		case "at":
			if string(r.take(1)) != "s" {
				r.bad = true
			}
			kind := r.take(1)
			record.At.Count = int64(r.uint64())
			if !r.bad {
				record.At.Kind = ScheduleKind(kind[0])
			}
		case "record":
			record.Curves = r.value().list()
		default:
			given[name] = r.value()
		}
	}
	if r.bad {
		return Point{}, fmt.Errorf("point: %w", ErrEncoding)
	}
	p, mistakes := trainers[i].Complete(given, record)
	if len(mistakes) > 0 {
		return Point{}, fmt.Errorf("point: %s: %w", mistakes[0].Text, ErrEncoding)
	}
	if !record.At.valid() || string(p.Encode(nil)) != string(b) {
		return Point{}, fmt.Errorf("point: not in canonical form: %w", ErrEncoding)
	}
	return p, nil
}

// list is Entries, nil for any other kind.
func (v Value) list() []string {
	if v.Kind != List {
		return nil
	}
	return v.Entries()
}

// A reader takes an encoding apart; once bad, everything that it reads is zero.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n int) []byte {
	if r.bad || n < 0 || n > len(r.rest) {
		r.bad = true
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) text() string { return string(r.take(int(r.uint32()))) }

func (r *reader) value() Value {
	tag := r.take(1)
	if tag == nil {
		return Value{}
	}
	switch tag[0] {
	case 'n':
		return Value{}
	case 'b':
		if b := r.take(1); b != nil && b[0] <= 1 {
			return Value{Kind: Bool, Int: int64(b[0])}
		}
	case 'i':
		return IntValue(int64(r.uint64()))
	case 'f', 'r':
		bits := r.uint64()
		f := math.Float64frombits(bits)
		if math.IsNaN(f) || math.IsInf(f, 0) || bits == 1<<63 {
			break
		}
		if tag[0] == 'r' {
			return RelativeValue(f)
		}
		return FloatValue(f)
	case 't':
		return TextValue(r.text())
	case 'h':
		return FileValue(hex.EncodeToString(r.take(32)))
	case 'l':
		n := r.uint32()
		if int64(n)*4 > int64(len(r.rest)) {
			break
		}
		list := make([]string, n)
		for i := range list {
			list[i] = r.text()
		}
		return ListValue(list)
	}
	r.bad = true
	return Value{}
}
