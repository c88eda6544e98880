package coordinator

import (
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"

	"github.com/widthlaw/widthlaw/proto"
)

type uploadStream = grpc.ClientStreamingServer[proto.PutCheckpointRequest, proto.PutCheckpointReply]

// PutCheckpoint keeps a checkpoint.
func (a *agentService) PutCheckpoint(stream uploadStream) error {
	m, err := stream.Recv()
	if err != nil {
		return err
	}
	u, err := proto.FromPutCheckpoint(m)
	if err != nil {
		return err
	}
	if err := a.c.keepCheckpoint(stream.Context(), u.Point, u.Step, u.Bytes, &arriving{stream: stream, rest: m.Data}); err != nil {
		return err
	}
	return stream.SendAndClose(&proto.PutCheckpointReply{})
}

// arriving reads the bytes of a checkpoint from its messages.
type arriving struct {
	stream uploadStream
	rest   []byte
}

func (r *arriving) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		m, err := r.stream.Recv()
		if errors.Is(err, io.EOF) {
			return 0, fmt.Errorf("%w: a checkpoint that ends too early", proto.ErrMalformed)
		}
		if err != nil {
			return 0, err
		}
		r.rest = m.Data
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// GetCheckpoint sends a checkpoint.
func (a *agentService) GetCheckpoint(m *proto.GetCheckpointRequest, stream grpc.ServerStreamingServer[proto.Chunk]) error {
	key, useless, err := proto.FromGetCheckpoint(m)
	if err != nil {
		return err
	}
	r, err := a.c.openCheckpoint(stream.Context(), key, useless)
	if err != nil {
		return err
	}
	return errors.Join(sendChunks(r, stream), r.Close())
}
