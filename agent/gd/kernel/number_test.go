package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestFMA32 compares with exact arithmetic, on numbers whose sums fall near the middle between two float32s, subnormal ones too.
func TestFMA32(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	pick := func() float32 {
		x := float32(math.Ldexp(float64(r.IntN(1<<uint(1+r.IntN(24)))), r.IntN(60)-30))
		if r.IntN(4) == 0 {
			x *= 0x1p-120
		}
		if r.IntN(2) == 0 {
			x = -x
		}
		return x
	}
	middles := 0
	for range 2_000_000 {
		x, y := pick(), pick()
		z := pick()
		if r.IntN(2) == 0 { // the middle of two float32s, but for a product that is tiny beside it
			z = float32(math.Ldexp(float64(1<<23+r.IntN(1<<23)), -40))
			x, y = float32(math.Ldexp(float64(1+2*r.IntN(1<<8)), -41)), float32(1+math.Ldexp(float64(r.IntN(2)), -r.IntN(24)))
		}
		exact := new(big.Float).SetPrec(400).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
		exact.Add(exact, big.NewFloat(float64(z)))
		want, _ := exact.Float32()
		if got := fma32(x, y, z); got != want {
			t.Fatalf("fma32(%b, %b, %b) is %b, want %b", x, y, z, got, want)
		}
		if float32(float64(x)*float64(y)+float64(z)) != want {
			middles++
		}
	}
	if middles == 0 {
		t.Error("no sum was rounded twice: nothing was tested")
	}
}
