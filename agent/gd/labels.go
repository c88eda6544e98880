package gd

import (
	"context"
	"fmt"
	"math"

	"github.com/widthlaw/widthlaw/sweep"
)

// label makes the labels of inputs that stand; those of a file are there already.
func (ds *dataset) label(ctx context.Context, p sweep.Point) error {
	seed := p.Int("data_seed")
	switch p.Text("labels") {
	case "gaussian":
		ds.Y = make([]float64, ds.N)
		newStream(seed, forY).normals(ds.Y, 0)
	case "rademacher":
		ds.Y = make([]float64, ds.N)
		newStream(seed, forY).signs(ds.Y, 0)
	case "teacher", "teacher-sign":
		f, err := newTeacher(p, ds.D).outputs(ctx, ds.X)
		if err != nil {
			return err
		}
		ds.Y = f
		if p.Text("labels") == "teacher-sign" {
			noisySigns(ds.Y, seed, p.Float("noise"))
		}
	default:
		return fmt.Errorf("labels: %q cannot be made from data: %s; choose gaussian, rademacher, teacher or teacher-sign", p.Text("labels"), p.Text("data"))
	}
	return nil
}

// noisySigns turns each y into its sign, 0 into +1, and flips it with the chance noise.
func noisySigns(y []float64, seed int64, noise float64) {
	u := make([]float64, len(y))
	newStream(seed, forNoise).uniforms(u, 0)
	for i, v := range y {
		y[i] = 1
		if v >= 0 == (u[i] < noise) {
			y[i] = -1
		}
	}
}

// A teacher is the network f*(x) = k^-1/2 sum_q b_q relu(v_q . x), q < k, that labels inputs. Its stream holds the rows v_q,
// then the signs b_q; they are made as they are needed, so that a wide teacher takes no memory.
type teacher struct {
	stream stream
	width  uint64
	d      int
}

func newTeacher(p sweep.Point, d int) teacher {
	return teacher{newStream(p.Int("data_seed"), forTeacher), uint64(p.Int("teacher_width")), d}
}

// outputs is f* of each row of x. Each is one chain over the teacher's neurons.
func (t teacher) outputs(ctx context.Context, x []float64) ([]float64, error) {
	f := make([]float64, len(x)/t.d)
	v, b := make([]float64, t.d), make([]float64, 1)
	for q := range t.width {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		t.stream.normals(v, q*uint64(t.d))
		t.stream.signs(b, t.width*uint64(t.d)+q)
		for i := range f {
			f[i] = math.FMA(b[0], max(dot(v, x[i*t.d:][:t.d]), 0), f[i])
		}
	}
	scale := 1 / math.Sqrt(float64(t.width))
	for i := range f {
		f[i] *= scale
	}
	return f, nil
}
