//go:build bug_spool_forgotten

package planted

// Bug is the one that this program has.
const Bug = SpoolForgotten
