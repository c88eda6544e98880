// Package proto is the wire: the messages between a coordinator, its agents and its clients, and the only code that knows both
// them and the types of package sweep. Start with widthlaw.proto, whose comment has the rules of an agent's session; convert.go
// and its siblings check what comes in; access.go says how two sides find and trust each other.
package proto

import "errors"

// Bounds of what travels. A message is refused by gRPC beyond MaxMessage, an item by its converter.
const (
	MaxMessage = 16 << 20 // bytes
	MaxBatch   = 4096     // items that are put into one message
	BatchBytes = 4 << 20  // bytes after which a message takes no further item
	ChunkBytes = 1 << 20  // of a file or a backup

	maxPoint   = 64 << 10
	maxOutcome = 12 << 20
	maxName    = 256
	maxText    = 16 << 10
	maxItems   = 1 << 16
	maxThreads = 1 << 16
)

// ErrMalformed means a message that no program of ours sends.
var ErrMalformed = errors.New("malformed message")
