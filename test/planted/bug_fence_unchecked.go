//go:build bug_fence_unchecked

package planted

// Bug is the one that this program has.
const Bug = FenceUnchecked
