//go:build bug_spool_emptied

package planted

// Bug is the one that this program has.
const Bug = SpoolEmptied
