//go:build bug_resend_forgotten

package planted

// Bug is the one that this program has.
const Bug = ResendForgotten
