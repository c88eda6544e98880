//go:build bug_trouble_forgotten

package planted

// Bug is the one that this program has.
const Bug = TroubleForgotten
