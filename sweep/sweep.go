// Package sweep says what a sweep is: the spec that a user writes, its space of points by index, a point and its key, an
// outcome, and the description of a trainer, which the spec's errors, the planner and the documentation all read.
// It is a leaf: nothing of ours is imported here.
//
// Start with trainer.go, point.go and key.go. A spec goes through spec.go (what is written), axis_forms.go (values),
// expression.go (where and derive), spec_space.go (the space is put together) and survey.go (what is wrong with its
// points); a finished space is space.go, component.go, walk.go and find.go; plan.go and cursor.go order its points by cost.
package sweep
