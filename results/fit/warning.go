package fit

import (
	"fmt"
	"slices"
	"strings"
)

// A Warning is what a reader must know before he believes a law. Codes are stable; the text ends with what to add to the
// spec where that helps.
type Warning struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// What a warning is about is in its code:
//
//	no_results no_width unfinished                       there is little to analyse
//	not_recorded undefined lambda0_zero all_censored censored censored_matters best_lr   runs that say nothing
//	no_success no_failure above_widths below_widths open_interval one_width not_monotone   the needed width is not pinned
//	one_cluster few_clusters shared_data                 the intervals
//	one_n one_lambda0 no_line few_cells contradicted misfit disjoint separation no_growth floor narrow_range confounded spans_zero   the exponents
const (
	fewClusters    = 30
	measured       = 18 // clusters: from about here on the coverage measured at 20 speaks
	mostCensored   = 0.1
	mostMoved      = 0.1
	leastDecades   = 1.5
	widenBy        = 8 // how far beyond the swept widths a warning suggests to go
	leastHelpfulM  = 2
	suggestedCells = "n: [50, 100, 200, 400]"
	suggestedPairs = "`data: pairs` and `pairs: 1` in fixed, `angle: [0.02, 0.1, 0.5]` in grid"
)

// nothing is said of a sweep without results.
func (r *Runs) nothing() []Warning {
	if !r.widths {
		return []Warning{{"no_width", fmt.Sprintf("trainer %s has no width m: there is no needed width to find; export its results instead", r.trainer.Name)}}
	}
	return []Warning{{"no_results", "there are no results yet: run the sweep first, or wait until it has some"}}
}

// A warner collects a law's warnings.
type warner struct {
	law      *Law
	warnings []Warning
}

func (w *warner) warn(code, format string, args ...any) {
	w.warnings = append(w.warnings, Warning{code, fmt.Sprintf(format, args...)})
}

func (r *Runs) warnings(l *Law, f *family, event int, s *sample, o Options) []Warning {
	w := &warner{law: l, warnings: []Warning{}}
	if o.Done < o.Points {
		w.warn("unfinished", "%d of %d points are done: the numbers will move; run the sweep again to finish it, after `widthlaw retry` where points failed", o.Done, o.Points)
	}
	if o.BestRate {
		w.warn("best_lr", "a seed at a width counts as a success where any swept learning rate succeeds: the law is that of the best one, chosen afterwards")
	}
	w.missing(f.events[event], r.trainer.Judges[l.Event])
	if l.Runs == l.Censored {
		return w.warnings
	}
	w.extremes()
	w.cells()
	w.clusters(s.clusters, r.dataSeeds(), r.seeds)
	w.shared(s)
	if s.seed != nil && s.seeds < fewClusters {
		w.warn("few_clusters", "%d seeds, crossed with data seeds: what they share is known no better than from so many; add `seed: 0..%d`", s.seeds, fewClusters-1)
	}
	w.exponents()
	return w.warnings
}

// missing: runs that say nothing about the event, which a curve judges.
func (w *warner) missing(e eventCount, curve string) {
	l := w.law
	if e.unrecorded > 0 {
		w.warn("not_recorded", "%d runs did not record %s, by which the event %s is judged: add `record: {curves: [loss, %s]}`", e.unrecorded, curve, l.Event, curve)
	}
	if e.untrained > 0 {
		w.warn("untrained", "%d runs took no step, and the event %s is of a training: leave out `steps: 0`, or give `steps: 32/(eta*lambda0)`", e.untrained, l.Event)
	}
	zero := 0
	for _, c := range l.Cells {
		if c.Lambda0 == 0 {
			zero++
		}
	}
	if zero > 0 {
		w.warn("lambda0_zero", "lambda0 is 0 in %s (two equal inputs, or a rank below n): left out of the law; use other data there", plural(zero, "cell"))
	}
	if e.undefined > 0 {
		w.warn("undefined", "%d runs have no event %s (lambda0 is 0, eta lambda0 is 2 or more, or the objective has no such rate): left out; lower lr, as `lr: 1/lambda_max`", e.undefined, l.Event)
	}
	switch {
	case l.Runs > 0 && l.Runs == l.Censored:
		w.warn("all_censored", "every run ended before the event %s was decided: nothing can be said; %s", l.Event, moreSteps)
	case l.Censored > 0:
		w.censored()
	}
}

const moreSteps = "give more steps, as `steps: 64/(eta*lambda0)`, and raise `steps_limit` where it binds"

func (w *warner) censored() {
	var over []string
	for _, c := range w.law.Cells {
		var runs, censored uint64
		for _, width := range c.Widths {
			runs, censored = runs+width.Runs+width.Censored, censored+width.Censored
		}
		if float64(censored) > mostCensored*float64(runs) {
			over = append(over, fmt.Sprintf("%s (%.0f %%)", c.name(w.law), 100*float64(censored)/float64(runs)))
		}
	}
	text := fmt.Sprintf("%d of %d runs ended before the event was decided and are left out", w.law.Censored, w.law.Runs)
	if len(over) > 0 {
		text += fmt.Sprintf("; over %.0f %% in %s: the needed width there may be wrong", 100*mostCensored, list(over))
	}
	w.warn("censored", "%s; %s", text, moreSteps)
}

// readings: whether it matters what the censored runs would have been.
func (w *warner) readings() {
	if w.law.Readings == nil {
		return
	}
	var moved []string
	note := func(name, key string, t Term) {
		r := w.law.Readings
		if !r.apart(key, t) {
			return
		}
		text := fmt.Sprintf("%s %s or %s", name, cellText(r.of(r.Failures, key)), cellText(r.of(r.Successes, key)))
		if r.decides(key, t) {
			text += ", so it is not told"
		}
		moved = append(moved, text)
	}
	for _, t := range w.law.Line.Terms {
		note(symbol(t.Name), t.Name, t)
	}
	for _, t := range w.law.Line.Along {
		note(symbol(t.Name)+" along the sweep", alongName(t), t)
	}
	if len(moved) > 0 {
		w.warn("censored_matters", "with the censored runs as failures or as successes the exponents differ by more than their intervals, %s; %s", list(moved), moreSteps)
	}
}

// cells: where success does not grow with the width.
func (w *warner) cells() {
	var moved []string
	for _, c := range w.law.Cells {
		if c.Moved > mostMoved {
			moved = append(moved, fmt.Sprintf("%s (by %.2f)", c.name(w.law), c.Moved))
		}
	}
	if len(moved) > 0 {
		w.warn("not_monotone", "success falls somewhere as the width grows, and pooling moved it by more than %g, in %s: %s; if it stays, the needed width there is not one number", mostMoved, list(moved), w.law.more())
	}
}

// clusters: count of the sweep's data seeds have decided runs.
func (w *warner) clusters(count, all int, seeds seedCensus) {
	cells := ", and cell by cell they have no upper end"
	if w.law.Sought != nil {
		cells = ""
	}
	switch axis := seeds.dataAxis(); {
	case count == 1 && all > 1:
		w.warn("one_cluster", "of %d data seeds, one alone has decided runs: there are no intervals; see to it that the others decide the event", all)
	case count == 1 && seeds.many:
		w.warn("one_cluster", "all runs share one data_seed: there is no interval over data sets; leave data_seed out, so that it follows seed, or sweep it: `data_seed: 0..19`")
	case count == 1:
		w.warn("one_cluster", "there is one seed: a share of successes at one data set is no probability, and there are no intervals; add `%s: 0..19`", axis)
	case count < leastClusters:
		w.warn("few_clusters", "%d data seeds: under %d no exponent is told, and the law has no intervals, since in simulated sweeps with so few they held the truth far too seldom; add seeds: `%s: 0..%d`", count, leastClusters, axis, fewClusters-1)
	case count < measured:
		w.warn("few_clusters", "%d data seeds: under %d intervals are not to be trusted to their 95 %%, and under %d it was hardly measured how often they hold the truth; add seeds: `%s: 0..%d`", count, fewClusters, measured, axis, fewClusters-1)
	case count < fewClusters:
		w.warn("few_clusters", "%d data seeds: under %d intervals are not to be trusted to their 95 %%; in simulated sweeps with 20 those of exponents held the truth in 93 to 96 %%, those of needed widths by the law in 95 to 97 %%%s; add seeds: `%s: 0..%d`", count, fewClusters, cells, axis, fewClusters-1)
	}
}

// exponents: why a line's exponents are not told, or to be doubted.
func (w *warner) exponents() {
	l := w.law
	if !varies(l.Cells, func(c Cell) Number { return c.N }) {
		w.warn("one_n", "one n: its exponent cannot be told; sweep it: `%s`", suggestedCells)
	}
	if !varies(l.Cells, func(c Cell) Number { return c.Lambda0 }) {
		w.warn("one_lambda0", "one lambda0: its exponent cannot be told; sweep it at the same n: %s", suggestedPairs)
	}
	w.floor()
	line := l.Line
	if line == nil {
		w.warn("no_line", "fewer than two cells have a needed width of %d or more inside the %s: there are no exponents; add cells, `%s`%s", LeastWidth, l.swept(), suggestedCells, l.unless(", and widths on both sides of the needed one"))
		return
	}
	if _, terms := line.spoken(); line.Cells <= len(terms)+1 {
		w.warn("few_cells", "%s for %s: the line cannot be checked; add cells: `%s`", plural(line.Cells, "needed width"), plural(len(terms)+1, "coefficient"), suggestedCells)
	}
	if wrong := l.contradicted(); len(wrong) > 0 {
		w.contradicted(wrong)
	}
	w.shape()
	w.readings()
	if line.Confounded() {
		w.confounded()
	}
	for _, t := range line.Terms {
		if t.Decades < leastDecades {
			w.warn("narrow_range", "%s spans %.1f decades: an exponent over fewer than %g may be a local slope", symbol(t.Name), t.Decades, leastDecades)
		}
		if t.Low*t.High <= 0 && t.Inflation <= mostInflation {
			w.warn("spans_zero", "the interval of the exponent of %s, [%s, %s], holds 0: its sign is not told; %s or a wider range", symbol(t.Name), short(t.Low), short(t.High), l.more())
		}
	}
}

func (w *warner) contradicted(cells []int) {
	l := w.law
	var wrong []string
	for _, i := range cells {
		c, t := l.Cells[i], l.Thresholds[i]
		wrong = append(wrong, fmt.Sprintf("%s (%s, the law says %s)", c.name(l), t.needed(), short(l.Line.Width(c))))
	}
	w.warn("contradicted", "the law is wrong about %s: no exponent and no width by the law is told; %s", list(wrong), l.both())
}

// shape: where the model is not the data's.
func (w *warner) shape() {
	l := w.law
	var wrong []string
	for _, i := range l.misfits() {
		wrong = append(wrong, fmt.Sprintf("%s (%s, the law says %s)", l.Cells[i].name(l), l.Thresholds[i].needed(), short(l.asOwn(l.Cells[i]))))
	}
	if len(wrong) > 0 {
		consequence := "look at the residuals"
		if l.bends() {
			consequence = "no power law, and no exponent and no width by the law is told; sweep a narrower range of cells"
		}
		w.warn("misfit", "the law misses the needed width that %s show by themselves by more than a factor of %g, %s: %s", plural(len(wrong), "cell"), mostOff, list(wrong), consequence)
	}
	w.disjoint()
	if l.Line.Separated {
		w.warn("separation", "success is a sharp step of the width (complete separation), or hardly depends on it: the slope has a weak Cauchy(0, 2.5) prior, without which it has no bound; %s", l.closer())
	}
	if !(l.Line.Slope > 0) {
		w.warn("no_growth", "success does not grow with the width: there is no needed width; sweep wider networks, and look at the success by width")
	}
}

// disjoint: cells that the law is sure about, and wrong, by less than a misfit.
func (w *warner) disjoint() {
	l, gross := w.law, w.law.misfits()
	var apart []string
	for _, i := range l.disjoint() {
		if t := l.Thresholds[i]; !slices.Contains(gross, i) {
			apart = append(apart, fmt.Sprintf("%s (%s and %s)", l.Cells[i].name(l), t.interval(), t.Law.interval()))
		}
	}
	if len(apart) > 0 {
		w.warn("disjoint", "the cell's own interval and the law's do not meet in %s: there the law is a little off, and its interval too narrow; look at the residuals", list(apart))
	}
}

func (w *warner) floor() {
	var low []string
	for i, t := range w.law.Thresholds {
		if t.Inside && t.M < LeastWidth {
			low = append(low, w.law.Cells[i].name(w.law))
		}
	}
	if len(low) > 0 {
		w.warn("floor", "the needed width of %s is under %d, where a floor rules and not the law: widths under that are left out of it; sweep larger n", list(low), LeastWidth)
	}
}

func (w *warner) confounded() {
	line := w.law.Line
	var names []string
	worst := 0.0
	for _, t := range line.Terms {
		if !(t.Inflation <= mostInflation) {
			names, worst = append(names, symbol(t.Name)), max(worst, t.Inflation)
		}
	}
	inflation := "without bound"
	if worst < 1e6 {
		inflation = short(worst)
	}
	text := fmt.Sprintf("%s vary together (variance inflation %s): their exponents cannot be told apart", strings.Join(names, " and "), inflation)
	if along := w.law.alongText(); along != "" {
		following := "all following n"
		if len(line.Along) > 1 {
			following = "λ0 following n and d"
		}
		text += "; along this sweep, " + following + ", the needed width goes as " + along
	}
	w.warn("confounded", "%s; to part them sweep lambda0 at the same n: %s", text, suggestedPairs)
}

// name says which cell, by what varies in the law.
func (c Cell) name(l *Law) string {
	parts := []string{"n = " + cellText(c.N)}
	if varies(l.Cells, func(c Cell) Number { return c.D }) {
		parts = append(parts, "d = "+cellText(c.D))
	}
	if varies(l.Cells, func(c Cell) Number { return c.Angle }) {
		parts = append(parts, "angle = "+cellText(c.Angle))
	}
	return strings.Join(parts, ", ")
}

// list joins names and stops at four.
func list(names []string) string {
	if len(names) > 4 {
		names = append(names[:4:4], fmt.Sprintf("%d more", len(names)-4))
	}
	return strings.Join(names, "; ")
}

func plural(n int, of string) string {
	if n == 1 {
		return "one " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}
