// Command widthlaw measures how wide a two-layer network must be for gradient descent to reach zero training loss.
//
// This package is the command line: one file a verb. Start with root.go, which lists the verbs; exit.go maps errors to exit
// codes; connect.go is the one way by which a verb reaches a coordinator; client.go is the only file that knows the wire.
package main

import "os"

func main() { os.Exit(Main()) }
