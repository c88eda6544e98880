//go:build bug_ack_before_commit

package planted

// Bug is the one that this program has.
const Bug = AckBeforeCommit
