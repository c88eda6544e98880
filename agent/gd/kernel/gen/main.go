// Command gen writes the assembly of package kernel, one instruction set a run:
//
//	go run . -isa avx512 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel
//
// It is a module of its own, so that nobody who builds widthlaw needs the assembler's library. What a kernel computes, and in
// which order, is said by the Go definitions in package kernel; here is how. Start with isa.go, then product.go.
package main

import (
	"flag"
	"log"

	"github.com/mmcloughlin/avo/build"
)

func main() {
	name := flag.String("isa", "", "avx2 or avx512")
	flag.Parse()
	v, ok := isas[*name]
	if !ok {
		log.Fatalf("-isa %q: give avx2 or avx512", *name)
	}
	build.ConstraintExpr("amd64")
	for _, v.size = range []int{8, 4} {
		v.product()
		v.gather()
		v.descend()
		v.push()
		v.activate()
		v.dots()
		v.distances()
		v.works()
		v.peak()
	}
	v.size = 8
	v.combine()
	v.widen()
	build.Generate()
}
