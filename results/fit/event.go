package fit

import "github.com/widthlaw/widthlaw/sweep"

// An eventStanding is what one run says about one event.
type eventStanding uint8

const (
	success    eventStanding = iota
	failure                  //
	censored                 // the budget ended before the event was decided: neither success nor failure
	undefined                // the event has no meaning at this point
	unrecorded               // a curve that the event is judged by was not recorded
	untrained                // the budget was no step, and the event is of a training
)

// An eventRule says where an event can be judged, if the curve that it needs was recorded (Trainer.Judges); an event without a rule can be
// anywhere.
type eventRule struct {
	lambda0 bool // lambda0 > 0
	stable  bool // 0 < eta lambda0 < 2: elsewhere the theory's rate is none
	squared bool // the squared objective alone
	start   bool // it is decided before the first step
}

var eventRules = map[string]eventRule{
	"rate":   {lambda0: true, stable: true, squared: true},
	"kernel": {lambda0: true},
	"init":   {lambda0: true, start: true},
}

// standing reads scalar event_<name>; where it is empty, the rule tells why. Without a step an event of a training can fail but not succeed,
// so that not even a failure says how often it does.
func standing(event string, p sweep.Point, o sweep.Outcome) eventStanding {
	rule := eventRules[event]
	if !rule.start && withoutStep(o) {
		return untrained
	}
	if v := o.Scalars["event_"+event]; v.Kind == sweep.Bool {
		if v.True() {
			return success
		}
		return failure
	}
	curve := p.Trainer.Judges[event]
	lambda0, eta := o.Scalars["lambda0"], o.Scalars["eta"]
	switch {
	case curve != "" && !p.Records(curve):
		return unrecorded
	case rule.lambda0 && lambda0.Kind == sweep.Float && lambda0.Float == 0,
		rule.stable && lambda0.Kind == sweep.Float && eta.Kind == sweep.Float && !(eta.Float*lambda0.Float < 2),
		rule.squared && p.Text("objective") == "logistic":
		return undefined
	}
	return censored
}

// withoutStep says whether the budget was no step.
func withoutStep(o sweep.Outcome) bool {
	steps := o.Scalars["steps_done"]
	return steps.Kind == sweep.Int && steps.Int == 0 && o.Scalars["stopped"].Text == "steps"
}
