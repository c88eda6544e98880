package fit

import (
	"math"
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Law is what the runs of one family say about one event: the needed width, cell by cell, and its exponents in
//
//	needed width ~ n^a lambda0^b d^c
//
// with the sign as written: a width that grows as lambda0 falls has b < 0.
type Law struct {
	Event      string         `json:"event"`
	Family     map[string]any `json:"family"` // every parameter that is not idle and is one value in the family
	Level      float64        `json:"level"`
	Runs       uint64         `json:"runs"` // whose event was asked for, censored ones among them
	Censored   uint64         `json:"censored"`
	Exponents  Exponents      `json:"exponents"`
	Thresholds []Threshold    `json:"thresholds"` // by d, angle, n
	Warnings   []Warning      `json:"warnings"`

	Method   string   `json:"method,omitempty"`   // "posterior" where the thresholds' own m is a search's; else it is isotonic
	BestRate bool     `json:"best_lr,omitempty"`  // a run counts as a success where any swept learning rate succeeds
	Model    *Model   `json:"model,omitempty"`    // nil where no law could be fitted
	Forms    []Form   `json:"forms,omitempty"`    // of the law, compared; the law's own first
	Readings *Reading `json:"readings,omitempty"` // where runs were censored
	Gaps     []Gap    `json:"gaps,omitempty"`     // to what the theorems ask for

	Crossings []Crossing `json:"crossings,omitempty"` // of the success of neighbouring n, by d, angle, n
	Along     *Exponent  `json:"along,omitempty"`     // of n, everything else following it as in this sweep; where exponents cannot be told apart
	AlongD    *Exponent  `json:"along_d,omitempty"`   // of d beside it, where the sweep tells n from d: lambda0 alone follows them

	Apart  string  `json:"-"` // what tells Family from the analysis' others, as text: ", lr = 0.5"
	Cells  []Cell  `json:"-"` // Invariant: Cells[i] belongs to Thresholds[i]
	Line   *Line   `json:"-"` // nil where no line could be drawn
	Sought *Sought `json:"-"` // nil where no search chose the widths
}

// A Model is the law's model at its peak, that of the law along the sweep where Along is: the logit of success, lapses aside, is Slope * log(m / needed m) + logit(level).
type Model struct {
	Intercept Number `json:"intercept"` // log of the needed width at n = lambda0 = d = 1
	Slope     Number `json:"slope"`
	Lapse     Number `json:"lapse"` // the share of runs that fail at any width
	Separated bool   `json:"separated"`
}

// A Reading has the exponents with every censored run as a failure, and as a success; "along" and "along_d" are of the law along the sweep.
type Reading struct {
	Failures  map[string]Number `json:"failures"`
	Successes map[string]Number `json:"successes"`
}

// Exponents are those of a Law. D is there only where d was swept.
type Exponents struct {
	N       Exponent  `json:"n"`
	Lambda0 Exponent  `json:"lambda0"`
	D       *Exponent `json:"d,omitempty"`
}

// An Exponent has its 95 % interval, by the cluster bootstrap, and beside it Fieller's. Told is false where the data does not
// carry it: where text prints ~.
type Exponent struct {
	Value   Number    `json:"value"`
	Low     Number    `json:"low"`
	High    Number    `json:"high"`
	Told    bool      `json:"told"`
	Fieller *Interval `json:"fieller,omitempty"`
	Read    *Interval `json:"-"` // what it may be as censored runs are read, failures or successes, where that differs by more than its interval; Law.Readings has both
}

// An Interval's ends are undefined where the data gives none.
type Interval struct {
	Low  Number `json:"low"`
	High Number `json:"high"`
}

// A Threshold is the needed width of one cell: the smallest at which the success reaches the level, by isotonic regression
// and interpolation in log m, with its 95 % interval over data seeds; beside a search the posterior's median, and its central 95 %.
//   - Inside, an undefined end of the interval lies beyond the swept widths, or a search's bounds (or there is no interval: one cluster).
//   - Not inside, M is undefined, and the needed width is above Low (the largest swept) or at most High (the smallest), beside a search
//     with a probability of 97.5 %; widths with many censored runs bound nothing, unless with these read against the bound they still do.
type Threshold struct {
	N       Number  `json:"n"`
	D       *Number `json:"d,omitempty"`     // where d was swept
	Angle   *Number `json:"angle,omitempty"` // where the angle was swept
	Lambda0 Number  `json:"lambda0"`         // the mean over the cell's data sets
	M       Number  `json:"m"`
	Low     Number  `json:"low"`
	High    Number  `json:"high"`
	Inside  bool    `json:"inside"`
	Law     *Needed `json:"law,omitempty"` // what the law says there, also beyond the swept widths; nil where it is wrong about the cells
}

// A Needed is a needed width by the law, with its 95 % interval; an end far beyond the swept widths is undefined.
type Needed struct {
	M    Number `json:"m"`
	Low  Number `json:"low"`
	High Number `json:"high"`
}

// A Cell is the success by width behind a Threshold.
type Cell struct {
	N, D, Angle, Lambda0 Number
	Widths               []Width   // by m
	Groups               []Group   // of Widths, by m: one each, or beside a search several together
	Moved                float64   // the most by which isotonic regression changed a width's share, or a group's by more than chance
	Response             *Response // beside a search, of a cell with decided runs

	wide span // beside a search, the posterior's interval by which the law is judged
}

// A Width is the success at one width of a cell.
type Width struct {
	M                         int64
	Runs, Successes, Censored uint64  // Runs: the decided ones
	Low, High                 float64 // Wilson's 95 % interval of Successes/Runs
	Fitted                    float64 // by isotonic regression; NaN without a decided run
}

// Share is Successes/Runs, NaN without a run.
func (w Width) Share() float64 { return float64(w.Successes) / float64(w.Runs) }

// Analyze says what the results say so far. More results may be added afterwards.
func (r *Runs) Analyze(o Options) *Analysis {
	o = o.withDefaults()
	a := &Analysis{Schema: 1, Sweep: o.Sweep, Laws: []Law{}, Theory: Theory(), Level: o.Level}
	families := r.lawFamilies(o.BestRate)
	for e, event := range r.trainer.Events {
		for _, f := range families {
			a.Laws = append(a.Laws, r.law(f, e, o))
		}
		if len(families) == 0 {
			a.Laws = append(a.Laws, Law{Event: event, Family: map[string]any{}, Level: o.Level, Exponents: untold(),
				Thresholds: []Threshold{}, Warnings: r.nothing()})
		}
	}
	a.tellApart()
	return a
}

func untold() Exponents {
	none := Exponent{Value: Undefined(), Low: Undefined(), High: Undefined()}
	return Exponents{N: none, Lambda0: none}
}

// law is one event of one family.
func (r *Runs) law(f *family, event int, o Options) Law {
	s := newSample(f, event, len(r.trainer.Events), r, o.Level)
	l := Law{Event: r.trainer.Events[event], Family: r.describe(f), Level: o.Level, Exponents: untold(), Thresholds: []Threshold{}, Warnings: []Warning{}}
	for i := range s.cells {
		c := s.cells[i].describe()
		l.Cells = append(l.Cells, c)
		for _, w := range c.Widths {
			l.Runs, l.Censored = l.Runs+w.Runs+w.Censored, l.Censored+w.Censored
		}
	}
	b := newBootstrap(&s, o.Draws)
	if o.Search != nil {
		l.seek(o.Search)
	} else {
		l.thresholds(b)
		l.Crossings = l.crossings(b)
	}
	l.Line = b.line(l.carrying(b))
	l.BestRate = o.BestRate
	if l.Line != nil {
		for _, c := range l.Cells {
			l.Line.spans = append(l.Line.spans, l.Line.span(c))
		}
		l.exponents()
		l.lawful(b)
	}
	l.Warnings = r.warnings(&l, f, event, &s, o)
	return l
}

// describe are the family's parameters as JSON's values; a Relative as in the spec.
func (r *Runs) describe(f *family) map[string]any {
	out := map[string]any{}
	for i, v := range f.values {
		param := &r.trainer.Params[i]
		if !v.Defined() || f.varies[i] || slices.Contains(lawParams, param.Name) {
			continue
		}
		switch v.Kind {
		case sweep.Bool:
			out[param.Name] = v.True()
		case sweep.Int:
			out[param.Name] = v.Int
		case sweep.Float:
			out[param.Name] = v.Float
		case sweep.Relative:
			out[param.Name] = v.String() + "/" + param.Relative
		case sweep.List:
			out[param.Name] = v.Entries()
		default:
			out[param.Name] = v.Text
		}
	}
	return out
}

// describe is the cell with every run counted once.
func (c *cellSample) describe() Cell {
	out := Cell{N: valueNumber(c.key.n), D: valueNumber(c.key.d), Angle: valueNumber(c.key.angle), Lambda0: number(c.meanLambda0(nil))}
	v := &curve{}
	v.fit(c, nil, unseen{})
	for i, m := range c.m {
		w := Width{M: m, Fitted: math.NaN(), Censored: c.censored(i)}
		if j := slices.Index(v.at, i); j >= 0 {
			w.Runs, w.Successes, w.Fitted = uint64(v.runs[j]), uint64(v.success[j]), v.fitted[j]
			out.Moved = max(out.Moved, math.Abs(w.Fitted-w.Share()))
		}
		w.Low, w.High = Wilson(w.Successes, w.Runs)
		out.Widths = append(out.Widths, w)
	}
	out.Groups = group(out.Widths, 0)
	return out
}

func (c *cellSample) censored(i int) (runs uint64) {
	for k := c.event; k < len(c.tallies[i]); k += c.events {
		runs += uint64(c.tallies[i][k].censored)
	}
	return runs
}

func valueNumber(v sweep.Value) Number {
	switch v.Kind {
	case sweep.Int:
		return Number(v.Int)
	case sweep.Float:
		return Number(v.Float)
	}
	return Undefined()
}

// thresholds fills in the needed width of every cell, by isotonic regression.
func (l *Law) thresholds(b *bootstrap) {
	b.readAll()
	l.Thresholds = l.blank()
	for i, c := range l.Cells {
		t := &l.Thresholds[i]
		switch x := b.estimate[i].logM; {
		case math.IsNaN(x): // no run decided
		case math.IsInf(x, 1):
			t.Low = c.above(b.sample.level)
		case math.IsInf(x, -1):
			t.High = c.atMost(b.sample.level)
		default:
			low, high := b.interval(func(r []reading) float64 { return r[i].logM }, func(weights []float64) float64 {
				return b.sample.cells[i].shareNear(x, weights)
			})
			t.M, t.Low, t.High, t.Inside = number(math.Exp(x)), number(zeroIsOpen(math.Exp(low))), number(math.Exp(high)), true
		}
	}
}

// blank are the cells' thresholds without a needed width.
func (l *Law) blank() []Threshold {
	manyD, manyAngles := varies(l.Cells, func(c Cell) Number { return c.D }), varies(l.Cells, func(c Cell) Number { return c.Angle })
	list := make([]Threshold, len(l.Cells))
	for i := range list {
		c := &l.Cells[i]
		list[i] = Threshold{N: c.N, Lambda0: c.Lambda0, M: Undefined(), Low: Undefined(), High: Undefined()}
		if manyD {
			list[i].D = &c.D
		}
		if manyAngles {
			list[i].Angle = &c.Angle
		}
	}
	return list
}

// zeroIsOpen: exp(-Inf), an end below the swept widths, is undefined and not 0.
func zeroIsOpen(x float64) float64 {
	if x == 0 {
		return math.NaN()
	}
	return x
}

// varies says whether a cell's coordinate takes more than one value; undefined is one.
func varies(cells []Cell, of func(Cell) Number) bool {
	return slices.ContainsFunc(cells, func(c Cell) bool {
		x, first := of(c), of(cells[0])
		return x != first && (x.Defined() || first.Defined())
	})
}
