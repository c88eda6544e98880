//go:build bug_commit_unchecked

package planted

// Bug is the one that this program has.
const Bug = CommitUnchecked
