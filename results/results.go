// Package results keeps what a sweep yields and loses nothing: a store over one bbolt file in the state directory.
//
// A row (row.go) is a point with its outcome, written once, in commit order. The store also keeps what a restart must not
// forget: sweeps, troubles, data files, the epoch. Everything that it hands out was verified against a checksum on the
// way; what cannot be is an error that is ErrDamaged, never a number.
//
// Start with store.go (opening, transactions), layout.go (the buckets and the form that all values share), put.go and
// read.go. index.go holds in memory what finds a key; pages.go, tree.go and check.go take the file apart without bbolt, and
// repair.go saves what is intact.
// Sub-packages: table exports, fit explains, plot draws, storetest is what every store has to pass.
package results
