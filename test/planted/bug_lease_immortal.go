//go:build bug_lease_immortal

package planted

// Bug is the one that this program has.
const Bug = LeaseImmortal
