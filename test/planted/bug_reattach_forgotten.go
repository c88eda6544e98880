//go:build bug_reattach_forgotten

package planted

// Bug is the one that this program has.
const Bug = ReattachForgotten
