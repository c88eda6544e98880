package sweep

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// parseText reads a spec whose data files do not exist.
func parseText(t interface{ Fatalf(string, ...any) }, text string) *Spec {
	spec, err := Parse([]*Trainer{toy()}, "spec.yaml", []byte(text), nil)
	if err != nil {
		t.Fatalf("%s\n%v", text, err)
	}
	return spec
}

func TestSpecAsDocumented(t *testing.T) {
	spec := parseText(t, `
name: needed-width
trainer: toy
fixed:  {d: 100, data: pairs, pairs: 1, labels: gaussian}
grid:
  n: [50, 100, 200, 400]
  m: {log: [16, 65536], points: 13}
  lr: [0.1, 1/lambda_max]
  angle: [0.02, 0.1, 0.5]
  seed: 0..19
where:  "m >= 2 and m * d <= 1000000"
record: {curves: [loss, lambda_min], at: {log: 60}}
success: fit
resources: {threads: auto, memory: 4GiB, time: 2h}
retries: 2
quarantine_after: 3
priority: 0
`)
	count, exact := spec.Space.Count()
	if want := uint64(4 * 10 * 2 * 3 * 20); count != want || !exact {
		t.Errorf("Count is %d, %v; want %d", count, exact, want)
	}
	if spec.Space.Size() != 4*13*2*3*20 {
		t.Errorf("Size is %d", spec.Space.Size())
	}
	if r := spec.Resources; r.Threads != 0 || r.Memory != 4<<30 || r.Time != 2*time.Hour || spec.Success != "fit" {
		t.Errorf("settings are %+v, %s", r, spec.Success)
	}
	p, ok := spec.Space.Point(20*3*2*13 + 20*3 + 21)
	if got := fmt.Sprint(p.Int("n"), p.Int("m"), p.Get("lr").Kind == Relative, p.Float("angle"), p.Int("seed")); !ok || got != "100 16 true 0.1 1" {
		t.Errorf("Point is %s, %v", got, ok)
	}
}

func TestAxisForms(t *testing.T) {
	cases := []struct{ name, axis, want string }{
		{"m", "64", "64"},
		{"m", "1e3", "1000"},
		{"m", "[1, 2, 1e2]", "1 2 100"},
		{"m", "3..6", "3 4 5 6"},
		{"m", "0..100 step 10", "0 10 20 30 40 50 60 70 80 90 100"},
		{"m", "{log: [16, 65536], points: 13}", "16 32 64 128 256 512 1024 2048 4096 8192 16384 32768 65536"},
		{"m", "{linear: [0, 5], points: 3}", "0 2 5"}, // 2.5 goes to the even side
		{"m", "{linear: [1, 6], points: 3}", "1 4 6"}, // 3.5 too
		{"m", "{log: [1, 2], points: 4}", "1 1 2 2"},
		{"lr", "{linear: [0.1, 0.9], points: 9}", "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9"},
		{"lr", "0.1..0.3 step 0.1", "0.1 0.2 0.3"},
		{"lr", "[1e-3, 2/lambda_max]", "0.001 2"},
		{"lr", "{log: [1/lambda_max, 4/lambda_max], points: 3}", "1 2 4"},
		{"steps", "[10, 32/(eta*lambda0)]", "10 32"},
		{"seed", "[9223372036854775807, 0]", "9223372036854775807 0"},
		{"stop_at_fit", "[true, false]", "true false"},
		{"note", "[a..b, '3']", "a..b 3"},
	}
	for _, c := range cases {
		fixed := "{n: 4, d: 2, m: 1}"
		if c.name == "m" {
			fixed = "{n: 4, d: 2}"
		}
		trainer := toy()
		trainer.Param("m").Min = IntValue(0)
		spec, err := Parse([]*Trainer{trainer}, "spec.yaml", fmt.Appendf(nil, "name: a\ntrainer: toy\nfixed: %s\ngrid:\n  %s: %s\n", fixed, c.name, c.axis), nil)
		if err != nil {
			t.Errorf("%s: %v", c.axis, err)
			continue
		}
		var got []string
		for i := range spec.Space.Size() {
			v := spec.Space.axes[0].columns[0].at(i)
			got = append(got, v.String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s gives %v, want %s", c.name, c.axis, got, c.want)
		}
	}
}

// allocated is how many bytes do allocates, in all. What lists 10^9 points allocates gigabytes.
func allocated(do func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Ten to the ninth points with a where: counted exactly, in 100 MB. How long it takes is BenchmarkBillionPoints.
func TestBigSpaceIsCountedNotListed(t *testing.T) {
	var spec *Spec
	var count uint64
	var exact bool
	bytes := allocated(func() {
		spec = parseText(t, `
name: big
trainer: toy
fixed: {data: pairs, angle: 0.1, pairs: 1}
grid:
  n: {linear: [10, 1000], points: 100}
  d: 1..10
  m: {linear: [1, 1000], points: 1000}
  seed: 0..999
where: m * d <= 5000 and n > 10
`)
		count, exact = spec.Space.Count()
	})
	kept := 0
	for d := 1; d <= 10; d++ {
		kept += min(1000, 5000/d)
	}
	if want := uint64(99 * kept * 1000); count != want || !exact || spec.Space.Size() != 1e9 {
		t.Errorf("Count is %d, %v; want %d", count, exact, want)
	}
	if bytes > 100<<20 {
		t.Errorf("took %d bytes", bytes)
	}
	n := 0
	for i, p := range spec.Space.All() {
		if j, ok := spec.Space.Find(p); !ok || i != j {
			t.Fatalf("Find gives %d, %v for index %d", j, ok, i)
		}
		if n++; n == 1000 {
			break
		}
	}
}

// drawSpec writes a random small spec with zips, derives, helpers, idle parameters and repeated values.
func drawSpec(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("name: drawn\ntrainer: toy\nfixed: {init: standard}\ngrid:\n")
	small := func(label string) string {
		return fmt.Sprint(rapid.SliceOfN(rapid.IntRange(1, 4), 1, 4).Draw(t, label))
	}
	list := func(s string) string { return strings.ReplaceAll(s, " ", ", ") }
	axes := map[string]string{
		"n": list(small("n")), "d": list(small("d")), "m": list(small("m")),
		"seed":      rapid.SampledFrom([]string{"0..2", "[5, 3, 5]", "7"}).Draw(t, "seed"),
		"data":      rapid.SampledFrom([]string{"[sphere, pairs]", "[pairs]", "[pairs, sphere, pairs]"}).Draw(t, "data"),
		"angle":     rapid.SampledFrom([]string{"[0.1, 0.2]", "[0.1, 0.1, 0.3]", "0.5"}).Draw(t, "angle"),
		"pairs":     "1",
		"labels":    rapid.SampledFrom([]string{"[gaussian, teacher]", "[teacher]", "[teacher, gaussian]"}).Draw(t, "labels"),
		"noise":     rapid.SampledFrom([]string{"[0, 0.5]", "[0.25, 0, 0.25]"}).Draw(t, "noise"),
		"lr":        rapid.SampledFrom([]string{"[0.1, 1/lambda_max]", "[0.5, 0.5]"}).Draw(t, "lr"),
		"ratio":     rapid.SampledFrom([]string{"[0.5, 1, 1.5]", "[1, 2, 1]", "{log: [0.25, 4], points: 5}"}).Draw(t, "ratio"),
		"data_seed": rapid.SampledFrom([]string{"[0, 1]", "0"}).Draw(t, "data_seed"),
	}
	derive, where := []string{}, []string{}
	needed := []string{"n", "d", "m", "data", "angle", "pairs"}
	if rapid.Bool().Draw(t, "derive m") {
		needed = slices.DeleteFunc(append(needed, "ratio"), func(s string) bool { return s == "m" })
		derive = append(derive, "m: "+rapid.SampledFrom([]string{`"ceil(ratio * n / d)"`, `"max(1, round(ratio * n))"`, `"n + floor(ratio)"`}).Draw(t, "formula"))
	}
	where = append(where, "n >= 2")
	for _, part := range []string{
		"m * d <= 6", "n % 2 == 0 or d > 1", "data == 'pairs' or seed < 2", "angle < 0.25", "labels != 'teacher' or noise > 0.1",
		"n in [2, 3, 4]", "not (m == d)", "1 < m < 4", "abs(n - d) <= sqrt(4)", "data_seed <= 1", "min(n, d, 3) > 0",
	} {
		if rapid.IntRange(0, 3).Draw(t, part) == 0 {
			where = append(where, "("+part+")")
		}
	}
	for _, name := range []string{"labels", "noise", "lr", "seed", "data_seed"} {
		if rapid.Bool().Draw(t, "sweep "+name) && (name != "noise" || slices.Contains(needed, "labels")) {
			needed = append(needed, name)
		}
	}
	var zip string
	if rapid.Bool().Draw(t, "zip") {
		if a := rapid.SampledFrom(needed).Draw(t, "zip a"); a != "data" && a != "pairs" {
			needed = append(needed, "twin")
			size := strings.Count(axes[a], ",") + 1
			if strings.Contains(axes[a], "..") {
				size = 3
			}
			if strings.Contains(axes[a], "points") {
				size = 5
			}
			axes["twin"] = list(fmt.Sprint(rapid.SliceOfN(rapid.IntRange(0, 2), size, size).Draw(t, "twin")))
			where = append(where, "twin < 2")
			zip = fmt.Sprintf("zip: [[twin, %s]]\n", a)
		}
	}
	for _, name := range rapid.Permutation(needed).Draw(t, "order") {
		fmt.Fprintf(&b, "  %s: %s\n", name, axes[name])
	}
	b.WriteString(zip)
	if len(derive) > 0 {
		fmt.Fprintf(&b, "derive: {%s}\n", strings.Join(derive, ", "))
	}
	fmt.Fprintf(&b, "where: \"%s\"\n", strings.Join(where, " and "))
	return b.String()
}

// The space agrees with a plain listing of the whole product.
func TestSpaceAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawSpec(t)
		limit := rapid.SampledFrom([]uint64{componentLimit, 20, 1}).Draw(t, "limit") // 1: every component is too large
		spec, err := parseWithin(limit, []*Trainer{toy()}, "spec.yaml", []byte(text), nil)
		if err != nil {
			if strings.Contains(err.Error(), "nothing is kept") || strings.Contains(err.Error(), "cannot apply") {
				t.Skip("keeps nothing")
			}
			t.Fatalf("%s\n%v", text, err)
		}
		checkSpace(t, text, spec.Space)
	})
}

// checkSpace compares every method with a listing of all tuples by their values.
func checkSpace(t *rapid.T, text string, s *Space) {
	lowest := map[Key]uint64{}
	kept := map[uint64]Point{}
	for index := range s.Size() {
		p, ok := bruteForce(s, index)
		if !ok {
			continue
		}
		if _, repeated := lowest[p.Key()]; !repeated {
			lowest[p.Key()] = index
			kept[index] = p
		}
	}
	if count, exact := s.Count(); exact && count != uint64(len(kept)) {
		t.Fatalf("%s\nCount is %d, want %d", text, count, len(kept))
	}
	for index := range s.Size() + 2 {
		p, ok := s.Point(index)
		want, wanted := kept[index]
		if ok != wanted || ok && p.Key() != want.Key() {
			t.Fatalf("%s\nPoint(%d) is %v, %v; want %v, %v", text, index, p.Values, ok, want.Values, wanted)
		}
		if !ok {
			continue
		}
		if i, found := s.Find(p); !found || i != index {
			t.Fatalf("%s\nFind(Point(%d)) is %d, %v", text, index, i, found)
		}
		strange := Point{p.Trainer, slices.Clone(p.Values), p.Record}
		strange.Values[s.trainer.index("m")].Int += 100
		if i, found := s.Find(strange); found {
			t.Fatalf("%s\nFind of a strange point is %d", text, i)
		}
	}
	var walked []uint64
	for i, p := range s.All() {
		walked = append(walked, i)
		if want := kept[i]; p.Key() != want.Key() {
			t.Fatalf("%s\nAll gives %v at %d", text, p.Values, i)
		}
	}
	if want := slices.Sorted(maps.Keys(kept)); !slices.Equal(walked, want) {
		t.Fatalf("%s\nAll visits %v, want %v", text, walked, want)
	}
}

// bruteForce makes the point of an index by the definition: all values, formulas, the whole where, then Complete.
func bruteForce(s *Space, index uint64) (Point, bool) {
	v := s.newView()
	for i, a := range slices.Backward(s.axes) {
		v.set(i, index%a.size)
		index /= a.size
	}
	given := map[string]Value{}
	for _, f := range s.formulas {
		v.values[f.slot] = f.compute(v)
	}
	for slot := range s.helpers {
		if s.given[slot] {
			given[s.names[slot]] = v.values[slot]
		}
	}
	p, mistakes := s.trainer.Complete(given, s.record)
	if len(mistakes) > 0 {
		return p, false
	}
	for slot := range s.helpers {
		if !s.given[slot] {
			v.values[slot] = p.Values[slot]
		}
	}
	for _, c := range s.conjuncts {
		if !c.truth(&v.scope) {
			return p, false
		}
	}
	return p, true
}
