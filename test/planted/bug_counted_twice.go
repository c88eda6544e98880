//go:build bug_counted_twice

package planted

// Bug is the one that this program has.
const Bug = CountedTwice
