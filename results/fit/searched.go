package fit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/sweep/search"
)

// A Search collects what a sweep that searches for the needed width has found, cell by cell: the posterior by which it chose
// its runs. The laws are fitted to the same runs as for any other sweep; which runs were made does not bias a likelihood.
type Search struct {
	about sweep.Search
	event string
	gauge *gauge // at the search's own level
	cells map[string]*searchedCell
	order []*searchedCell // by their first points
}

type searchedCell struct {
	point sweep.Point
	tried
	data map[int64]struct{} // data seeds
}

// NewSearch collects results of a sweep whose success is an event.
func NewSearch(s sweep.Search, event string) *Search {
	return &Search{about: s, event: event, gauge: newGauge(s, s.Level), cells: map[string]*searchedCell{}}
}

// Add counts a result.
func (s *Search) Add(p sweep.Point, o sweep.Outcome) { s.count(p, o.Scalars["event_"+s.event]) }

// GiveUp counts a point that came to rest without a result.
func (s *Search) GiveUp(p sweep.Point) { s.count(p, sweep.Value{}) }

func (s *Search) count(p sweep.Point, verdict sweep.Value) {
	key := ""
	for i, v := range p.Values {
		if param := &p.Trainer.Params[i]; !param.Seed && param.Name != s.about.Param {
			key += v.String() + "\x00"
		}
	}
	c := s.cells[key]
	if c == nil {
		c = &searchedCell{point: p, data: map[int64]struct{}{}}
		s.cells[key] = c
		s.order = append(s.order, c)
	}
	if v := p.Get("data_seed"); v.Kind == sweep.Int {
		c.data[v.Int] = struct{}{}
	}
	m := p.Int(s.about.Param)
	switch {
	case verdict.Kind != sweep.Bool:
		s.gauge.add(&c.tried, m, 0, 0, 1)
	case verdict.True():
		s.gauge.add(&c.tried, m, 1, 0, 0)
	default:
		s.gauge.add(&c.tried, m, 0, 1, 0)
	}
}

// gaugeAt is the search's gauge at a level.
func (s *Search) gaugeAt(level float64) *gauge {
	if level == s.about.Level {
		return s.gauge
	}
	return newGauge(s.about, level)
}

// A Searched is what the search says of one cell.
type Searched struct {
	Cell     map[string]any `json:"cell"` // the parameters in which cells differ
	Event    string         `json:"event"`
	Level    float64        `json:"level"`
	Runs     int            `json:"runs"`
	Censored int            `json:"censored"`
	M        Number         `json:"m"`
	Low      Number         `json:"low"`  // undefined: the threshold may be below the lower bound
	High     Number         `json:"high"` // undefined: it may be above the upper one
	End      string         `json:"end"`
	DataSets int            `json:"data_sets,omitempty"` // different data seeds, where they are fewer than the runs; 0: each run has its own

	names []string // of the cell's parameters, in order
	texts []string
}

// Cells are what the search says of each cell; running says whether more may come.
func (s *Search) Cells(running bool) []Searched {
	differ := s.differing()
	var list []Searched
	for _, c := range s.order {
		b := s.gauge.look(&c.tried, search.Credible)
		x := Searched{Cell: map[string]any{}, Event: s.event, Level: s.about.Level, Runs: c.tally.Runs, Censored: c.tally.Censored,
			M: b.m, Low: b.low, High: b.high, End: b.end.String()}
		if len(c.data) < c.tally.Runs {
			x.DataSets = len(c.data)
		}
		if b.end == search.Open && !running {
			x.End = "the seeds are used up"
		}
		for _, i := range differ {
			param := &c.point.Trainer.Params[i]
			text, value := written(c.point.Values[i], param)
			x.names, x.texts = append(x.names, param.Name), append(x.texts, text)
			x.Cell[param.Name] = value
		}
		list = append(list, x)
	}
	return list
}

// written is a value as text and as JSON's.
func written(v sweep.Value, p *sweep.Param) (text string, value any) {
	switch v.Kind {
	case sweep.Int:
		return v.String(), v.Int
	case sweep.Float:
		return v.String(), v.Float
	case sweep.Bool:
		return v.String(), v.True()
	case sweep.Relative:
		return v.String() + "/" + p.Relative, v.String() + "/" + p.Relative
	case sweep.None:
		return "–", nil
	}
	return v.String(), v.String()
}

// differing are the parameters in which cells differ.
func (s *Search) differing() (list []int) {
	if len(s.order) == 0 {
		return nil
	}
	for i, v := range s.order[0].point.Values {
		param := &s.order[0].point.Trainer.Params[i]
		if !param.Seed && param.Name != s.about.Param && slices.ContainsFunc(s.order, func(c *searchedCell) bool { return c.point.Values[i] != v }) {
			list = append(list, i)
		}
	}
	return list
}

// writeSearch writes a line a cell.
func (a *Analysis) writeSearch(b *strings.Builder) {
	if len(a.Search) == 0 {
		return
	}
	fmt.Fprintf(b, "needed width for %s at level %g%s, by the search (the posterior's median, and its central 95 %%)\n", a.Search[0].Event, a.Search[0].Level, overData(a.Search))
	rows := [][]string{append(slices.Clone(a.Search[0].names), "runs", "censored", "needed m", "interval", "because")}
	for _, x := range a.Search {
		rows = append(rows, append(slices.Clone(x.texts), fmt.Sprint(x.Runs), fmt.Sprint(x.Censored), orDash(x.M), x.interval(), x.End))
	}
	writeTable(b, rows)
}

// overData says what the runs of a search differ in, where it is not data sets of their own.
func overData(cells []Searched) string {
	sets := 0
	for _, x := range cells {
		sets = max(sets, x.DataSets)
	}
	switch sets {
	case 0:
		return ""
	case 1:
		return " over initial weights of one data set"
	}
	return fmt.Sprintf(" over %d data sets, as if each run had one of its own", sets)
}

func orDash(x Number) string {
	if !x.Defined() {
		return "–"
	}
	return short(float64(x))
}

func (x Searched) interval() string {
	switch {
	case x.Low.Defined() && x.High.Defined():
		return between(float64(x.Low), float64(x.High))
	case x.Low.Defined():
		return "> " + short(float64(x.Low))
	case x.High.Defined():
		return "< " + short(float64(x.High))
	}
	return "–"
}
