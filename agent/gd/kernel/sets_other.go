//go:build !amd64

package kernel

// sets are the implementations that this processor can run, the best first.
func sets() []*Set { return []*Set{&generic} }
