package fit

import (
	"math"
	"slices"
)

// A Theorem is one row of what is known about the width that is enough. The exponents have the sign of a Law's; undefined
// where the row has none.
type Theorem struct {
	Result  string `json:"result"`
	Setting string `json:"setting"`
	Width   string `json:"width"` // as a formula
	N       Number `json:"n"`
	Lambda0 Number `json:"lambda0"`
	Mark    Mark   `json:"mark"`

	asks   func(ask) float64 // the formula with constant 1, as none of the papers' texts gives one; nil where it needs what no cell has
	events []string          // that it is about, the nearest first
	sphere bool              // asks is for points on the sphere, and has no lambda0
}

// An ask is where a formula is evaluated.
type ask struct{ n, d, lambda0 float64 }

// delta is the probability of failure that the formulas are evaluated at.
const delta = 0.1

// A Mark says how far a row was checked.
type Mark string

// The marks. Only Paper rows were read in the paper itself or in a text that restates it.
const (
	Paper    Mark = "paper"
	Derived  Mark = "derived"
	Quoted   Mark = "quoted"   // seen quoted by another paper
	Recalled Mark = "recalled" // from memory, not checked against the paper
	Title    Mark = "title"    // the paper's title says so
	Partly   Mark = "paper (n), recalled (rest)"
)

// Theory is the table. A result with several exponents has a row for each.
func Theory() []Theorem {
	none := Undefined()
	trained, start := []string{"rate", "kernel", "fit"}, []string{"init"}
	return []Theorem{
		{"rank of H(0) <= m d", "necessary", "n/d", 1, 0, Derived, func(a ask) float64 { return a.n / a.d }, trained, false},
		{"Du, Zhai, Poczos, Singh 2019", "hidden (and both), squared, ReLU", "n^6 / (lambda0^4 delta^3)", 6, -4, Paper, func(a ask) float64 { return math.Pow(a.n, 6) / (math.Pow(a.lambda0, 4) * delta * delta * delta) }, trained, false},
		{"Du, Zhai, Poczos, Singh 2019, Lemma 3.1 (init)", "Hoeffding", "n^2 log(n/delta) / lambda0^2", 2, -2, Paper, func(a ask) float64 { return a.n * a.n * math.Log(a.n/delta) / (a.lambda0 * a.lambda0) }, start, false},
		{"Oymak & Soltanolkotabi 2020", "hidden, ReLU", "n |X|^6 / lambda0^4; sphere n^4/d^3", 4, -4, Recalled, func(a ask) float64 { return math.Pow(a.n, 4) / math.Pow(a.d, 3) }, trained, true},
		{"Oymak & Soltanolkotabi 2020", "hidden, smooth", "sqrt(m d) >= n: sphere n^2/d", 2, -2, Partly, func(a ask) float64 { return a.n * a.n / a.d }, trained, true},
		{"Wu, Du, Ward 2019", "step 1/lambda_max", "n^6 / lambda0^4", 6, -4, Recalled, func(a ask) float64 { return math.Pow(a.n, 6) / math.Pow(a.lambda0, 4) }, trained, false},
		{"Song & Yang 2019", "matrix Chernoff", "n^4 / lambda0^4", 4, -4, Recalled, func(a ask) float64 { return math.Pow(a.n, 4) / math.Pow(a.lambda0, 4) }, trained, false},
		{"Song & Yang 2019", "matrix Chernoff, a condition on the data", "n^2", 2, none, Quoted, nil, nil, false},
		{"Arora, Du, Hu, Li, Wang 2019", "generalisation", "n^7 / lambda0^4", 7, -4, Recalled, func(a ask) float64 { return math.Pow(a.n, 7) / math.Pow(a.lambda0, 4) }, trained, false},
		{"Allen-Zhu, Li, Song 2019", "deep (L layers)", "n^24 L^12", 24, none, Quoted, nil, nil, false},
		{"Zou & Gu 2019", "deep (L layers)", "n^8 L^12", 8, none, Quoted, nil, nil, false},
		{"Cao & Gu 2019", "deep, classification", "n^7", 7, none, Quoted, nil, nil, false},
		{"Das & Golikov 2019", "", "n^2", 2, none, Title, func(a ask) float64 { return a.n * a.n }, trained, false},
		{"Song, Ramezani-Kebrya, Pethick, Eftekhari, Cevher 2021", "both, smooth", "n^1.5; n if d >= sqrt n", 1.5, none, Paper, func(a ask) float64 { return a.n * math.Sqrt(a.n) }, trained, false},
		{"Nguyen 2021", "deep, one wide layer, by the init", "n", 1, none, Paper, nil, nil, false},
		{"Nguyen 2021", "deep, one wide layer, by the init", "n^2", 2, none, Paper, nil, nil, false},
		{"Nguyen 2021", "deep, one wide layer, by the init", "n^3", 3, none, Paper, nil, nil, false},
		{"Daniely 2020; Kawaguchi & Huang 2019; Eftekhari 2019", "various", "~ n (parameters)", 1, none, Quoted, func(a ask) float64 { return a.n }, trained, false},
		{"Montanari & Zhong 2022", "lazy", "m d >> n", 1, 0, Paper, func(a ask) float64 { return a.n / a.d }, trained, false},
		{"Karhadkar, Murray, Montufar 2024", "NTK at the start", "|X|^2 d^3 / separation^2", 1, none, Paper, nil, nil, false},
		{"Liu, Zhu, Belkin 2020", "PL* on a ball of radius R, smooth", "n R^(6L+2) / (lambda0 - mu)^2", 1, -2, Recalled, nil, nil, false},
		{"Ji & Telgarsky 2020", "logistic, margin gamma", "log n / gamma^8", 0, none, Paper, nil, nil, false},
		{"Nitanda, Chinot, Suzuki 2019", "logistic, smooth, margin", "polynomial in 1/epsilon, not in n", 0, none, Recalled, nil, nil, false},
	}
}

// A Gap is what a theorem's formula asks for beside what was measured, at the law's largest n with a needed width of its own. The
// formulas have constant 1 and delta 0.1.
type Gap struct {
	Result   string `json:"result"`
	N        Number `json:"n"`
	D        Number `json:"d"`
	Lambda0  Number `json:"lambda0"`
	Asks     Number `json:"asks"`
	Measured Number `json:"measured"`
	Ratio    Number `json:"ratio"`

	width string
}

// gaps are those of the theorems about the law's event; nil where no cell has a needed width.
func (l *Law) gaps() (out []Gap) {
	at := -1
	for i, t := range l.Thresholds {
		if t.Inside && (at < 0 || t.N >= l.Thresholds[at].N) {
			at = i
		}
	}
	if at < 0 {
		return nil
	}
	c, m := l.Cells[at], l.Thresholds[at].M
	for _, t := range Theory() {
		if t.asks == nil || !slices.Contains(t.events, l.Event) || t.sphere && !l.onSphere() {
			continue
		}
		asks := number(t.asks(ask{float64(c.N), float64(c.D), float64(c.Lambda0)}))
		out = append(out, Gap{t.Result, c.N, c.D, c.Lambda0, asks, m, number(float64(asks / m)), t.Width})
	}
	return out
}

// onSphere says whether the family's points are random ones on the sphere.
func (l *Law) onSphere() bool { return l.Family["data"] == "sphere" }

// along is the exponent of n that the theorem asks for where lambda0 goes as n^drift; undefined where it has none.
func (t Theorem) along(drift float64, sphere bool) Number {
	if !t.Lambda0.Defined() || t.sphere && sphere {
		return t.N
	}
	return t.N + t.Lambda0*Number(drift)
}
