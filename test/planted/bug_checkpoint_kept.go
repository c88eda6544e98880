//go:build bug_checkpoint_kept

package planted

// Bug is the one that this program has.
const Bug = CheckpointKept
