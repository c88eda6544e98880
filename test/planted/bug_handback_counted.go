//go:build bug_handback_counted

package planted

// Bug is the one that this program has.
const Bug = HandbackCounted
