package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// Every instruction set against the definition, to the bit, at all lengths around every edge of a block, on numbers of every kind. Only
// which NaN comes out of several is left open: there must be one in the same places.

// lengths are around all multiples of vectors, panels, unrolled turns and words.
func lengths() []int {
	var n []int
	for i := range 70 {
		n = append(n, i+1)
	}
	return append(n, 127, 128, 129, 130)
}

// heights are around all multiples of tiles and teams.
var heights = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 23, 64}

// vectors runs a test over every kernel that is not the definition.
func vectors(t *testing.T, test func(t *testing.T, k *Set)) {
	each(t, func(t *testing.T, k *Set) {
		if k != &generic {
			test(t, k)
		}
	})
}

// bothPrecisions runs a test over every kernel that is not the definition, in either precision.
func bothPrecisions(t *testing.T, double func(t *testing.T, k Steps[float64]), single func(t *testing.T, k Steps[float32])) {
	vectors(t, func(t *testing.T, k *Set) {
		t.Run("float64", func(t *testing.T) { double(t, k.Steps) })
		t.Run("float32", func(t *testing.T) { single(t, k.Single) })
	})
}

// definition is the kernels that the others are held against.
func definition[F Number]() (k Steps[F]) {
	switch k := any(&k).(type) {
	case *Steps[float64]:
		*k = generic.Steps
	case *Steps[float32]:
		*k = generic.Single
	}
	return k
}

// kinds are numbers of every kind, of float64 or of float32.
func kinds[F Number]() []F {
	least, most, normal := 5e-324, math.MaxFloat64, 2e-308
	if PanelOf[F]() == 16 {
		least, most, normal = 1e-45, math.MaxFloat32, 1.2e-38
	}
	return []F{
		0, F(math.Copysign(0, -1)), F(least), F(-least), F(normal / 100), F(-normal / 3), F(normal), F(-math.Sqrt(normal)), F(math.Pow(normal, 0.6)),
		F(most), F(-most), F(math.Pow(most, 0.6)), F(-math.Sqrt(most)), 1, -1,
	}
}

// mixed is random numbers with every kind among them; infinities and NaNs only if wild, because they drown the others.
func mixed[F Number](seed uint64, n int, wild bool) []F {
	r, all := rand.New(rand.NewPCG(seed, 2)), kinds[F]()
	span := 2100 // of exponents
	if PanelOf[F]() == 16 {
		span = 276
	}
	x := make([]F, n)
	for i, v := range random(seed, n) {
		x[i] = F(v)
		switch r.IntN(8) {
		case 0:
			x[i] = all[r.IntN(len(all))]
		case 1:
			x[i] = F(math.Ldexp(v, r.IntN(span)-span/2-12))
		case 2:
			if wild && r.IntN(8) == 0 {
				x[i] = []F{F(math.Inf(1)), F(math.Inf(-1)), F(math.NaN())}[r.IntN(3)]
			}
		}
	}
	return x
}

// A fence is a slice at an odd place, between bands that must stay as they are.
type fence[T comparable] struct {
	all    []T
	inside []T
	before []T
}

// fenced copies x into a field whose bands repeat post, so many numbers from where the allocator aligns it.
func fenced[T comparable](x []T, post T, from int) *fence[T] {
	all := slices.Repeat([]T{post}, from+len(x)+24)
	copy(all[from:], x)
	return &fence[T]{all: all, inside: all[from : from+len(x) : from+len(x)], before: slices.Clone(all)}
}

// post is a NaN that no arithmetic makes.
func post[F Number]() F {
	var x F
	switch p := any(&x).(type) {
	case *float64:
		*p = math.Float64frombits(0x7ff4dead00000001)
	case *float32:
		*p = math.Float32frombits(0x7fadead1)
	}
	return x
}

func bitsOf[F Number](x F) uint64 {
	switch v := any(x).(type) {
	case float32:
		return uint64(math.Float32bits(v))
	default:
		return math.Float64bits(float64(x))
	}
}

func (f *fence[T]) check(t *testing.T, what string, same func(a, b T) bool) {
	t.Helper()
	from, to := len(f.all)-len(f.inside)-24, len(f.all)-24
	for i, v := range f.all {
		if (i < from || i >= to) && !same(v, f.before[i]) {
			t.Fatalf("%s: wrote outside, at %d of %d", what, i-from, len(f.inside))
		}
	}
}

func exactly[F Number](a, b F) bool { return bitsOf(a) == bitsOf(b) }

func sameNumbers[F Number](t *testing.T, what string, got, want []F) {
	t.Helper()
	for i := range want {
		if bitsOf(got[i]) != bitsOf(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Fatalf("%s: number %d is %v (%x), want %v (%x)", what, i, got[i], bitsOf(got[i]), want[i], bitsOf(want[i]))
		}
	}
}

// both runs a kernel and the definition on copies of out and compares what they made.
func both[F Number, K any](t *testing.T, what string, out []F, from int, do func(out []F, k K), k, definition K) {
	t.Helper()
	got, want := fenced(out, post[F](), from), slices.Clone(out)
	do(got.inside, k)
	do(want, definition)
	sameNumbers(t, what, got.inside, want)
	got.check(t, what, exactly)
}

// displaced is x from places away from where the allocator aligns it.
func displaced[F Number](x []F, from int) []F { return fenced(x, post[F](), from).inside }

func TestProductEqualsDefinition(t *testing.T) {
	bothPrecisions(t, productEquals, productEquals)
}

func productEquals[F Number](t *testing.T, k Steps[F]) {
	try := func(rows, inner, outer int) {
		t.Helper()
		what := fmt.Sprintf("%d x %d x %d", rows, inner, outer)
		from, stride := (rows+inner+outer)%8, inner+outer%3
		wild := inner < 40 && outer%2 == 0 // a long chain with an infinity in it says nothing else
		a := displaced(mixed[F](uint64(inner), rows*stride, wild), from)
		b := &Packed[F]{Inner: inner, Outer: outer}
		b.Data = displaced(mixed[F](uint64(outer), inner*b.Stride(), wild), rows%8)
		both(t, what, slices.Repeat([]F{7}, rows*b.Stride()), from, func(c []F, k Steps[F]) { k.Product(c, a, stride, rows, b) }, k, definition[F]())
	}
	for _, rows := range heights {
		for outer := 1; outer <= 73; outer += 7 {
			for _, inner := range []int{0, 1, 2, 3, 4, 5, 8, 23, 65} {
				try(rows, inner, outer)
			}
		}
	}
	for _, inner := range lengths() {
		try(15, inner, 33)
	}
	for _, inner := range []int{1023, 1024, 2048, 2049, 3079} { // beyond 1,024 the inner index is cut
		try(14, inner, 41)
	}
	for rows := range 9 {
		for outer := range 4 {
			try(1+rows, 1025, 1+8*outer)
		}
	}
}

func TestDescendEqualsDefinition(t *testing.T) {
	bothPrecisions(t, descendEquals, descendEquals)
}

func descendEquals[F Number](t *testing.T, k Steps[F]) {
	for _, n := range lengths() {
		for _, rows := range heights {
			from, stride := n%8, n+rows%3
			coef, step := mixed[F](1, rows, false), displaced(mixed[F](2, rows*stride, rows%2 == 0), rows%8)
			both(t, fmt.Sprintf("%d x %d", rows, n), mixed[F](uint64(n), rows*n, rows%2 == 0), from,
				func(x []F, k Steps[F]) { k.Descend(x, coef, step, stride, n) }, k, definition[F]())
		}
	}
}

func TestCombineEqualsDefinition(t *testing.T) {
	vectors(t, func(t *testing.T, k *Set) {
		for _, n := range lengths() {
			for _, rows := range heights {
				from, apart, stride := n%8, rows%4, n+rows%3
				coef, step := displaced(mixed[float64](1, rows*max(1, apart), false), n%8), displaced(mixed[float64](2, rows*stride, rows%2 == 0), rows%8)
				both(t, fmt.Sprintf("%d x %d", rows, n), mixed[float64](uint64(n), n, rows%2 == 0), from,
					func(x []float64, k *Set) { k.Combine(x, coef, apart, step, stride, rows) }, k, &generic)
			}
		}
	})
}

func TestPushEqualsDefinition(t *testing.T) {
	bothPrecisions(t, pushEquals, pushEquals)
}

func pushEquals[F Number](t *testing.T, k Steps[F]) {
	for _, n := range lengths() {
		for _, rows := range heights {
			wild := rows%2 == 0
			coef, g, bits := mixed[F](1, rows, false), displaced(mixed[F](uint64(n), n, wild), rows%8), patterns(uint64(rows), rows, n)
			both(t, fmt.Sprintf("%d x %d", rows, n), mixed[F](uint64(n+1), rows*n, wild), n%8,
				func(x []F, k Steps[F]) { k.Push(x, coef, bits, g) }, k, definition[F]())
		}
	}
}

func TestGatherAndStepEqualDefinition(t *testing.T) {
	bothPrecisions(t, gatherEquals, gatherEquals)
}

func gatherEquals[F Number](t *testing.T, k Steps[F]) {
	try := func(rows, inner, outer int) {
		t.Helper()
		wild, what := inner < 40 && outer%2 == 0, fmt.Sprintf("%d x %d x %d", rows, inner, outer)
		g, coef, bits := displaced(mixed[F](uint64(inner), inner, wild), rows%8), mixed[F](5, rows, false), patterns(uint64(rows), rows, inner)
		if rows%4 == 2 {
			clear(bits[:Words(inner)]) // nothing is set
		}
		b := NewRows[F](inner, outer)
		b.Data = displaced(mixed[F](uint64(outer), len(b.Data), wild), inner%8)
		both(t, what, slices.Repeat([]F{7}, rows*b.Width()), (rows+inner)%8,
			func(c []F, k Steps[F]) { k.Gather(c, bits, g, rows, b) }, k, definition[F]())
		work := make([]F, rows*b.Width())
		both(t, "step "+what, mixed[F](uint64(rows), rows*outer, wild), (rows+outer)%8,
			func(x []F, k Steps[F]) { k.Step(x, coef, bits, g, b, work) }, k, definition[F]())
	}
	for _, rows := range heights {
		for outer := 1; outer <= 130; outer += 7 {
			for _, inner := range []int{1, 2, 63, 64, 65} {
				try(rows, inner, outer)
			}
		}
	}
	for _, inner := range lengths() {
		try(7, inner, 33)
	}
	for outer := range 200 { // every number of lanes, and of panels
		try(3, 70, 1+outer)
	}
}

// patterns is random ones of n samples, unused bits zero.
func patterns(seed uint64, rows, n int) []uint64 {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	bits := make([]uint64, rows*Words(n))
	for i := range bits {
		bits[i] = r.Uint64()
		if i%Words(n) == Words(n)-1 && n%64 > 0 {
			bits[i] &= 1<<(n%64) - 1
		}
	}
	return bits
}

func TestActivateEqualsDefinition(t *testing.T) {
	bothPrecisions(t, activateEquals, activateEquals)
}

func activateEquals[F Number](t *testing.T, k Steps[F]) {
	for _, n := range lengths() {
		for _, rows := range heights {
			tryActivate(t, k, rows, n)
		}
	}
}

func tryActivate[F Number](t *testing.T, k Steps[F], rows, n int) {
	t.Helper()
	what := fmt.Sprintf("%d x %d", rows, n)
	stride := n + rows%5
	z := displaced(mixed[F](uint64(n), rows*stride, rows%2 == 0), n%8)
	a := mixed[F](uint64(rows), rows, false)
	for i := range a {
		if rows%3 > 0 {
			a[i] = F(math.Copysign(1, float64(a[i])))
		}
	}
	old := patterns(uint64(rows), rows, n)
	if rows%4 == 1 {
		old[len(old)-1] |= 1 << 63 // an unused bit that is set is cleared, and counts
	}
	bits, wantBits := fenced(old, 0x5555555555555555, 3), slices.Clone(old)
	places, flips := [][]uint64{bits.inside, wantBits}, []int(nil)
	both(t, what, mixed[F](9, n, false), rows%8, func(sum []F, k Steps[F]) {
		flips = append(flips, k.Activate(z, stride, a, places[len(flips)], sum))
	}, k, definition[F]())
	if !slices.Equal(bits.inside, wantBits) || flips[0] != flips[1] {
		t.Fatalf("%s: patterns %x with %d flips, want %x with %d", what, bits.inside, flips[0], wantBits, flips[1])
	}
	bits.check(t, what, func(a, b uint64) bool { return a == b })
}

func TestWidenEqualsDefinition(t *testing.T) {
	vectors(t, func(t *testing.T, k *Set) {
		for _, n := range lengths() {
			from := displaced(mixed[float32](uint64(n), n, true), n%8)
			both(t, fmt.Sprint(n), make([]float64, n), n%5, func(to []float64, k *Set) { k.Widen(to, from) }, k, &generic)
		}
	})
}

func TestChainsEqualDefinition(t *testing.T) {
	bothPrecisions(t, chainsEqual, chainsEqual)
}

func chainsEqual[F Number](t *testing.T, k Steps[F]) {
	for _, n := range lengths() {
		for _, rows := range heights {
			what, from, gap := fmt.Sprintf("%d x %d", rows, n), n%8, rows%3
			wild := rows%2 == 0
			x, y := displaced(mixed[F](1, rows*(n+gap), wild), from), displaced(mixed[F](2, rows*(n+2), wild), rows%8)
			z := displaced(mixed[F](3, rows*n, wild), 1)
			try := func(name string, do func(out []float64, k Steps[F])) {
				both(t, what+name, random(4, rows), from, do, k, definition[F]())
			}
			try(" dots", func(out []float64, k Steps[F]) { k.Dots(out, x, n+gap, y, n+2, n) })
			try(" dots with one", func(out []float64, k Steps[F]) { k.Dots(out, x, n+gap, y, 0, n) })
			try(" distances", func(out []float64, k Steps[F]) { k.Distances(out, x, y, n) })
			try(" works", func(out []float64, k Steps[F]) { k.Works(out, x, y, z, n) })
		}
	}
}

// TestNothingToDo has no rows or no numbers.
func TestNothingToDo(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		f := func(n int) []float64 { return make([]float64, n) }
		empty := Pack[float64]([]float64(nil), 3, 0, 0, 1)
		k.Product(nil, nil, 3, 0, empty)
		k.Product(nil, make([]float64, 6), 3, 2, empty)
		k.Descend(nil, nil, nil, 3, 3)
		k.Descend(nil, []float64{1}, nil, 0, 0)
		k.Push(nil, []float64{1}, nil, nil)
		k.Push(nil, nil, nil, []float64{1})
		k.Gather(nil, make([]uint64, 2), f(1), 2, NewRows[float64](1, 0))
		k.Step(nil, nil, nil, f(1), NewRows[float64](1, 9), nil)
		k.Step(nil, f(2), make([]uint64, 2), f(1), NewRows[float64](1, 0), nil)
		k.Widen(nil, nil)
		k.Gather(nil, nil, f(1), 0, NewRows[float64](1, 9))
		sum, out := []float64{3}, make([]float64, 9)
		if flips := k.Activate(nil, 1, nil, nil, sum); flips != 0 || sum[0] != 3 {
			t.Errorf("no neurons: %d flips, the sum is %v", flips, sum[0])
		}
		k.Activate(nil, 0, []float64{1}, nil, nil)
		gathered := []float64{3, 3, 3, 3, 3, 3, 3, 3}
		k.Gather(gathered, nil, nil, 1, NewRows[float64](0, 8))
		if slices.Max(gathered) != 0 {
			t.Errorf("gathered %v of nothing", gathered)
		}
		out[8] = 5
		k.Dots(out, nil, 0, nil, 0, 0)
		if out[8] != 0 {
			t.Errorf("the sum of nothing is %v", out[8])
		}
	})
}

// TestShortSlices: what the definition's indexing would refuse must not reach the assembly.
func TestShortSlices(t *testing.T) {
	each(t, func(t *testing.T, k *Set) {
		f := func(n int) []float64 { return make([]float64, n) }
		b := Pack[float64](f(30), 3, 10, 10, 1)
		for name, call := range map[string]func(){
			"product: c":        func() { k.Product(f(31), f(6), 3, 2, b) },
			"product: a":        func() { k.Product(f(32), f(5), 3, 2, b) },
			"product: b":        func() { k.Product(f(32), f(6), 3, 2, &Packed[float64]{Inner: 3, Outer: 10, Data: f(47)}) },
			"descend: x":        func() { k.Descend(f(5), f(2), f(6), 3, 3) },
			"descend: step":     func() { k.Descend(f(6), f(2), f(6), 4, 3) },
			"combine: coef":     func() { k.Combine(f(3), f(4), 4, f(6), 3, 2) },
			"combine: step":     func() { k.Combine(f(3), f(5), 4, f(6), 4, 2) },
			"push: x":           func() { k.Push(f(5), f(2), make([]uint64, 2), f(3)) },
			"push: bits":        func() { k.Push(f(6), f(2), make([]uint64, 1), f(3)) },
			"gather: c":         func() { k.Gather(f(15), []uint64{7, 7}, f(3), 2, NewRows[float64](3, 3)) },
			"gather: bits":      func() { k.Gather(f(16), []uint64{7}, f(3), 2, NewRows[float64](3, 3)) },
			"gather: g":         func() { k.Gather(f(16), []uint64{7, 7}, f(2), 2, NewRows[float64](3, 3)) },
			"step: x":           func() { k.Step(f(5), f(2), []uint64{7, 7}, f(3), NewRows[float64](3, 3), f(16)) },
			"step: work":        func() { k.Step(f(6), f(2), []uint64{7, 7}, f(3), NewRows[float64](3, 3), f(15)) },
			"widen":             func() { k.Widen(f(2), make([]float32, 3)) },
			"gather: b":         func() { k.Gather(f(16), []uint64{7, 7}, f(3), 2, &Rows[float64]{Inner: 3, Outer: 3, Data: f(23)}) },
			"activate: z":       func() { k.Activate(f(5), 3, f(2), make([]uint64, 2), f(3)) },
			"activate: bits":    func() { k.Activate(f(6), 3, f(2), make([]uint64, 1), f(3)) },
			"dots: x":           func() { k.Dots(f(8), f(23), 3, f(24), 3, 3) },
			"dots: y":           func() { k.Dots(f(8), f(24), 3, f(2), 0, 3) },
			"distances: y":      func() { k.Distances(f(8), f(24), f(23), 3) },
			"works: start":      func() { k.Works(f(8), f(24), f(24), f(23), 3) },
			"works: the forces": func() { k.Works(f(8), f(23), f(24), f(24), 3) },
		} {
			if !panics(call) {
				t.Errorf("%s is short, and nobody noticed", name)
			}
		}
	})
}

func panics(call func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	call()
	return false
}
