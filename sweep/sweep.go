// Package sweep says what a sweep is: the spec that a user writes, its space of points by index, a point and its key, an
// outcome, and the description of a trainer, which the spec's errors, the planner and the documentation all read.
// It is a leaf: nothing of ours is imported here. Start with trainer.go, then point.go, key.go and spec.go.
package sweep
