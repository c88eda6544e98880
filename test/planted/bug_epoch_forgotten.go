//go:build bug_epoch_forgotten

package planted

// Bug is the one that this program has.
const Bug = EpochForgotten
