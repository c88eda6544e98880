//go:build bug_handed_out_twice

package planted

// Bug is the one that this program has.
const Bug = HandedOutTwice
