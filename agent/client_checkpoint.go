package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// putCheckpoint sends a checkpoint, and returns when the coordinator has it on disk. While the coordinator is away it fails with errAway.
func (a *Agent) putCheckpoint(ctx context.Context, s *shipment) error {
	size, err := s.file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	conn, err := a.config.Dial(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := proto.NewAgentsClient(conn).PutCheckpoint(ctx)
	if err != nil {
		return checkpointError(err)
	}
	m := proto.ToPutCheckpoint(proto.Upload{Point: s.head.Point, Step: s.head.Step, Bytes: size})
	buffer := make([]byte, proto.ChunkBytes)
	for at := int64(0); at < size; at += int64(len(m.Data)) {
		m.Data = buffer[:min(size-at, proto.ChunkBytes)]
		if _, err := s.file.ReadAt(m.Data, at); err != nil {
			return err
		}
		if stream.Send(m) != nil { // the reason comes from CloseAndRecv
			break
		}
		m = &proto.PutCheckpointRequest{Data: m.Data}
	}
	_, err = stream.CloseAndRecv()
	return checkpointError(err)
}

// getCheckpoint writes the checkpoint of a point to a file, and gives its size.
func (a *Agent) getCheckpoint(ctx context.Context, key sweep.Key, file *os.File) (size int64, err error) {
	return size, a.askCheckpoint(ctx, &proto.GetCheckpointRequest{Key: key[:]}, func(data []byte) error {
		size += int64(len(data))
		_, err := modest{file, a.config.Spool}.Write(data)
		return err
	})
}

// disown tells the coordinator that the checkpoint of a step is of no use to this program's trainer, for it to be removed.
func (a *Agent) disown(ctx context.Context, key sweep.Key, step int64) {
	err := a.askCheckpoint(ctx, &proto.GetCheckpointRequest{Key: key[:], UselessStep: step}, func([]byte) error { return nil })
	if status.Code(err) != codes.NotFound {
		a.log.Warn("the coordinator keeps a checkpoint that is of no use", "error", err)
	}
}

func (a *Agent) askCheckpoint(ctx context.Context, m *proto.GetCheckpointRequest, take func([]byte) error) error {
	conn, err := a.config.Dial(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := proto.NewAgentsClient(conn).GetCheckpoint(ctx, m)
	for err == nil {
		var chunk *proto.Chunk
		if chunk, err = stream.Recv(); err == nil {
			if err := take(chunk.GetData()); err != nil {
				return err
			}
		}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return checkpointError(err)
}

// checkpointError tells a coordinator that is away from one that says no.
func checkpointError(err error) error {
	switch status.Code(err) {
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded, codes.Aborted:
		return fmt.Errorf("%w: %w", errAway, err)
	}
	return err
}
