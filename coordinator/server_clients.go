package coordinator

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// clientService is what the verbs of the command line call.
type clientService struct {
	proto.UnimplementedClientsServer
	c       *Coordinator
	serving context.Context // ends when the server does
}

func fromSubmit(m *proto.SubmitRequest) (submission, error) {
	if len(m.Spec) > sweep.SpecLimit {
		return submission{}, fmt.Errorf("%w: a spec of %d bytes; it may have %d", proto.ErrMalformed, len(m.Spec), sweep.SpecLimit)
	}
	files, err := proto.FromFiles(m.Files)
	return submission{text: m.Spec, filename: m.Filename, files: files}, err
}

// Submit takes a sweep in.
func (s *clientService) Submit(ctx context.Context, m *proto.SubmitRequest) (*proto.SubmitReply, error) {
	x, err := fromSubmit(m)
	if err != nil {
		return nil, err
	}
	status, err := s.c.submit(ctx, x)
	if err != nil {
		return nil, err
	}
	return &proto.SubmitReply{Status: proto.ToStatus(status)}, nil
}

// Plan says what a submission would do.
func (s *clientService) Plan(ctx context.Context, m *proto.SubmitRequest) (*proto.PlanReply, error) {
	x, err := fromSubmit(m)
	if err != nil {
		return nil, err
	}
	p, err := s.c.foresee(ctx, x)
	if err != nil {
		return nil, err
	}
	return &proto.PlanReply{
		Points: p.points, Done: p.done, Todo: p.todo, Exact: p.exact, CostLearned: p.learned, CoreSeconds: p.coreSeconds, MemoryBytes: uint64(p.memory),
	}, nil
}

// Sweeps gives the status of a sweep, or of all.
func (s *clientService) Sweeps(ctx context.Context, m *proto.SweepsRequest) (*proto.SweepsReply, error) {
	reply := &proto.SweepsReply{}
	now := time.Now()
	if m.Sweep == "*" {
		return reply, s.c.ask(ctx, func() {
			for _, k := range s.c.campaigns {
				reply.Sweeps = append(reply.Sweeps, proto.ToStatus(s.c.status(k, now)))
			}
		})
	}
	return reply, s.c.look(ctx, m.Sweep, func(k *campaign) {
		reply.Sweeps = []*proto.Status{proto.ToStatus(s.c.status(k, now))}
	})
}

// Watch sends a status at once, and whenever it has changed, until the sweep rests.
func (s *clientService) Watch(m *proto.WatchRequest, stream grpc.ServerStreamingServer[proto.Status]) error {
	interval := time.Second
	if m.IntervalSeconds > 0 && m.IntervalSeconds < 3600 {
		interval = max(time.Duration(m.IntervalSeconds*1e9), 20*time.Millisecond)
	}
	ctx := stream.Context()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	id := m.Sweep
	var last sweep.Status
	for {
		var now sweep.Status
		var rested <-chan struct{}
		err := s.c.look(ctx, id, func(k *campaign) {
			now, rested, id = s.c.status(k, time.Now()), k.rested, k.id
		})
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(last, now) {
			if err := stream.Send(proto.ToStatus(now)); err != nil {
				return err
			}
			last = now
		}
		if now.Resting {
			return nil
		}
		select {
		case <-rested:
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		case <-s.serving.Done():
			return ErrStopped
		}
	}
}

// Control pauses, resumes, cancels, retries and deletes.
func (s *clientService) Control(ctx context.Context, m *proto.ControlRequest) (*proto.ControlReply, error) {
	var st sweep.Status
	var n int
	var err error
	switch m.Action {
	case proto.ControlRequest_ACTION_PAUSE:
		st, err = s.c.pause(ctx, m.Sweep)
	case proto.ControlRequest_ACTION_RESUME:
		st, err = s.c.resume(ctx, m.Sweep)
	case proto.ControlRequest_ACTION_CANCEL:
		if len(m.Indices) > 0 {
			n, st, err = s.c.cancelPoints(ctx, m.Sweep, m.Indices)
			break
		}
		st, err = s.c.cancel(ctx, m.Sweep)
		n = int(min(st.Cancelled, math.MaxInt32))
	case proto.ControlRequest_ACTION_RETRY:
		n, st, err = s.c.retry(ctx, m.Sweep, m.Indices)
	case proto.ControlRequest_ACTION_DELETE:
		n, err = s.c.remove(ctx, m.Sweep)
		return &proto.ControlReply{Points: uint64(n)}, err
	default:
		return nil, status.Error(codes.InvalidArgument, "unknown action: the client is newer than the coordinator")
	}
	if err != nil {
		return nil, err
	}
	return &proto.ControlReply{Status: proto.ToStatus(st), Points: uint64(n)}, nil
}

// Rows sends the points of a sweep in index order.
func (s *clientService) Rows(m *proto.RowsRequest, stream grpc.ServerStreamingServer[proto.RowsReply]) error {
	w := choice{outcomes: m.Outcomes, curves: m.Curves, indices: m.Indices}
	return s.c.rows(stream.Context(), m.Sweep, w, func(rows []sweep.Row) error {
		reply, bytes := &proto.RowsReply{}, 0
		for _, r := range rows {
			reply.Rows = append(reply.Rows, proto.ToRow(r))
			if bytes += len(r.Point) + len(r.Outcome); bytes > proto.BatchBytes {
				if err := stream.Send(reply); err != nil {
					return err
				}
				reply, bytes = &proto.RowsReply{}, 0
			}
		}
		if len(reply.Rows) == 0 {
			return nil
		}
		return stream.Send(reply)
	})
}

// Digest is that of a sweep.
func (s *clientService) Digest(ctx context.Context, m *proto.SweepRef) (*proto.DigestReply, error) {
	sum, points, missing, err := s.c.digest(ctx, m.Sweep)
	return &proto.DigestReply{Digest: sum[:], Points: points, Missing: missing}, err
}

// Explain says how a point stands and how it came to that.
func (s *clientService) Explain(ctx context.Context, m *proto.ExplainRequest) (*proto.ExplainReply, error) {
	row, history, err := s.c.explain(ctx, m.Sweep, m.Point)
	if err != nil {
		return nil, err
	}
	return &proto.ExplainReply{Row: proto.ToRow(row), History: history}, nil
}

// Logs sends the lines of a log.
func (s *clientService) Logs(m *proto.LogsRequest, stream grpc.ServerStreamingServer[proto.LogLine]) error {
	ctx, cancel := context.WithCancel(stream.Context())
	defer cancel()
	defer context.AfterFunc(s.serving, cancel)()
	name := mainLog
	if m.Sweep != "" {
		if err := s.c.look(ctx, m.Sweep, func(k *campaign) { name = k.id }); err != nil {
			return err
		}
	}
	return s.c.logs.tail(ctx, name, m.Follow, func(line string) error {
		return stream.Send(&proto.LogLine{Line: line})
	})
}

// ListAgents lists those that are connected, and those that are not yet lost.
func (s *clientService) ListAgents(ctx context.Context, _ *proto.ListAgentsRequest) (*proto.ListAgentsReply, error) {
	reply := &proto.ListAgentsReply{}
	return reply, s.c.ask(ctx, func() {
		for _, a := range s.c.queue.Agents() {
			h := s.c.agents[a.Agent].hello
			reply.Agents = append(reply.Agents, &proto.AgentStatus{
				Agent: a.Agent, Host: h.Host, Version: h.Version, InstructionSet: h.InstructionSet,
				Cores: uint32(a.Capacity.Cores), MemoryBytes: uint64(a.Capacity.Memory), Holding: uint32(a.Holding),
				Connected: a.Connected, LastHeardUnixNano: a.Last.UnixNano(),
			})
		}
	})
}

// PutFile keeps a data file.
func (s *clientService) PutFile(stream grpc.ClientStreamingServer[proto.Chunk, proto.PutFileReply]) error {
	hash, err := s.c.config.Store.PutFile(&chunkReader{stream: stream})
	if err != nil {
		return err
	}
	sum, err := hex.DecodeString(hash)
	if err != nil {
		return err
	}
	return stream.SendAndClose(&proto.PutFileReply{Hash: sum})
}

// A chunkReader reads what a client sends.
type chunkReader struct {
	stream grpc.ClientStreamingServer[proto.Chunk, proto.PutFileReply]
	rest   []byte
}

// Read is io.Reader's.
func (r *chunkReader) Read(b []byte) (int, error) {
	for len(r.rest) == 0 {
		m, err := r.stream.Recv()
		if err != nil { // io.EOF at the end
			return 0, err
		}
		r.rest = m.Data
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// Import takes over rows of another store.
func (s *clientService) Import(stream grpc.ClientStreamingServer[proto.ImportRequest, proto.ImportReply]) error {
	ctx := stream.Context()
	reply := &proto.ImportReply{}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(reply)
		}
		if err != nil {
			return err
		}
		list := make([]arrival, 0, len(m.Rows))
		for _, w := range m.Rows {
			x, err := s.imported(w)
			if err != nil {
				return err
			}
			list = append(list, x)
		}
		n, err := s.c.take(ctx, list)
		if err != nil {
			return err
		}
		reply.Added += n.added
		reply.Same += n.same
		reply.Conflicts += n.conflicts
	}
}

func (s *clientService) imported(w *proto.Row) (arrival, error) {
	r, err := proto.FromRow(w)
	if err != nil {
		return arrival{}, err
	}
	d := sweep.Delivery{Point: r.Point, Outcome: r.Outcome, Provenance: r.Provenance}
	x := arrival{Delivery: d, key: r.Key}
	if d.Outcome == nil {
		return x, fmt.Errorf("%w: a row without an outcome", proto.ErrMalformed)
	}
	x.point, x.outcome, err = proto.CheckDelivery(s.c.config.Trainers, d)
	x.digest = sweep.PointDigest(x.key, d.Outcome)
	return x, err
}

// Backup sends the store as it is at one moment.
func (s *clientService) Backup(_ *proto.BackupRequest, stream grpc.ServerStreamingServer[proto.Chunk]) error {
	return s.c.config.Store.Backup(chunkWriter{stream})
}

// A chunkWriter sends what is written to it.
type chunkWriter struct {
	stream grpc.ServerStreamingServer[proto.Chunk]
}

// Write is io.Writer's.
func (w chunkWriter) Write(b []byte) (int, error) {
	for n := 0; n < len(b); n += proto.ChunkBytes {
		if err := w.stream.Send(&proto.Chunk{Data: b[n:min(n+proto.ChunkBytes, len(b))]}); err != nil {
			return n, err
		}
	}
	return len(b), nil
}
