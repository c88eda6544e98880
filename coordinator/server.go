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
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

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
		grpc.Creds(credentials),
		grpc.MaxRecvMsgSize(proto.MaxMessage), grpc.MaxSendMsgSize(proto.MaxMessage),
		grpc.MaxConcurrentStreams(128),
		grpc.ConnectionTimeout(20*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: proto.KeepaliveTime, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: proto.KeepaliveTime / 3, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(c.unary), grpc.StreamInterceptor(c.stream),
		grpc.WaitForHandlers(true),
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
	c.handlers.Go(func() { failed <- g.Serve(l) })
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

// admitted says whether the caller of a method may call it.
func (c *Coordinator) admitted(ctx context.Context, method string) error {
	md, _ := metadata.FromIncomingContext(ctx)
	role := c.identity.RoleOf(md.Get("authorization"))
	switch {
	case role == proto.NoRole:
		c.log.Warn("a call without the token was refused", "method", method, "from", from(ctx))
		return status.Error(codes.Unauthenticated, "the token is missing or wrong: use the access file of this coordinator as it is now")
	case proto.RoleOf(method) != role:
		c.log.Warn("a call with the wrong token was refused", "method", method, "from", from(ctx))
		return status.Error(codes.PermissionDenied, "this token does not open that: agents need agent-access.json, clients access.json")
	}
	return nil
}

func from(ctx context.Context) string {
	if p, ok := peer.FromContext(ctx); ok {
		return p.Addr.String()
	}
	return "?"
}

func (c *Coordinator) unary(ctx context.Context, m any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (reply any, err error) {
	defer c.recovered(info.FullMethod, &err)
	if err := c.admitted(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	reply, err = handler(ctx, m)
	return reply, coded(err)
}

func (c *Coordinator) stream(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
	defer c.recovered(info.FullMethod, &err)
	if err := c.admitted(s.Context(), info.FullMethod); err != nil {
		return err
	}
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
	case errors.Is(err, errUnwanted):
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
