//go:build bug_window_ignored

package planted

// Bug is the one that this program has.
const Bug = WindowIgnored
