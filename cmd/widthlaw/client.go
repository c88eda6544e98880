package main

import (
	"context"
	"errors"
	"io"
	"iter"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// A client is a connection to a coordinator. The files client*.go alone of the command line know the wire.
type client struct {
	place
	rpc  proto.ClientsClient
	conn *grpc.ClientConn
	live bool         // the coordinator belongs to another process, which goes on when this one ends
	stop func() error // of the coordinator in this process; nil where live
}

// Close ends the connection, and the coordinator where it was started for it.
func (c *client) Close() error {
	err := c.conn.Close()
	if c.stop != nil {
		err = errors.Join(err, c.stop())
	}
	return err
}

// A request is a spec on its way to a coordinator.
type request struct {
	text     []byte
	filename string
	files    map[string]string // path as written -> local path
}

// send puts the spec's data files where the coordinator finds them.
func (c *client) send(ctx context.Context, r request) (*proto.SubmitRequest, error) {
	m := &proto.SubmitRequest{Spec: r.text, Filename: r.filename, Files: map[string][]byte{}}
	for path, local := range r.files {
		hash, err := c.putFile(ctx, local)
		if err != nil {
			return nil, err
		}
		m.Files[path] = hash
	}
	return m, nil
}

func (c *client) putFile(ctx context.Context, path string) (hash []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	stream, err := c.rpc.PutFile(ctx)
	if err != nil {
		return nil, c.refused(err)
	}
	for buffer := make([]byte, proto.ChunkBytes); ; {
		n, err := f.Read(buffer)
		if n > 0 {
			if err := stream.Send(&proto.Chunk{Data: buffer[:n]}); err != nil {
				break // CloseAndRecv has the reason
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	reply, err := stream.CloseAndRecv()
	return reply.GetHash(), c.refused(err)
}

func (c *client) submit(ctx context.Context, r request) (sweep.Status, error) {
	m, err := c.send(ctx, r)
	if err != nil {
		return sweep.Status{}, err
	}
	reply, err := c.rpc.Submit(ctx, m)
	if err != nil {
		return sweep.Status{}, c.refused(err)
	}
	return proto.FromStatus(reply.GetStatus())
}

// A forecast is what a submission would do.
type forecast struct {
	Points, Done, Todo uint64
	Exact, Learned     bool
	CoreSeconds        float64
	Memory             uint64
}

func (c *client) plan(ctx context.Context, r request) (forecast, error) {
	m, err := c.send(ctx, r)
	if err != nil {
		return forecast{}, err
	}
	p, err := c.rpc.Plan(ctx, m)
	return forecast{
		Points: p.GetPoints(), Done: p.GetDone(), Todo: p.GetTodo(), Exact: p.GetExact(), Learned: p.GetCostLearned(),
		CoreSeconds: p.GetCoreSeconds(), Memory: p.GetMemoryBytes(),
	}, c.refused(err)
}

// sweeps are the sweeps that a name means; "*" means all.
func (c *client) sweeps(ctx context.Context, name string) ([]sweep.Status, error) {
	reply, err := c.rpc.Sweeps(ctx, &proto.SweepsRequest{Sweep: name})
	if err != nil {
		return nil, c.refused(err)
	}
	list := make([]sweep.Status, len(reply.GetSweeps()))
	for i, s := range reply.GetSweeps() {
		if list[i], err = proto.FromStatus(s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// sweep is the one sweep that a name means.
func (c *client) sweep(ctx context.Context, name string) (sweep.Status, error) {
	list, err := c.sweeps(ctx, name)
	if err != nil {
		return sweep.Status{}, err
	}
	if len(list) != 1 {
		return sweep.Status{}, usage("name one of: "+c.command("list"), "%q means %d sweeps", name, len(list))
	}
	return list[0], nil
}

// watch yields where a sweep stands, at once and then whenever that changed, until the sweep rests.
func (c *client) watch(ctx context.Context, name string, interval time.Duration) iter.Seq2[sweep.Status, error] {
	return func(yield func(sweep.Status, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.rpc.Watch(ctx, &proto.WatchRequest{Sweep: name, IntervalSeconds: interval.Seconds()})
		receive(c.place, stream, err, func(m *proto.Status, err error) bool {
			if err != nil {
				return yield(sweep.Status{}, err)
			}
			return yield(proto.FromStatus(m))
		})
	}
}

// receive hands on every message of a stream; yield says whether it wants more.
func receive[M any](p place, stream grpc.ServerStreamingClient[M], err error, yield func(*M, error) bool) {
	for err == nil {
		var m *M
		m, err = stream.Recv()
		if errors.Is(err, io.EOF) || err == nil && !yield(m, nil) {
			return
		}
	}
	yield(nil, p.refused(err))
}

// An action is what control does to a sweep, or to some of its points.
type action proto.ControlRequest_Action

const (
	pauseAction  = action(proto.ControlRequest_ACTION_PAUSE)
	resumeAction = action(proto.ControlRequest_ACTION_RESUME)
	cancelAction = action(proto.ControlRequest_ACTION_CANCEL)
	retryAction  = action(proto.ControlRequest_ACTION_RETRY)
	deleteAction = action(proto.ControlRequest_ACTION_DELETE)
)

// control says how many points it touched.
func (c *client) control(ctx context.Context, name string, do action, indices []uint64) (touched uint64, err error) {
	reply, err := c.rpc.Control(ctx, &proto.ControlRequest{Sweep: name, Action: proto.ControlRequest_Action(do), Indices: indices})
	return reply.GetPoints(), c.refused(err)
}

// A choice says what rows is to send.
type choice struct {
	outcomes, curves bool
	indices          []uint64 // empty: all
}

// rows yields the points of a sweep in index order.
func (c *client) rows(ctx context.Context, name string, w choice) iter.Seq2[sweep.Row, error] {
	return func(yield func(sweep.Row, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.rpc.Rows(ctx, &proto.RowsRequest{Sweep: name, Outcomes: w.outcomes, Curves: w.curves, Indices: w.indices})
		receive(c.place, stream, err, func(reply *proto.RowsReply, err error) bool {
			if err != nil {
				return yield(sweep.Row{}, err)
			}
			for _, m := range reply.GetRows() {
				r, err := proto.FromRow(m)
				if !yield(r, err) || err != nil {
					return false
				}
			}
			return true
		})
	}
}

// digest is the sweep's digest, and how many points are missing in it.
func (c *client) digest(ctx context.Context, name string) (digest []byte, points, missing uint64, err error) {
	reply, err := c.rpc.Digest(ctx, &proto.SweepRef{Sweep: name})
	return reply.GetDigest(), reply.GetPoints(), reply.GetMissing(), c.refused(err)
}

// explain is one point, by its index or key, and what happened to it.
func (c *client) explain(ctx context.Context, name, point string) (sweep.Row, []string, error) {
	reply, err := c.rpc.Explain(ctx, &proto.ExplainRequest{Sweep: name, Point: point})
	if err != nil {
		return sweep.Row{}, nil, c.refused(err)
	}
	r, err := proto.FromRow(reply.GetRow())
	return r, reply.GetHistory(), err
}

func (c *client) logs(ctx context.Context, name string, follow bool) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.rpc.Logs(ctx, &proto.LogsRequest{Sweep: name, Follow: follow})
		receive(c.place, stream, err, func(l *proto.LogLine, err error) bool { return yield(l.GetLine(), err) })
	}
}

// backup copies the store, while it is in use.
func (c *client) backup(ctx context.Context, w io.Writer) error {
	stream, err := c.rpc.Backup(ctx, &proto.BackupRequest{})
	receive(c.place, stream, err, func(chunk *proto.Chunk, bad error) bool {
		if err = bad; err == nil {
			_, err = w.Write(chunk.GetData())
		}
		return err == nil
	})
	return err
}

// refused turns a status of the wire into an error for a person; exit.go maps it to an exit code.
func (p place) refused(err error) error {
	if err == nil {
		return nil
	}
	s, _ := status.FromError(err)
	switch s.Code() {
	case codes.Canceled:
		return context.Canceled
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.AlreadyExists, codes.OutOfRange:
		return &refusal{code: exitUsage, what: s.Message(), err: err}
	case codes.Unavailable, codes.Unauthenticated, codes.PermissionDenied:
		return &refusal{
			code: exitBroken, what: "the coordinator does not answer: " + s.Message(),
			next: "is it still running? look at its output, or start it again: " + p.command("serve"), err: err,
		}
	}
	return &refusal{code: exitBroken, what: s.Message(), err: err}
}

// An agentState is an agent as its coordinator sees it.
type agentState struct {
	host, instructions string
	cores, holding     int
}

// agents are those that are connected.
func (c *client) agents(ctx context.Context) ([]agentState, error) {
	reply, err := c.rpc.ListAgents(ctx, &proto.ListAgentsRequest{})
	var list []agentState
	for _, a := range reply.GetAgents() {
		if a.GetConnected() {
			list = append(list, agentState{host: a.GetHost(), instructions: a.GetInstructionSet(), cores: int(a.GetCores()), holding: int(a.GetHolding())})
		}
	}
	return list, c.refused(err)
}

// merged is what became of rows that were taken over.
type merged struct{ added, same, conflicts uint64 }

// take takes over rows of another store.
func (c *client) take(ctx context.Context, rows iter.Seq2[sweep.Row, error]) (merged, error) {
	stream, err := c.rpc.Import(ctx)
	if err != nil {
		return merged{}, c.refused(err)
	}
	batch, bytes := &proto.ImportRequest{}, 0
	send := func() bool {
		err := stream.Send(batch)
		batch, bytes = &proto.ImportRequest{}, 0
		return err == nil // else CloseAndRecv has the reason
	}
	for r, err := range rows {
		if err != nil {
			return merged{}, err
		}
		batch.Rows = append(batch.Rows, proto.ToRow(r))
		bytes += len(r.Point) + len(r.Outcome)
		if (len(batch.Rows) == proto.MaxBatch || bytes > proto.BatchBytes) && !send() {
			break
		}
	}
	send()
	reply, err := stream.CloseAndRecv()
	return merged{added: reply.GetAdded(), same: reply.GetSame(), conflicts: reply.GetConflicts()}, c.refused(err)
}
