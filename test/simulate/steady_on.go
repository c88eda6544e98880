//go:build steady

package main

import (
	"runtime/debug"
	"testing"
	"testing/cryptotest"
	_ "unsafe" // for go:linkname
)

// steadyState is in the runtime as package steady changes it.
//
//go:linkname steadyState runtime.steadyState
var steadyState uint64

// begin makes what is drawn in a history a function of its seed.
func begin(t *testing.T, seed uint64) {
	debug.SetGCPercent(-1)
	cryptotest.SetGlobalRandom(t, seed)
	steadyState = seed << 32
}
