package coordinator

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// Complaints put into the log what no program of ours sends: gRPC ends such calls itself, often before a handler has seen them.
type complaints struct{ notices *notices }

type methodKey struct{}

// TagRPC is called by gRPC.
func (complaints) TagRPC(ctx context.Context, call *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, methodKey{}, call.FullMethodName)
}

// HandleRPC is called by gRPC.
func (c complaints) HandleRPC(ctx context.Context, event stats.RPCStats) {
	end, ok := event.(*stats.End)
	if !ok || end.Error == nil {
		return
	}
	switch status.Code(end.Error) {
	case codes.InvalidArgument, codes.ResourceExhausted, codes.Unimplemented, codes.Internal, codes.DataLoss:
		method, _ := ctx.Value(methodKey{}).(string)
		from := "?"
		if x := guestOf(ctx); x != nil {
			from = x.RemoteAddr().String()
		}
		c.notices.warn("a call ended with an error", "method", method, "from", from, "error", end.Error)
	}
}

// TagConn is called by gRPC.
func (complaints) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn is called by gRPC. What there is to say of a connection, the gate says.
func (complaints) HandleConn(context.Context, stats.ConnStats) {}
