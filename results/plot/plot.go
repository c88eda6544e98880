// Package plot draws a sweep: success against width, needed width against n or lambda0, and recorded curves by width; as
// SVG, PNG or PDF, and with Terminal as text. It draws what package fit found and the curves that Trajectories kept; it
// reads no store. The same input gives the same bytes.
//
//	curves := plot.NewTrajectories("loss")
//	runs := fit.New(trainer)
//	for pt, out := range results {
//		runs.Add(pt, out)
//		curves.Add(pt, out)
//	}
//	analysis := runs.Analyze(fit.Options{Sweep: "first"})
//	err := plot.Overview(analysis, "fit", curves).Save("figure.svg")
//
// Start with figure.go (what a figure is made of), then success.go, needed.go and curves.go; axis.go and style.go say how
// everything looks.
package plot

import (
	"fmt"

	"github.com/widthlaw/widthlaw/results/fit"
)

// Overview is the figure that closes a run: success by width, needed width, and the first recorded curve of the largest
// cell; of one event, and of its first family that has decided runs. Panels without data say so.
func Overview(a *fit.Analysis, event string, curves *Trajectories) Figure {
	f := Figure{Title: fmt.Sprintf("%s: how wide is wide enough for the event “%s”?", a.Sweep, event)}
	if l := firstLaw(a, event); l != nil {
		f.Title = fmt.Sprintf("%s: how wide is wide enough for the event “%s”%s?", a.Sweep, event, l.Apart)
		f.Panels = append(f.Panels, Success(l), Needed(l))
	}
	if sets := curves.Sets(); len(sets) > 0 {
		f.Panels = append(f.Panels, sets[0].Panel())
	}
	return f
}

// firstLaw is the event's first law with decided runs, or else its first law; nil where there is none.
func firstLaw(a *fit.Analysis, event string) *fit.Law {
	var first *fit.Law
	for i := range a.Laws {
		l := &a.Laws[i]
		if l.Event != event {
			continue
		}
		if l.Runs > l.Censored {
			return l
		}
		if first == nil {
			first = l
		}
	}
	return first
}

// LawFigure is one law's: success by width, a panel for each d and angle, then the needed widths against n and against
// lambda0, as far as each was swept, the law's residuals, and the success over n and m d / n.
func LawFigure(sweep string, l *fit.Law) Figure {
	f := Figure{Title: fmt.Sprintf("%s: success and needed width, event “%s”%s", sweep, l.Event, l.Apart), Panels: Successes(l)}
	for _, by := range neededAxesOf(l) {
		f.Panels = append(f.Panels, by.panel(l))
	}
	f.Panels = append(f.Panels, Residuals(l), Transition(l))
	return f
}

// CurveFigure is a panel for every curve that was kept, of the largest cell; as in du2019.
func CurveFigure(sweep string, curves *Trajectories) Figure {
	f := Figure{Title: fmt.Sprintf("%s: recorded curves by width", sweep)}
	sets := curves.Sets()
	for _, set := range sets {
		if set.cell != sets[0].cell {
			break
		}
		f.Panels = append(f.Panels, set.Panel())
	}
	return f
}
