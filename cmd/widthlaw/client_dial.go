package main

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"

	"github.com/widthlaw/widthlaw/agent"
	"github.com/widthlaw/widthlaw/proto"
)

// dial reaches the coordinator of an access, within a few seconds.
func (p place) dial(ctx context.Context, access proto.Access) (*client, error) {
	conn, err := access.Dial()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn.Connect()
	for s := conn.GetState(); s != connectivity.Ready; s = conn.GetState() {
		if s == connectivity.TransientFailure || !conn.WaitForStateChange(ctx, s) {
			return nil, errors.Join(&refusal{
				code: exitBroken, what: "no coordinator answers at " + access.Address,
				next: "is it running? start it with " + p.command("serve") + "; from another machine it must listen on an address that is seen from here",
			}, conn.Close())
		}
	}
	return &client{place: p, rpc: proto.NewClientsClient(conn), conn: conn, live: true}, nil
}

// dialer dials the coordinator of an access that is read anew for each session.
func dialer(read func() (proto.Access, error)) agent.Dialer {
	return func(context.Context) (*grpc.ClientConn, error) {
		access, err := read()
		if err != nil {
			return nil, err
		}
		return access.Dial()
	}
}

// meteredDialer is a dialer whose sessions tell a meter what goes over them.
func meteredDialer(access proto.Access, m *meter) agent.Dialer {
	return func(context.Context) (*grpc.ClientConn, error) {
		return access.Dial(grpc.WithStreamInterceptor(
			func(ctx context.Context, d *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
				stream, err := open(ctx, d, conn, method, o...)
				return meteredStream{stream, m}, err
			}))
	}
}

type meteredStream struct {
	grpc.ClientStream
	meter *meter
}

// SendMsg notes when results leave.
func (s meteredStream) SendMsg(message any) error {
	if m, ok := message.(*proto.FromAgent); ok {
		now := time.Now()
		for _, r := range m.GetResults() {
			s.meter.send(r.GetFence(), now)
		}
	}
	return s.ClientStream.SendMsg(message)
}

// RecvMsg notes when their acknowledgements come.
func (s meteredStream) RecvMsg(message any) error {
	err := s.ClientStream.RecvMsg(message)
	if m, ok := message.(*proto.ToAgent); ok && err == nil {
		now := time.Now()
		for _, a := range m.GetAcks() {
			s.meter.ack(a.GetFence(), now)
		}
	}
	return err
}
