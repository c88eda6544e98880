package coordinator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/widthlaw/widthlaw/coordinator/checkpoints"
	"github.com/widthlaw/widthlaw/disk"
	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// Serve answers agents and clients at a listener until ctx ends, and returns when all its streams have. While it serves, the access
// files lie in the state directory; a coordinator that serves nobody (announce is false) writes none. Run must run meanwhile.
func (c *Coordinator) Serve(ctx context.Context, l net.Listener, announce bool) error {
	credentials, err := c.identity.ServerCredentials()
	if err != nil {
		return fmt.Errorf("coordinator: %w", errors.Join(err, l.Close()))
	}
	g := grpc.NewServer(
		grpc.Creds(doorman{credentials}), grpc.ConnectionTimeout(strangerTime),
		grpc.MaxConcurrentStreams(maxStreams), grpc.MaxHeaderListSize(maxHeader),
		grpc.MaxRecvMsgSize(proto.MaxMessage), grpc.MaxSendMsgSize(proto.MaxMessage),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: proto.KeepaliveTime, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: proto.KeepaliveTime / 3, PermitWithoutStream: true}),
		grpc.InTapHandle(c.admitted), grpc.UnaryInterceptor(c.unary), grpc.StreamInterceptor(c.stream),
		grpc.StatsHandler(complaints{c.notices}), grpc.WaitForHandlers(true),
	)
	serving, end := context.WithCancel(ctx)
	defer end()
	proto.RegisterAgentsServer(g, &agentService{c: c, serving: serving})
	proto.RegisterClientsServer(g, &clientService{c: c, serving: serving})
	if announce {
		if err := c.announce(l); err != nil {
			return fmt.Errorf("coordinator: %w", errors.Join(err, l.Close()))
		}
	}
	failed := make(chan error, 1)
	c.handlers.Go(func() { failed <- g.Serve(&gate{Listener: l, notices: c.notices}) })
	select {
	case <-ctx.Done():
		err = nil
	case <-c.stopped:
		err = nil
	case err = <-failed:
	}
	end()
	g.Stop()
	c.handlers.Wait()
	if announce {
		err = errors.Join(err, c.withdraw())
	}
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	return nil
}

// admitted says whether the caller of a method may call it. gRPC asks before it reads anything but the call's header, so that a stranger
// cannot have it read messages.
func (c *Coordinator) admitted(ctx context.Context, call *tap.Info) (context.Context, error) {
	role := c.identity.RoleOf(call.Header.Get("authorization"))
	x := guestOf(ctx)
	switch {
	case x == nil:
		return ctx, status.Error(codes.Internal, "the call came over no connection of this coordinator")
	case role == proto.NoRole:
		x.tell("a call without the token was refused", "method", call.FullMethodName)
		return ctx, status.Error(codes.Unauthenticated, "the token is missing or wrong: use the access file of this coordinator as it is now")
	case proto.RoleOf(call.FullMethodName) != role:
		x.tell("a call with the wrong token was refused", "method", call.FullMethodName)
		return ctx, status.Error(codes.PermissionDenied, "this token does not open that: agents need agent-access.json, clients access.json")
	}
	x.welcome()
	return ctx, nil
}

func (c *Coordinator) unary(ctx context.Context, m any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (reply any, err error) {
	defer c.recovered(info.FullMethod, &err)
	reply, err = handler(ctx, m)
	return reply, coded(err)
}

func (c *Coordinator) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer c.recovered(info.FullMethod, &err)
	return coded(handler(srv, s))
}

// recovered turns a panic of a handler into a status.
func (c *Coordinator) recovered(method string, err *error) {
	if p := recover(); p != nil {
		c.log.Error("a handler panicked; please report this", "method", method, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
		*err = status.Errorf(codes.Internal, "the coordinator has a fault in %s; its log has the details", method)
	}
}

// coded gives an error the gRPC code by which the other side decides what to do.
func coded(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := status.FromError(err); ok {
		return err
	}
	code := codes.Internal
	var spec *sweep.SpecError
	switch {
	case errors.As(err, &spec), errors.Is(err, proto.ErrMalformed), errors.Is(err, sweep.ErrEncoding):
		code = codes.InvalidArgument
	case errors.Is(err, errNoSweep), errors.Is(err, errNoPoint), errors.Is(err, results.ErrNoFile), errors.Is(err, checkpoints.ErrNone):
		code = codes.NotFound
	case errors.Is(err, ErrStopped), errors.Is(err, errLost):
		code = codes.Unavailable
	case errors.Is(err, errReplaced):
		code = codes.Aborted
	case errors.Is(err, errUnwanted), errors.Is(err, errUseless):
		code = codes.FailedPrecondition
	case errors.Is(err, results.ErrFull), errors.Is(err, disk.ErrFull):
		code = codes.ResourceExhausted
	case errors.Is(err, results.ErrDamaged), errors.Is(err, sweep.ErrCheckpoint):
		code = codes.DataLoss
	case errors.Is(err, context.Canceled):
		code = codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		code = codes.DeadlineExceeded
	}
	return status.Error(code, err.Error())
}
