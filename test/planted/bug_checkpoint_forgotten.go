//go:build bug_checkpoint_forgotten

package planted

// Bug is the one that this program has.
const Bug = CheckpointForgotten
