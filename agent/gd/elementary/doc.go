// Package elementary has the functions that training needs beyond + - * / and the square root, with the same bits on every
// platform. The standard library's differ: some processors have assembly of their own for math.Exp or math.Log, and a
// compiler may fuse x*y + z into one rounding where another does not.
//
// Here everything is made of float64 additions, explicit math.FMA, divisions, math.Sqrt, integers and bits; each product
// that an addition could swallow is wrapped in float64(...), which forbids it. Errors are below 1 ulp, most below 0.75; the
// tests measure them against long arithmetic and pin the bits.
//
// Start with double.go, the arithmetic of unevaluated sums, then exp.go.
package elementary
