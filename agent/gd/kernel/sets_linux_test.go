package kernel

import (
	"syscall"
	"testing"
	"unsafe"
)

// TestNothingIsReadOutside puts every operand right before a page that cannot be read, and right behind one.
func TestNothingIsReadOutside(t *testing.T) {
	low, high := newWalls(t), newWalls(t)
	vectors(t, func(t *testing.T, k *Set) {
		for _, n := range lengths() {
			for _, rows := range []int{1, 7, 8, 11} {
				low.walk(k, rows, n, (*walls).behind)
				high.walk(k, rows, n, (*walls).before)
			}
		}
	})
}

// walk runs every kernel on operands that place gives out, one of each number's size to a wall.
func (w *walls) walk(k *Set, rows, n int, place func(w *walls, n int) []float64) {
	w.used = 0
	x, y, z := place(w, rows*n), place(w, rows*n), place(w, rows*n)
	few, many, sum := place(w, rows), place(w, rows), place(w, n)
	bits := unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(place(w, rows*Words(n))))), rows*Words(n))
	for i := range bits {
		bits[i] = 1<<min(64, n-i%Words(n)*64) - 1
	}
	b := &Packed{Inner: n, Outer: 9, Data: place(w, n*Padded(9))}
	k.Product(place(w, rows*b.Stride()), x, n, rows, b)
	k.Descend(x, few, y, n, n)
	k.Activate(z, n, few, bits, sum)
	k.Push(x, few, bits, sum)
	right := &Rows{Inner: n, Outer: 9, Data: place(w, n*Padded(9))}
	k.Gather(place(w, rows*right.Width()), bits, sum, rows, right)
	k.Dots(many, x, n, y, n, n)
	k.Distances(many, x, y, n)
	k.Works(many, x, y, z, n)
}

// walls is memory in which every second stretch cannot be touched.
type walls struct {
	memory  []byte
	stretch int
	used    int
}

func newWalls(t *testing.T) *walls {
	w := &walls{stretch: 8 * syscall.Getpagesize()}
	const rooms = 11
	memory, err := syscall.Mmap(-1, 0, (2*rooms+1)*w.stretch, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	for i := range rooms + 1 {
		if err := syscall.Mprotect(memory[2*i*w.stretch:][:w.stretch], syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	w.memory = memory
	return w
}

// room is the next stretch that can be used, as numbers.
func (w *walls) room() []float64 {
	w.used++
	from := w.memory[(2*w.used-1)*w.stretch:][:w.stretch]
	return unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(from))), w.stretch/8)
}

// behind is n numbers right behind a wall.
func (w *walls) behind(n int) []float64 { return w.room()[:n:n] }

// before is n numbers right before a wall.
func (w *walls) before(n int) []float64 {
	room := w.room()
	return room[len(room)-n:]
}
