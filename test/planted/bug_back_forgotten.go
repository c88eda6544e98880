//go:build bug_back_forgotten

package planted

// Bug is the one that this program has.
const Bug = BackForgotten
