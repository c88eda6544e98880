package sweep

import (
	"encoding/hex"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// The golden values were computed with Python's hashlib and integers:
//
//	sha256(bytes(range(32)) + b"widthlaw outcome 1\n"), sha256(bytes(range(32)) + b"failed"), their sum mod 2^256 with the
//	count 2 as 8 bytes, hashed
func TestDigestGolden(t *testing.T) {
	var k Key
	for i := range k {
		k[i] = byte(i)
	}
	done, failed := PointDigest(k, []byte("widthlaw outcome 1\n")), StateDigest(k, Failed)
	var none, both Digest
	both.Add(done)
	both.Add(failed)
	none0, both0 := none.Sum(), both.Sum()
	for _, c := range []struct {
		name string
		got  [32]byte
		want string
	}{
		{"done", done, "f68adc93f162bdd7c899c71fad23bf7c2dd1d3e64f95cdb9187c759b523e5bda"},
		{"failed", failed, "3afde8823d90dea6bb917893d39b6b331fc7a3a7c6de72bd5bc53d9ff3941324"},
		{"of none", none0, "2c34ce1df23b838c5abf2a7f6437cca3d3067ed509ff25f11df6b11b582b51eb"},
		{"of both", both0, "08e026e533754fec0bc4f017bf3dd223e7a77fb388fd103c8ea0cf479451e198"},
	} {
		if got := hex.EncodeToString(c.got[:]); got != c.want {
			t.Errorf("digest %s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestDigestIsASumModulo2To256(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	points := make([][32]byte, 300)
	var d Digest
	sum := new(big.Int)
	for i := range points {
		for j := range points[i] {
			points[i][j] = byte(r.Uint32())
		}
		if i%3 == 0 { // long carries
			for j := 1; j < 32; j++ {
				points[i][j] = 0xff
			}
		}
		d.Add(points[i])
		sum.Add(sum, new(big.Int).SetBytes(points[i][:]))
	}
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256))
	if got := new(big.Int).SetBytes(d.Total[:]); got.Cmp(sum) != 0 || d.Count != 300 {
		t.Fatalf("total %x of %d, want %x of 300", got, d.Count, sum)
	}
	shuffled := slices.Clone(points)
	r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	var other Digest
	for _, p := range shuffled {
		other.Add(p)
	}
	if other != d || other.Sum() != d.Sum() {
		t.Fatal("the digest depends on the order")
	}
	for _, p := range shuffled {
		d.Remove(p)
	}
	if d != (Digest{}) {
		t.Fatalf("all removed, yet %x remains", d.Total)
	}
}
