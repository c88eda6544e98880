package fit

import "math"

// A posterior is its logarithm at a place with its gradient and its negative Hessian.
type posterior struct {
	value    float64
	gradient coefficients
	curve    [mostColumns][mostColumns]float64 // upper triangle
}

// The prior of the lapse is Beta(lapseSuccess, lapseFailure).
const lapseSuccess, lapseFailure = 2, 20

// The weak prior of a separated sample: Cauchy, by the scale of standardised coefficients (Gelman, Jakulin, Pittau & Su 2008,
// Ann. Appl. Stat. 2, 1360-1383).
const priorScale, interceptScale = 2.5, 10.0

// posterior evaluates at a place; unit u counts weights[u] times, nil: once each.
func (r *regression) posterior(at coefficients, weights []float64, prior bool, out *posterior) {
	*out = posterior{}
	v := r.look(at)
	for i := range r.blocks {
		b, w := &r.blocks[i], 1.0
		if weights != nil {
			if w = weights[b.unit]; w == 0 {
				continue
			}
		}
		s := v.sum(b)
		out.add(&s, b, w, r.columns)
	}
	out.addPriors(at, prior, r.columns)
}

// A view is the data from a place: what rows share.
type view struct {
	*regression
	at          coefficients
	lapse, keep float64
	x           []float64 // by width: its column, for a block without a shift
	growth      []float64 // by width: exp of its share of the linear predictor
}

func (r *regression) look(at coefficients) view {
	v := view{regression: r, at: at, lapse: sigmoid(at[r.columns]), keep: sigmoid(-at[r.columns]),
		x: make([]float64, len(r.logM)), growth: make([]float64, len(r.logM))}
	for i, logM := range r.logM {
		v.x[i] = (logM - r.mean[1]) / r.scale[1]
		v.growth[i] = math.Exp(at[1] * v.x[i])
	}
	return v
}

// sums are over a block's rows: the log likelihood and its derivatives in eta, in the lapse's logit, and in both, times powers
// of the row's x.
type sums struct {
	value                  float64
	slope, slopeX          float64
	bend, bendX, bendXX    float64
	mixed, mixedX          float64
	lapseSlope, lapseCurve float64
}

// far is the odds beyond which a product of two exponentials may have lost its meaning, or a product of probabilities could vanish.
const far = 1e100

// sum adds up a block. With lapse l, s = sigmoid(eta), odds E = exp(eta), P = (1-l) s and g = successes - failures P/(1-P), the
// derivatives of the log likelihood are (1-s) g in eta and -l g in logit l. Logarithms are taken of products of many rows.
func (v *view) sum(b *block) (t sums) {
	eta := v.at[0]
	for j, x := range b.terms {
		eta += v.at[j+2] * x
	}
	aside := -b.shift / v.scale[1]
	eta += v.at[1] * aside
	level, chance := math.Exp(eta), 1.0 // chance: the product of the rows' probabilities
	success, failure, width := v.success[b.from:b.to], v.failure[b.from:b.to], v.width[b.from:b.to]
	for i, place := range width {
		odds := level * v.growth[place]
		if !(odds > 1/far && odds < far) {
			odds = min(max(math.Exp(eta+v.at[1]*v.x[place]), 1e-300), 1e300)
		}
		miss, x := 1/(1+odds), v.x[place]+aside
		s := odds * miss
		won, lost := success[i], failure[i]
		g, bend := won, 0.0
		if lost > 0 {
			lapsed := 1 / (1 + v.lapse*odds)
			ratio := v.keep * odds * lapsed // P/(1-P)
			g -= lost * ratio
			bend = lost * ratio * (1 + odds) * lapsed
			chance = t.multiply(chance, miss*(1+v.lapse*odds), lost)
		}
		if won > 0 {
			chance = t.multiply(chance, v.keep*s, won)
		}
		slope := miss * g
		curve := s*miss*g + miss*miss*bend
		mixed := miss * v.lapse * bend
		t.slope, t.slopeX = t.slope+slope, t.slopeX+slope*x
		t.bend, t.bendX, t.bendXX = t.bend+curve, t.bendX+curve*x, t.bendXX+curve*x*x
		t.mixed, t.mixedX = t.mixed-mixed, t.mixedX-mixed*x
		t.lapseSlope -= v.lapse * g
		t.lapseCurve += v.lapse*v.keep*g + v.lapse*v.lapse*bend
	}
	t.value += math.Log(chance)
	return t
}

// multiply is chance times p for a single run of a row; what is not single, or would vanish, goes into the sum as a logarithm.
func (t *sums) multiply(chance, p, runs float64) float64 {
	if runs != 1 || p < 1/far {
		t.value += runs * math.Log(max(p, 1e-300))
		return chance
	}
	if chance *= p; chance < 1/far {
		t.value += math.Log(chance)
		return 1
	}
	return chance
}

// add adds a block's sums, w times.
func (p *posterior) add(t *sums, b *block, w float64, columns int) {
	last := columns
	p.value += w * t.value
	p.gradient[0] += w * t.slope
	p.gradient[1] += w * t.slopeX
	p.gradient[last] += w * t.lapseSlope
	p.curve[0][0] += w * t.bend
	p.curve[0][1] += w * t.bendX
	p.curve[1][1] += w * t.bendXX
	p.curve[0][last] += w * t.mixed
	p.curve[1][last] += w * t.mixedX
	p.curve[last][last] += w * t.lapseCurve
	for j, x := range b.terms {
		j += 2
		wx := w * x
		p.gradient[j] += wx * t.slope
		p.curve[0][j] += wx * t.bend
		p.curve[1][j] += wx * t.bendX
		p.curve[j][last] += wx * t.mixed
		for k := j; k < columns; k++ {
			p.curve[j][k] += wx * b.terms[k-2] * t.bend
		}
	}
}

// weigh adds another's log likelihood, w times.
func (p *posterior) weigh(q *posterior, w float64, size int) {
	p.value += w * q.value
	for j := range size {
		p.gradient[j] += w * q.gradient[j]
		for k := j; k < size; k++ {
			p.curve[j][k] += w * q.curve[j][k]
		}
	}
}

// addPriors adds that of the lapse, and with separated the Cauchy prior of the b.
func (p *posterior) addPriors(at coefficients, separated bool, columns int) {
	last, lapse, keep := columns, sigmoid(at[columns]), sigmoid(-at[columns])
	p.value += (lapseSuccess-1)*math.Log(max(lapse, 1e-300)) + (lapseFailure-1)*math.Log(max(keep, 1e-300))
	p.gradient[last] += (lapseSuccess-1)*keep - (lapseFailure-1)*lapse
	p.curve[last][last] += (lapseSuccess + lapseFailure - 2) * lapse * keep
	if !separated {
		return
	}
	for j := range columns {
		s, x := priorScale, at[j]
		if j == 0 {
			s = interceptScale
		}
		square := s*s + x*x
		p.value -= math.Log(square / (s * s))
		p.gradient[j] -= 2 * x / square
		p.curve[j][j] += 2 * (s*s - x*x) / (square * square)
	}
}
