package gd

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

const npyMagic = "\x93NUMPY"

// An npyHeader is what an NPY file says of its array. The format, versions 1 to 3: magic, version (two bytes), the header's
// length (2 bytes, from version 2 on 4, little-endian), the header (a Python dict of descr, fortran_order, shape), the array.
type npyHeader struct {
	kind       byte // f, i, u, b: float, integer, unsigned, bool
	size       int  // bytes of an element
	order      binary.ByteOrder
	fortran    bool // columns one after the other, not rows
	rows, cols int
	bytes      int64 // of what stands before the array
}

// readNPY reads at most so many rows of a file of fileSize bytes.
func readNPY(r *bufio.Reader, fileSize int64, want columnChoice, rows int) (*dataset, error) {
	h, err := readNPYHeader(r)
	if err != nil {
		return nil, err
	}
	if room := fileSize - h.bytes; int64(h.rows) > room/int64(h.cols*h.size) {
		return nil, fmt.Errorf("the array of %d x %d elements of %d bytes does not fit into the file, which is cut short; write it again", h.rows, h.cols, h.size)
	}
	if h.rows == 0 {
		return &dataset{}, nil // however many columns it says that it has
	}
	inputs, label, err := want.places(nil, h.cols)
	if err != nil {
		return nil, err
	}
	array := make([]byte, h.rows*h.cols*h.size)
	if _, err := io.ReadFull(r, array); err != nil {
		return nil, fmt.Errorf("reading the array: %w", err)
	}
	ds := &dataset{N: min(rows, h.rows), D: len(inputs)}
	for i := range ds.N {
		for _, j := range inputs {
			v, err := h.element(array, i, j)
			if err != nil {
				return nil, err
			}
			ds.X = append(ds.X, v)
		}
		if label >= 0 {
			v, err := h.element(array, i, label)
			if err != nil {
				return nil, err
			}
			ds.Y = append(ds.Y, v)
		}
	}
	return ds, nil
}

// mostHeader is more than numpy writes for two dimensions.
const mostHeader = 1 << 16

func readNPYHeader(r io.Reader) (h npyHeader, err error) {
	cut := errors.New("the file is cut short within its header; write it again")
	var start [8]byte
	if _, err := io.ReadFull(r, start[:]); err != nil {
		return h, cut
	}
	length := make([]byte, 4)
	switch version := start[6]; version {
	case 1:
		length = length[:2]
	case 2, 3:
	default:
		return h, fmt.Errorf("version %d of the NPY format is not known; write it with numpy.save", version)
	}
	if _, err := io.ReadFull(r, length); err != nil {
		return h, cut
	}
	size := uint32(0)
	for i, b := range length {
		size |= uint32(b) << (8 * i)
	}
	if size > mostHeader {
		return h, fmt.Errorf("a header of %d bytes is no array of numbers; write one with numpy.save", size)
	}
	text := make([]byte, size)
	if _, err := io.ReadFull(r, text); err != nil {
		return h, cut
	}
	h.bytes = int64(len(start) + len(length) + len(text))
	return h, h.parse(string(text))
}

var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([<>=|])([a-zA-Z])([0-9]+)'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([0-9L, ]*)\)`)
)

// parse reads the header's dict.
func (h *npyHeader) parse(text string) error {
	descr, fortran, shape := npyDescr.FindStringSubmatch(text), npyFortran.FindStringSubmatch(text), npyShape.FindStringSubmatch(text)
	if descr == nil || fortran == nil || shape == nil {
		return fmt.Errorf("the header %q is no plain array of numbers; convert it with astype(float) and write it with numpy.save", strings.TrimSpace(text))
	}
	h.order = binary.LittleEndian
	if descr[1] == ">" {
		h.order = binary.BigEndian
	}
	h.kind, h.fortran = descr[2][0], fortran[1] == "True"
	switch descr[2] + descr[3] {
	case "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1":
		h.size = int(descr[3][0] - '0')
	default:
		return fmt.Errorf("elements of type %s%s%s are not read; convert them with astype(float)", descr[1], descr[2], descr[3])
	}
	return h.parseShape(shape[1])
}

// parseShape reads "3, 4" or "3,": one dimension is one column.
func (h *npyHeader) parseShape(text string) error {
	wrong := fmt.Errorf("an array of shape (%s) is no table; reshape it to two dimensions, a row a sample", text)
	sides := strings.FieldsFunc(strings.ReplaceAll(text, "L", ""), func(r rune) bool { return r == ',' || r == ' ' })
	if len(sides) == 1 {
		sides = append(sides, "1")
	}
	if len(sides) != 2 {
		return wrong
	}
	rows, err1 := strconv.ParseInt(sides[0], 10, 64)
	cols, err2 := strconv.ParseInt(sides[1], 10, 64)
	if err1 != nil || err2 != nil || cols < 1 || cols > math.MaxInt/16 {
		return wrong
	}
	h.rows, h.cols = int(rows), int(cols)
	return nil
}

// element is that of row i, column j.
func (h *npyHeader) element(array []byte, i, j int) (float64, error) {
	at := i*h.cols + j
	if h.fortran {
		at = j*h.rows + i
	}
	b := array[at*h.size:][:h.size]
	v := h.value(b)
	if wrong := usable(v); wrong != "" {
		return 0, fmt.Errorf("row %d, column %d (the first is 0): %v %s", i, j, v, wrong)
	}
	return v, nil
}

// value decodes an element.
func (h *npyHeader) value(b []byte) float64 {
	var word uint64
	switch h.size {
	case 1:
		word = uint64(b[0])
	case 2:
		word = uint64(h.order.Uint16(b))
	case 4:
		word = uint64(h.order.Uint32(b))
	case 8:
		word = h.order.Uint64(b)
	}
	switch h.kind {
	case 'f':
		if h.size == 4 {
			return float64(math.Float32frombits(uint32(word)))
		}
		return math.Float64frombits(word)
	case 'i':
		unused := 64 - 8*h.size
		return float64(int64(word<<unused) >> unused)
	}
	return float64(word)
}
