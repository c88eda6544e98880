package gd

import (
	"math"
	"slices"
	"testing"
)

// Golden words: hex(w) for w in numpy.random.Philox(key=numpy.array(KEY, dtype="uint64")).random_raw(1000)[[0, 1, 2, 3, 4, 5, 998, 999]]
var goldenWords = []struct {
	seed  int64
	what  uint64
	words [8]uint64
}{
	{0, 1, [8]uint64{0xd037f8c3f9a1d176, 0xc057419b4c210765, 0xabf13115117b0065, 0x7bae035dea6ea5c0, 0xb487ac82e7ddd46f, 0x45e81edba7c59426, 0x5cb290f12b97a25f, 0xaf4a3063ae2011a9}},
	{3, 2, [8]uint64{0xc4dabefbc016e86a, 0x970bd8176fea311f, 0x66d85ec1547d0b78, 0x9f817bb19d44fab0, 0x6a3b6bd1475282f2, 0xbbdd7b8bebbfbb78, 0x87cb76313d3884d4, 0x1e5b15b82018e320}},
	{math.MaxInt64, 7, [8]uint64{0xf2f0b57d6180edca, 0xa4aa4a249098c4e8, 0x11bf584fb5afa8b8, 0x76c742db65275157, 0xc47a9bc5618c5b0b, 0xcabffdeebd8d3e02, 0x17ccb2fb2213f0bf, 0x6f1aa0cec5d94c11}},
}

func TestWordsAreNumpys(t *testing.T) {
	for _, g := range goldenWords {
		w := make([]uint64, 1000)
		newStream(g.seed, g.what).words(w, 0)
		got := append(w[:6:6], w[998:]...)
		if !slices.Equal(got, g.words[:]) {
			t.Errorf("key (%d, %d): %#x, want %#x", g.seed, g.what, got, g.words)
		}
	}
}

func TestAnyWordWithoutThoseBefore(t *testing.T) {
	s := newStream(5, forW0)
	all := make([]uint64, 1100)
	s.words(all, 0)
	normals := make([]float64, len(all))
	s.normals(normals, 0)
	for from := range 12 {
		for _, count := range []int{0, 1, 2, 3, 4, 5, 7, 300, 1000} {
			w, z := make([]uint64, count), make([]float64, count)
			s.words(w, uint64(from))
			s.normals(z, uint64(from))
			if !slices.Equal(w, all[from:from+count]) || !slices.Equal(z, normals[from:from+count]) {
				t.Errorf("%d words from %d differ from the same words of the whole", count, from)
			}
		}
	}
}

func TestWordsToNumbers(t *testing.T) {
	if u := uniform(0); u != 0x1p-53 {
		t.Errorf("uniform(0) = %v, want 2^-53", u)
	}
	if u := uniform(math.MaxUint64); u != 1-0x1p-53 {
		t.Errorf("the largest uniform is %v, want 1 - 2^-53", u)
	}
	if sign(1<<63) != 1 || sign(1<<63-1) != -1 {
		t.Error("the sign is not +1 exactly where the top bit is 1")
	}
}

// TestNormalMoments: mean, variance and kurtosis of 10^5 normals, each within 5 of its standard deviations.
func TestNormalMoments(t *testing.T) {
	z := make([]float64, 100000)
	newStream(1, forX).normals(z, 0)
	var m1, m2, m4 float64
	for _, v := range z {
		m1, m2, m4 = m1+v, m2+v*v, m4+v*v*v*v
	}
	n := float64(len(z))
	for _, c := range []struct {
		name            string
		got, want, wide float64
	}{{"mean", m1 / n, 0, 1}, {"variance", m2 / n, 1, math.Sqrt2}, {"fourth moment", m4 / n, 3, math.Sqrt(96)}} {
		if math.Abs(c.got-c.want) > 5*c.wide/math.Sqrt(n) {
			t.Errorf("%s %v, want %v", c.name, c.got, c.want)
		}
	}
}
