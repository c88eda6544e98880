package gd

import (
	"context"
	"fmt"
	"math"

	"github.com/widthlaw/widthlaw/agent/gd/elementary"
	"github.com/widthlaw/widthlaw/sweep"
)

// A dataset is what a point is trained on. Points that run at once share it; nobody writes to it.
type dataset struct {
	N, D int
	X    []float64 // N x D, row by row
	Y    []float64 // N
}

// makeDataset makes a point's data set from its streams, or reads its file, which file turns from a hash into a local path.
func makeDataset(ctx context.Context, p sweep.Point, file func(ctx context.Context, hash string) (string, error)) (*dataset, error) {
	if p.Text("data") == "file" {
		return fileDataset(ctx, p, file)
	}
	ds := &dataset{N: int(p.Int("n")), D: int(p.Int("d"))}
	seed := p.Int("data_seed")
	switch p.Text("data") {
	case "clusters":
		ds.X = clusters(seed, ds.N, ds.D, uint64(p.Int("clusters")), p.Float("spread"))
	case "sphere", "pairs":
		var err error
		if ds.X, err = sphere(ctx, p, ds.N, ds.D); err != nil {
			return nil, err
		}
		if p.Text("data") == "pairs" {
			pairUp(ds.X, ds.D, int(p.Int("pairs")), p.Float("angle"))
		}
	default:
		return nil, fmt.Errorf("data: %q cannot be made; choose sphere, pairs, clusters or file", p.Text("data"))
	}
	return ds, ds.label(ctx, p)
}

// row is input i.
func (ds *dataset) row(i int) []float64 { return ds.X[i*ds.D:][:ds.D] }

// sphere is the first n rows of the stream, made length 1, whose teacher's output is at least the margin in size.
func sphere(ctx context.Context, p sweep.Point, n, d int) ([]float64, error) {
	s, margin := newStream(p.Int("data_seed"), forX), p.Float("margin")
	x := make([]float64, n*d)
	if margin == 0 {
		unitNormals(x, s, d, 0)
		return x, nil
	}
	const least = 64 // candidates at a time: each time the teacher's weights are made again
	found, tried, most := 0, 0, 1000*n
	batch := make([]float64, max(n, least)*d)
	for found < n && tried < most {
		rows := batch[:min(len(batch)/d, most-tried)*d]
		unitNormals(rows, s, d, uint64(tried)*uint64(d))
		f, err := newTeacher(p, d).outputs(ctx, rows)
		if err != nil {
			return nil, err
		}
		for i, v := range f {
			if math.Abs(v) >= margin && found < n {
				copy(x[found*d:][:d], rows[i*d:])
				found++
			}
		}
		tried += len(f)
	}
	if found < n {
		return nil, fmt.Errorf("margin: only %d of the first %d inputs have a teacher's output of at least %v in size, but n is %d; lower margin or n",
			found, most, margin, n)
	}
	return x, nil
}

// unitNormals fills x with rows of d normals from a word on, each made length 1.
func unitNormals(x []float64, s stream, d int, from uint64) {
	s.normals(x, from)
	for i := 0; i < len(x); i += d {
		unit(x[i:][:d])
	}
}

// pairUp turns row 2k+1 to a direction at the given angle from row 2k, in the plane of the two, for k < pairs.
func pairUp(x []float64, d, pairs int, angle float64) {
	cos, sin := elementary.Cos(angle), elementary.Sin(angle)
	for k := range pairs {
		u, v := x[2*k*d:][:d], x[(2*k+1)*d:][:d]
		along := dot(u, v)
		for j := range v {
			v[j] = math.FMA(-along, u[j], v[j])
		}
		unit(v)
		for j := range v {
			v[j] = math.FMA(sin, v[j], float64(cos*u[j]))
		}
	}
}

// clusters is n rows around as many centres as are asked for, in turn.
func clusters(seed int64, n, d int, centres uint64, spread float64) []float64 {
	s := newStream(seed, forX)
	centre := make([]float64, int(min(uint64(n), centres))*d) // the others have no row
	unitNormals(centre, s, d, 0)
	x := make([]float64, n*d)
	s.normals(x, centres*uint64(d))
	for i := range n {
		row, c := x[i*d:][:d], centre[int(uint64(i)%centres)*d:][:d]
		for j := range row {
			row[j] = math.FMA(spread, row[j], c[j])
		}
		unit(row)
	}
	return x
}

// unit makes a row of moderate size length 1.
func unit(row []float64) {
	size := length(row)
	for j := range row {
		row[j] /= size
	}
}

func length(row []float64) float64 { return math.Sqrt(dot(row, row)) }

// dot is one chain of fused multiply-adds in increasing index.
func dot(a, b []float64) float64 {
	s := 0.0
	for j, v := range a[:len(b)] {
		s = math.FMA(v, b[j], s)
	}
	return s
}
