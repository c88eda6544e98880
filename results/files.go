package results

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"

	"go.etcd.io/bbolt"
)

// # files and chunks
//
//	files    SHA-256 of the content, 32 bytes -> uint64 number, uint64 size, uint32 chunks
//	chunks   number, 8 bytes; index from 0, 4 bytes -> chunkSize bytes, the last chunk 1 to chunkSize
//
// The hash is known only when all has been read, so chunks come first, under a number, in commits of their own; what an
// interrupted PutFile left is removed when the next one begins.

const (
	chunkSize    = 256 << 10
	commitChunks = 16 // 4 MiB a commit
)

type file struct {
	number, size uint64
	chunks       uint32
}

func parseFile(key, value []byte) (file, error) {
	b, err := files.open(key, value)
	if err == nil && (len(b) != 20 || len(key) != 32) {
		err = damaged("files %x is malformed", key)
	}
	if err != nil {
		return file{}, err
	}
	return file{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:]), binary.BigEndian.Uint32(b[16:])}, nil
}

func findFile(tx *bbolt.Tx, name string) (file, error) {
	key, err := hex.DecodeString(name)
	if err != nil || len(key) != sha256.Size {
		return file{}, fmt.Errorf("%q is not a file's hash: it has 64 hex digits", name)
	}
	v := tx.Bucket(files.name).Get(key)
	if v == nil {
		return file{}, fmt.Errorf("%s: %w; submit the sweep that names it again", name, ErrNoFile)
	}
	return parseFile(key, v)
}

func chunkKey(number uint64, index uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, number), index)
}

// PutFile keeps what r yields and returns its SHA-256 in hex, by which OpenFile finds it. Equal content is kept once.
func (s *Store) PutFile(r io.Reader) (name string, err error) {
	s.filing.Lock()
	defer s.filing.Unlock()
	p := filing{store: s, hash: sha256.New()}
	if err = p.begin(); err == nil {
		for more := true; more && err == nil; {
			more, err = p.some(r)
		}
	}
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return "", fmt.Errorf("keeping a data file: %w", err)
	}
	return hex.EncodeToString(p.hash.Sum(nil)), nil
}

// A filing is one PutFile under way.
type filing struct {
	store *Store
	hash  hash.Hash
	file  file
}

// begin chooses a number and removes chunks that belong to no file.
func (p *filing) begin() error {
	return p.store.update(func(tx *bbolt.Tx) error {
		owned := map[uint64]bool{}
		err := tx.Bucket(files.name).ForEach(func(k, v []byte) error {
			f, err := parseFile(k, v)
			owned[f.number] = true
			p.file.number = max(p.file.number, f.number)
			return err
		})
		if err != nil {
			return err
		}
		c := tx.Bucket(chunks.name).Cursor()
		for k, _ := c.First(); len(k) == 12; {
			number := binary.BigEndian.Uint64(k)
			if !owned[number] {
				if err := dropChunks(tx, number); err != nil {
					return err
				}
			}
			k, _ = c.Seek(chunkKey(number+1, 0))
		}
		p.file.number++
		return nil
	})
}

// some reads and commits a few chunks and says whether there may be more. Reading is done before the commit begins.
func (p *filing) some(r io.Reader) (more bool, err error) {
	buffer := make([]byte, commitChunks*chunkSize)
	n, err := io.ReadFull(r, buffer)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	more, content := err == nil, buffer[:n]
	p.hash.Write(content)
	return more, p.store.update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(chunks.name)
		for len(content) > 0 {
			chunk := content[:min(chunkSize, len(content))]
			key := chunkKey(p.file.number, p.file.chunks)
			if err := b.Put(key, chunks.seal(nil, key, func(b []byte) []byte { return append(b, chunk...) })); err != nil {
				return err
			}
			content = content[len(chunk):]
			p.file.chunks++
			p.file.size += uint64(len(chunk))
		}
		return nil
	})
}

// end gives the content its name, or removes it again if it is there already.
func (p *filing) end() error {
	return p.store.update(func(tx *bbolt.Tx) error {
		b, key := tx.Bucket(files.name), p.hash.Sum(nil)
		if b.Get(key) != nil {
			return dropChunks(tx, p.file.number)
		}
		return b.Put(key, files.seal(nil, key, func(b []byte) []byte {
			b = binary.BigEndian.AppendUint64(b, p.file.number)
			b = binary.BigEndian.AppendUint64(b, p.file.size)
			return binary.BigEndian.AppendUint32(b, p.file.chunks)
		}))
	})
}

func dropChunks(tx *bbolt.Tx, number uint64) error {
	return deletePrefix(tx.Bucket(chunks.name), binary.BigEndian.AppendUint64(nil, number))
}

// OpenFile reads a data file, a chunk at a time; between chunks it holds nothing of the store.
func (s *Store) OpenFile(name string) (io.ReadCloser, error) {
	r := &fileReader{store: s}
	err := s.view(func(tx *bbolt.Tx) (err error) {
		r.file, err = findFile(tx, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("data file: %w", err)
	}
	return r, nil
}

type fileReader struct {
	store *Store
	file  file
	next  uint32 // chunk
	rest  []byte
}

func (r *fileReader) Read(b []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.next == r.file.chunks {
			return 0, io.EOF
		}
		key := chunkKey(r.file.number, r.next)
		err := r.store.view(func(tx *bbolt.Tx) error {
			chunk, err := chunks.open(key, tx.Bucket(chunks.name).Get(key))
			r.rest = bytes.Clone(chunk)
			return err
		})
		if err != nil {
			return 0, fmt.Errorf("data file: %w", err)
		}
		r.next++
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *fileReader) Close() error {
	r.next, r.rest = r.file.chunks, nil
	return nil
}
