package gd

import (
	"slices"

	"github.com/widthlaw/widthlaw/sweep"
)

// outcome draws up what a finished training yields.
func (s *solver) outcome(c course, in *inputs) sweep.Outcome {
	r, rec := s.rules, s.recorder
	v := verdict{
		course: c, lambda0: in.spectrum.Lambda0, rules: r,
		diverged: s.stopped == stoppedDiverged, plateau: s.stopped == stoppedPlateau,
	}
	values := rec.values()
	lambdaMin := values["lambda_min"]
	scalars := map[string]sweep.Value{
		"lambda0":            number(in.spectrum.Lambda0),
		"lambda0_hidden":     number(in.spectrum.Lambda0Hidden),
		"lambda_max":         number(in.spectrum.LambdaMax),
		"eta":                number(c.eta),
		"loss_zero":          number(r.zero),
		"loss_initial":       {},
		"steps_done":         sweep.IntValue(max(0, r.losses.last())),
		"stopped":            sweep.TextValue(s.stopped),
		"steps_to_fit":       {},
		"late_rate":          lateRate(r.losses, r.fit),
		"lambda_min_initial": {},
		"lambda_min_least":   {},
		"event_fit":          v.fit(),
		"event_rate":         v.rate(),
		"event_kernel":       v.kernel(rec.steps, lambdaMin),
		"event_init":         v.init(lambdaMin),
		"loss_final":         {},
	}
	if k := r.losses.last(); k >= 0 {
		scalars["loss_initial"], scalars["loss_final"] = number(r.losses.at(0)), number(r.losses.at(k))
	}
	if r.fit >= 0 {
		scalars["steps_to_fit"] = sweep.IntValue(r.fit)
	}
	if len(lambdaMin) > 0 {
		scalars["lambda_min_initial"], scalars["lambda_min_least"] = number(lambdaMin[0]), number(slices.Min(lambdaMin))
	}
	for name, values := range values {
		scalars[name+"_final"] = sweep.Value{}
		if len(values) > 0 {
			scalars[name+"_final"] = number(values[len(values)-1])
		}
	}
	return sweep.Outcome{Scalars: scalars, Curves: sweep.Curves{Step: rec.steps, Values: values}}
}
