// Package proto is the wire: the messages between a coordinator, its agents and its clients, and the only code that knows both
// them and the types of package sweep. Start with widthlaw.proto.
package proto
