package gd

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/widthlaw/widthlaw/agent/gd/kernel"
)

// networks makes both forms of one point's network, whatever its shape.
func networks(t *testing.T, p *pool, text string) (nets [2]*network, in *inputs) {
	t.Helper()
	trainer := TwoLayer()
	pt := point(t, trainer, text, nil)
	ds, err := makeDataset(t.Context(), pt, nil)
	if err != nil {
		t.Fatal(err)
	}
	kern, err := kernel.Choose("")
	if err != nil {
		t.Fatal(err)
	}
	in, err = newInputs(t.Context(), ds, kern, 1)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newCourse(pt, in.spectrum.relative())
	if err != nil {
		t.Fatal(err)
	}
	l := shape(pt, in.n, in.d)
	for i, gram := range []bool{false, true} {
		l.gram = gram
		nets[i] = newNetwork(l, kern, p, in, pt.Int("seed"), c.eta, keeps{true, true, true, true})
		nets[i].start()
	}
	return nets, in
}

// alone runs a test with a pool of one thread.
func alone(t *testing.T, test func(p *pool)) {
	t.Helper()
	if err := withPool(1, func(p *pool) error { test(p); return nil }); err != nil {
		t.Fatal(err)
	}
}

// TestPoolPanic: a panic of the caller's own work reaches the caller, and leaves no thread behind.
func TestPoolPanic(t *testing.T) {
	defer goleak.VerifyNone(t)
	defer func() {
		if recover() == nil {
			t.Error("the panic was lost")
		}
	}()
	withPool(2, func(p *pool) error {
		both := make(chan struct{})
		p.each(0, 2, func(w *worker, _ int) {
			if w == p.workers[0] {
				close(both)
				panic("no work")
			}
			<-both
		})
		return nil
	})
}

// TestFormsAgree: primal and Gram are two ways to the same trajectory.
func TestFormsAgree(t *testing.T) {
	alone(t, func(p *pool) {
		for _, text := range []string{"n=30 d=20 m=150 lr=0.4", "n=9 d=2 m=70 lr=0.2", "n=1 d=1 m=1 lr=0.1"} {
			nets, _ := networks(t, p, text)
			for k := range 25 {
				var loss, square, moved, longest [2]float64
				for i, net := range nets {
					loss[i] = net.loss()
					net.step(true)
					square[i] = net.gradientSquare()
					p.each(0, net.blocks(), net.moving)
					moved[i], longest[i] = total(net.moves), math.Sqrt(slices.Max(net.longest))
				}
				for what, pair := range map[string][2]float64{"loss": loss, "gradient": square, "mean move": moved, "greatest move": longest} {
					if math.Abs(pair[0]-pair[1]) > 1e-11*max(pair[0], pair[1], 1e-3) {
						t.Errorf("%s, step %d: %s is %v in primal form, %v in Gram form", text, k, what, pair[0], pair[1])
					}
				}
				if n := kernel.Differences(nets[0].bits, nets[1].bits); n != 0 {
					t.Errorf("%s, step %d: %d patterns differ", text, k, n)
				}
			}
		}
	})
}

// TestSmallGradient: where two inputs are as good as one and their labels differ, residuals stay and the gradient goes. Either form
// knows how small it is.
func TestSmallGradient(t *testing.T) {
	alone(t, func(p *pool) {
		for _, text := range []string{
			"n=17 d=64 m=128 data=pairs angle=1e-9 labels=rademacher seed=366655184136 lr=1/lambda_max",
			"n=6 d=5 m=20 data=clusters clusters=2 spread=0 labels=rademacher lr=1/lambda_max",
		} {
			nets, _ := networks(t, p, text)
			for range 200 {
				nets[0].step(true)
				nets[1].step(true)
			}
			primal, gram := math.Sqrt(nets[0].gradientSquare()), math.Sqrt(nets[1].gradientSquare())
			if !(math.Abs(primal-gram) < 1e-12) || primal > 1e-6 || nets[0].loss() < 0.1 {
				t.Errorf("%s: a gradient of %v in primal form, %v in Gram form, at a loss of %v", text, primal, gram, nets[0].loss())
			}
		}
	})
}

// TestNarrowerIsPrefix: a narrower network starts as the first neurons of a wider one.
func TestNarrowerIsPrefix(t *testing.T) {
	alone(t, func(p *pool) {
		narrow, _ := networks(t, p, "n=30 d=20 m=67 seed=4")
		wide, _ := networks(t, p, "n=30 d=20 m=200 seed=4")
		for i := range narrow {
			if !slices.Equal(narrow[i].bits, wide[i].bits[:len(narrow[i].bits)]) || !slices.Equal(signs(narrow[i]), signs(wide[i])[:67]) {
				t.Errorf("form %d: the narrow network is no prefix of the wide one", i)
			}
		}
		w, v := narrow[0].form.(*primalForm[float64]).w, wide[0].form.(*primalForm[float64]).w
		if !slices.Equal(w, v[:len(w)]) {
			t.Error("the weights are no prefix")
		}
	})
}

// signs is a network's second layer.
func signs(net *network) []float64 {
	if f, ok := net.form.(*gramForm[float64]); ok {
		return f.a
	}
	return net.form.(*primalForm[float64]).a
}

// TestWideTangentKernel: as the width grows, H(0) tends to H_inf, with an error of m^-1/2.
func TestWideTangentKernel(t *testing.T) {
	alone(t, func(p *pool) {
		const m = 1 << 16
		nets, in := networks(t, p, fmt.Sprintf("n=6 d=3 m=%d seed=9", m))
		tangent := newTangent(nets[0], in, false)
		tangent.look(0)
		tangent.eachRow(tangent.filling)
		for i := range 6 {
			for j := range i + 1 {
				dot := 0.0
				for q := range 3 {
					dot += in.rows[i*3+q] * in.rows[j*3+q]
				}
				want := dot * (math.Pi - math.Acos(min(1, max(-1, dot)))) / (2 * math.Pi)
				if got := tangent.h[i*6+j]; math.Abs(got-want) > 4*0.5/math.Sqrt(m) {
					t.Errorf("H(0)[%d, %d] is %v, its limit %v", i, j, got, want)
				}
			}
		}
	})
}

func TestStepsAllocateNothing(t *testing.T) {
	for _, threads := range []int{1, 3} {
		for _, precision := range []string{"float64", "float32"} {
			err := withPool(threads, func(p *pool) error {
				nets, _ := networks(t, p, "n=40 d=15 m=300 lr=0.1 precision="+precision)
				for i, net := range nets {
					allocations := testing.AllocsPerRun(20, func() {
						net.step(true)
						p.each(0, net.blocks(), net.moving)
						net.loss()
					})
					if allocations != 0 {
						t.Errorf("form %d, %s, %d threads: %v allocations a step", i, precision, threads, allocations)
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}
