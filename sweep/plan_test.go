package sweep

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// A cursor hands out every point once, longest first, with the cost that Cost says; the total is their sum.
func TestCursorAgainstListing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawSpec(t)
		limit := rapid.SampledFrom([]uint64{componentLimit, 20}).Draw(t, "limit")
		spec, err := parseWithin(limit, []*Trainer{toy()}, "spec.yaml", []byte(text), nil)
		if err != nil {
			t.Skip("keeps nothing")
		}
		want := map[uint64]Key{}
		for i, p := range spec.Space.All() {
			want[i] = p.Key()
		}
		plan := NewPlan(spec)
		last, flops, memory := math.Inf(1), 0.0, int64(0)
		cursor := plan.Cursor()
		for range len(want) {
			index, p, cost, ok := cursor.Next()
			if !ok || want[index] != p.Key() {
				t.Fatalf("%s\nNext gives %d %v, %v", text, index, p.Values, ok)
			}
			delete(want, index)
			if cost != plan.Cost(p) {
				t.Fatalf("%s\nNext says %v, Cost %v", text, cost, plan.Cost(p))
			}
			if cost.Flops > last {
				t.Fatalf("%s\n%v follows the shorter %v", text, cost.Flops, last)
			}
			last = cost.Flops
			flops += cost.Flops
			memory = max(memory, cost.Memory)
		}
		if _, _, _, ok := cursor.Next(); ok {
			t.Fatalf("%s\nNext gives more points than All", text)
		}
		total, most := plan.Total()
		if _, exact := spec.Space.Count(); exact && (math.Abs(total-flops) > 1e-9*flops || most != memory) {
			t.Fatalf("%s\nTotal is %v, %d; want %v, %d", text, total, most, flops, memory)
		}
	})
}

// billion is a spec of at least 10^9 points.
func billion(m string) string {
	return `
name: big
trainer: toy
fixed: {data: pairs, angle: 0.1, pairs: 1}
grid:
  n: {linear: [10, 1000], points: 100}
  d: 1..10
  m: ` + m + `
  seed: 0..9999
where: m * d <= 5000
`
}

func TestPlanOfABillionPoints(t *testing.T) {
	for _, m := range []string{"{log: [16, 65536], points: 100}", "1..1000"} {
		bytes := allocated(func() {
			plan := NewPlan(parseText(t, billion(m)))
			flops, memory := plan.Total()
			_, p, cost, ok := plan.Cursor().Next()
			if !ok || flops < cost.Flops || memory < 8*p.Int("n")*p.Int("m") {
				t.Errorf("total is %v, %d; the first point %v costs %v", flops, memory, p.Values, cost)
			}
		})
		if bytes > 100<<20 {
			t.Errorf("%s: took %d bytes", m, bytes)
		}
	}
}

func BenchmarkBillionPoints(b *testing.B) {
	for b.Loop() {
		spec, err := Parse([]*Trainer{toy()}, "spec.yaml", []byte(billion("1..1000")), nil)
		if err != nil {
			b.Fatal(err)
		}
		spec.Space.Count()
		plan := NewPlan(spec)
		plan.Total()
		plan.Cursor().Next()
	}
}

// Absolute steps and learning rates need no spectrum.
func TestNoSpectrumWithoutRelativeValues(t *testing.T) {
	trainer := toy()
	trainer.Spectrum = func(Point) (Spectrum, error) {
		t.Error("a spectrum is computed")
		return Spectrum{}, nil
	}
	spec, err := Parse([]*Trainer{trainer}, "spec.yaml", []byte("name: a\ntrainer: toy\nfixed: {n: 4, d: 2, m: 1, steps: 10, lr: 0.1}"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if plan := NewPlan(spec); plan.Guessed() || plan.Cost(firstPoint(spec)).Steps != 10 {
		t.Error("the cost is a guess")
	}
}

func firstPoint(spec *Spec) Point {
	for _, p := range spec.Space.All() {
		return p
	}
	return Point{}
}

// The toy's spectrum is 1/n, d: a power law that interpolation in log n finds exactly, also beyond the sizes computed.
func TestSpectraAreInterpolated(t *testing.T) {
	computed := 0
	trainer := toy()
	truth := trainer.Spectrum
	trainer.Spectrum = func(p Point) (Spectrum, error) {
		computed++
		if p.Int("n") > spectrumSize {
			t.Errorf("a spectrum of size %d is computed", p.Int("n"))
		}
		return truth(p)
	}
	for _, n := range []string{"{linear: [1, 2000], points: 2000}", "[3000, 5000]"} {
		text := "name: a\ntrainer: toy\nfixed: {d: 2, m: 1}\ngrid:\n  n: " + n + "\n  seed: 0..9"
		spec, err := Parse([]*Trainer{trainer}, "spec.yaml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		plan := NewPlan(spec)
		for _, p := range spec.Space.All() {
			want, _ := truth(p)
			if got := plan.Cost(p); math.Abs(float64(got.Steps-toyCost(p, want).Steps)) > 1 {
				t.Fatalf("n = %d: %d steps, want %d", p.Int("n"), got.Steps, toyCost(p, want).Steps)
			}
		}
	}
	if computed > 2*spectrumCells {
		t.Errorf("%d spectra are computed", computed)
	}
}
