package kernel

import (
	"syscall"
	"testing"
	"unsafe"
)

// TestNothingIsReadOutside puts every operand right before a page that cannot be read, and right behind one.
func TestNothingIsReadOutside(t *testing.T) {
	w := newWalls(t)
	vectors(t, func(t *testing.T, k *Set) {
		for _, n := range lengths() {
			for _, rows := range []int{1, 7, 8, 11} {
				for _, w.high = range []bool{false, true} {
					walkSteps(w, k.Steps, rows, n)
					walkSteps(w, k.Single, rows, n)
					walkSums(w, k.Steps, rows, n)
					walkSums(w, k.Single, rows, n)
					w.used = 0
					k.Widen(place[float64](w, n), place[float32](w, n))
				}
			}
		}
	})
}

// walkSteps runs every kernel of a precision on operands that have a wall of their own.
func walkSteps[F Number](w *walls, k Steps[F], rows, n int) {
	w.used = 0
	x, y, few, sum := place[F](w, rows*n), place[F](w, rows*n), place[F](w, rows), place[F](w, n)
	bits := place[uint64](w, rows*Words(n))
	for i := range bits {
		bits[i] = Used(n, i%Words(n))
	}
	packed := &Packed[F]{Inner: n, Outer: 9, Data: place[F](w, n*Padded[F](9))}
	right := &Rows[F]{Inner: n, Outer: 9, Data: place[F](w, n*Padded[F](9))}
	work := place[F](w, rows*right.Width())
	k.Product(work, x, n, rows, packed)
	k.Descend(x, few, y, n, n)
	k.Push(x, few, bits, sum)
	k.Gather(work, bits, sum, rows, right)
	k.Step(place[F](w, rows*9), few, bits, sum, right, work)
	k.Activate(x, n, few, bits, sum)
}

// walkSums does the same with the kernels that sum along neurons.
func walkSums[F Number](w *walls, k Steps[F], rows, n int) {
	w.used = 0
	x, y, z, out := place[F](w, rows*n), place[F](w, rows*n), place[F](w, rows*n), place[float64](w, rows)
	k.Dots(out, x, n, y, n, n)
	k.Distances(out, x, y, n)
	k.Works(out, x, y, z, n)
}

// walls is memory in which every second stretch cannot be touched.
type walls struct {
	memory  []byte
	stretch int
	used    int
	high    bool // whether operands lie before a wall, and not behind one
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

// place is n numbers in the next stretch that can be used: right behind a wall, or right before one.
func place[T any](w *walls, n int) []T {
	w.used++
	room := w.memory[(2*w.used-1)*w.stretch:][:w.stretch]
	var x T
	size := int(unsafe.Sizeof(x))
	if w.high {
		room = room[w.stretch-n*size:]
	}
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(room))), w.stretch/size)[:n:n]
}
