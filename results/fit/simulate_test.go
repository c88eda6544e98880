package fit

import (
	"math"
	"math/rand/v2"

	"github.com/widthlaw/widthlaw/sweep"
)

// testTrainer has the parameters that a law reads, and a few that make families.
func testTrainer() *sweep.Trainer {
	value := func(v sweep.Value) func(sweep.Point) sweep.Value { return func(sweep.Point) sweep.Value { return v } }
	one := sweep.IntValue(1)
	return &sweep.Trainer{
		Name: "test", Version: 1, Events: []string{"fit", "rate", "kernel", "init"},
		Judges: map[string]string{"kernel": "lambda_min", "init": "lambda_min"},
		Params: []sweep.Param{
			{Name: "n", Type: sweep.IntType, Min: one},
			{Name: "d", Type: sweep.IntType, Min: one, Default: value(sweep.IntValue(20))},
			{Name: "m", Type: sweep.IntType, Min: one},
			{Name: "seed", Type: sweep.IntType, Default: value(sweep.IntValue(0))},
			{Name: "data_seed", Type: sweep.IntType, Default: func(p sweep.Point) sweep.Value { return p.Get("seed") }},
			{Name: "lr", Type: sweep.FloatType, Relative: "lambda_max", Default: value(sweep.RelativeValue(1))},
			{Name: "pairs", Type: sweep.IntType, Default: func(p sweep.Point) sweep.Value { return sweep.IntValue(p.Int("n") / 2) }},
			{Name: "angle", Type: sweep.FloatType, Default: value(sweep.FloatValue(1))},
			{Name: "objective", Type: sweep.TextType, Default: value(sweep.TextValue("squared"))},
		},
		Curves: []sweep.Curve{{Name: "loss"}, {Name: "lambda_min"}},
	}
}

// point makes a point; values of other names keep their default.
func point(t *sweep.Trainer, curves []string, given map[string]sweep.Value) sweep.Point {
	p, mistakes := t.Complete(given, sweep.Record{Curves: curves, At: sweep.DefaultRecord().At})
	if len(mistakes) > 0 {
		panic(mistakes[0].Text)
	}
	return p
}

// A law that is known: success with probability sigmoid(slope (log m - log m*) + logit .9), m* = c n^a lambda0^b, with the
// threshold of each data set moved by spread * normal, the same in all cells (bridge: by the distribution of that spread over which
// success is a sigmoid again: the law's model is then the truth of all data sets together); a share lapse of the runs fails at any width, and a
// share censored is not decided. With inits > 0, seeds are crossed with data seeds, and move the threshold as much.
type known struct {
	a, b, c, slope, spread float64
	lapse, censored        float64
	inits                  int64
	bridge                 bool
	vary                   float64 // by how much, in logs, lambda0 differs from data set to data set
	lambda0                func(n, angle float64) float64
	n                      []int64
	angle                  []float64
	m                      []int64
	seeds                  int64
}

func (k known) width(n int64, lambda0 float64) float64 {
	return k.c * math.Pow(float64(n), k.a) * math.Pow(lambda0, k.b)
}

// simulate draws all runs of a sweep of one event.
func (k known) simulate(seed uint64) *Runs {
	t := testTrainer()
	t.Events = []string{"fit"}
	runs, random := New(t), rand.New(rand.NewPCG(seed, 7))
	moves := make([]float64, max(k.inits, 1))
	for i := range moves {
		if k.inits > 0 {
			moves[i] = k.shift(k.seedShare(), 1, random)
		}
	}
	for data := range k.seeds {
		shift := k.shift(k.attenuation()/k.seedShare(), k.seedShare(), random)
		for init, move := range moves {
			given := map[string]sweep.Value{"seed": sweep.IntValue(data)}
			if k.inits > 0 {
				given["seed"], given["data_seed"] = sweep.IntValue(int64(init)), sweep.IntValue(data)
			}
			k.addRuns(runs, given, shift+move, random)
		}
	}
	return runs
}

// attenuation is the share of the slope that is left over all data sets and seeds, seedShare the part of it that is left over all seeds:
// with L standard logistic and B(phi) a bridge variable of variance pi^2/3 (1/phi^2 - 1), L + B(phi) is distributed as L/phi (Wang & Louis
// 2003, Biometrika 90, 765-775), so that L + B(q) + B(p)/q is as L/(p q).
func (k known) attenuation() float64 {
	if k.inits > 0 {
		return shareLeft(2 * k.slope * k.slope * k.spread * k.spread)
	}
	return shareLeft(k.slope * k.slope * k.spread * k.spread)
}

func (k known) seedShare() float64 {
	if k.inits > 0 {
		return shareLeft(k.slope * k.slope * k.spread * k.spread)
	}
	return 1
}

// shareLeft is the phi of a bridge variable of some variance.
func shareLeft(variance float64) float64 { return 1 / math.Sqrt(1+3*variance/(math.Pi*math.Pi)) }

// shift draws how far a threshold moves: B(phi)/over by logits, or as much a normal.
func (k known) shift(phi, over float64, random *rand.Rand) float64 {
	if !k.bridge {
		return k.spread * random.NormFloat64()
	}
	return bridge(phi, random.Float64()) / over / k.slope
}

// bridge is the bridge distribution's quantile.
func bridge(phi, share float64) float64 {
	return math.Log(math.Sin(phi*math.Pi*share)/math.Sin(phi*math.Pi*(1-share))) / phi
}

// addRuns draws the runs of one unit.
func (k known) addRuns(runs *Runs, given map[string]sweep.Value, shift float64, random *rand.Rand) {
	for _, n := range k.n {
		for _, angle := range k.angle {
			lambda0 := k.lambda0(float64(n), angle) * math.Exp(k.vary*math.Sin(1e4*shift))
			threshold := math.Log(k.width(n, lambda0)) + shift
			for _, m := range k.m {
				p := (1 - k.lapse) * sigmoid(k.slope*(math.Log(float64(m))-threshold)+logit(0.9))
				given["n"], given["m"], given["angle"] = sweep.IntValue(n), sweep.IntValue(m), sweep.FloatValue(angle)
				won := sweep.BoolValue(random.Float64() < p)
				if random.Float64() < k.censored {
					won = sweep.Value{}
				}
				runs.Add(point(runs.trainer, []string{"loss"}, given), sweep.Outcome{Scalars: map[string]sweep.Value{
					"lambda0": sweep.FloatValue(lambda0), "event_fit": won}})
			}
		}
	}
}

// squareLaw is a = 1, b = -2 over n and lambda0 that vary freely, seeds data seeds.
func squareLaw(seeds int64) known {
	return known{a: 1, b: -2, c: 0.05, slope: 3, spread: 0.3, seeds: seeds,
		lambda0: func(_, angle float64) float64 { return angle / (2 * math.Pi) },
		n:       []int64{20, 80, 320, 1280}, angle: []float64{0.3, 1, 3},
		m: powersOfTwo(3, 18)}
}

func powersOfTwo(from, to int) (m []int64) {
	for i := from; i <= to; i++ {
		m = append(m, 1<<i)
	}
	return m
}
