//go:build bug_lost_forgotten

package planted

// Bug is the one that this program has.
const Bug = LostForgotten
