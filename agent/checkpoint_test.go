package agent

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestCheckpointPeriod: the first after a minute, then as often as takes 2 % of the point's time at most.
func TestCheckpointPeriod(t *testing.T) {
	for cost, want := range map[time.Duration]time.Duration{
		0: time.Minute, 1: leastPeriod, 100 * time.Millisecond: leastPeriod, time.Second: 50 * time.Second, time.Minute: 50 * time.Minute,
	} {
		if got := checkpointPeriod(cost); got != want {
			t.Errorf("after one that took %v: %v, want %v", cost, got, want)
		}
		if cost > 0 && cost.Seconds()/checkpointPeriod(cost).Seconds() > checkpointShare {
			t.Errorf("checkpoints of %v cost more than %v of the time", cost, checkpointShare)
		}
	}
	var c course
	begun := time.Unix(1000, 0)
	if c.due(begun.Add(time.Hour)) {
		t.Error("due before the point has begun")
	}
	c.begun, c.last = begun, begun
	if c.due(begun.Add(59*time.Second)) || !c.due(begun.Add(time.Minute)) {
		t.Error("the first is not due after a minute")
	}
	c.cargo = 1
	if c.due(begun.Add(time.Hour)) {
		t.Error("due while another one is on its way")
	}
	c.cargo = 0
	c.ended(begun.Add(time.Minute), time.Millisecond, true)
	if c.due(begun.Add(119*time.Second)) || !c.due(begun.Add(2*time.Minute)) {
		t.Error("one that failed is not tried again after a minute")
	}
}

// TestCargo: a newer checkpoint takes an older one's place, but not that of one that is being sent.
func TestCargo(t *testing.T) {
	var c cargo
	file := func() *os.File {
		f, err := os.CreateTemp(t.TempDir(), "")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	l, other := &lease{}, &lease{}
	first, second, third := &shipment{lease: l, file: file()}, &shipment{lease: l, file: file()}, &shipment{lease: l, file: file()}
	c.load(first)
	if got := c.next(); got != first {
		t.Fatal("the first is not next")
	}
	c.load(second)
	c.load(&shipment{lease: other, file: file()})
	c.load(third)
	if l.course.cargo != 2 || len(c.waiting) != 3 || second.file.Close() == nil {
		t.Errorf("%d on their way, %d wait; the second has to make place for the third", l.course.cargo, len(c.waiting))
	}
	c.unload(l)
	if l.course.cargo != 1 || third.file.Close() == nil {
		t.Errorf("%d on their way after what waits was dropped", l.course.cargo)
	}
	c.done(first)
	if l.course.cargo != 0 || other.course.cargo != 1 || len(c.waiting) != 1 {
		t.Errorf("%d and %d on their way", l.course.cargo, other.course.cargo)
	}
}

// A keeper is what a coordinator does with checkpoints. It may hang or refuse.
type keeper struct {
	hang   chan struct{} // nil: does not
	refuse error
	kept   [][]byte
	asked  []*proto.GetCheckpointRequest
	give   []byte
}

func (c *fakeCoordinator) PutCheckpoint(stream grpc.ClientStreamingServer[proto.PutCheckpointRequest, proto.PutCheckpointReply]) error {
	k := &c.keeper
	if k.refuse != nil {
		return k.refuse
	}
	var b []byte
	m, err := stream.Recv()
	for err == nil {
		if len(m.Data) > proto.ChunkBytes {
			return status.Error(codes.InvalidArgument, "a chunk that is too large")
		}
		b = append(b, m.Data...)
		if k.hang != nil {
			<-k.hang
		}
		m, err = stream.Recv()
	}
	c.set(func() { k.kept = append(k.kept, b) })
	return stream.SendAndClose(&proto.PutCheckpointReply{})
}

func (c *fakeCoordinator) GetCheckpoint(m *proto.GetCheckpointRequest, stream grpc.ServerStreamingServer[proto.Chunk]) error {
	k := &c.keeper
	c.set(func() { k.asked = append(k.asked, m) })
	if m.UselessStep > 0 || k.give == nil {
		return status.Error(codes.NotFound, "none")
	}
	return stream.Send(&proto.Chunk{Data: k.give})
}

// stepper is a trainer of steps of a second, `ms` / 1000 of them, whose checkpoints are large.
func stepper(bytes int) *sweep.Trainer {
	t := fakeTrainer()
	t.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
		step := int64(0)
		if job.Resume != nil {
			b, err := io.ReadAll(job.Resume)
			if err != nil || len(b) != bytes {
				return sweep.Outcome{}, errors.Join(sweep.ErrCheckpoint, err)
			}
			step = int64(b[0])
		}
		for ; step < job.Point.Int("ms")/1000; step++ {
			err := ctx.Err()
			if job.Due() && step > 0 {
				job.Save(step, func(w io.Writer) error {
					b := make([]byte, bytes)
					b[0] = byte(step)
					_, err := w.Write(b)
					return err
				})
			}
			if err != nil {
				return sweep.Outcome{}, err
			}
			time.Sleep(time.Second)
		}
		return sweep.Outcome{Scalars: map[string]sweep.Value{"i": job.Point.Get("i")}}, nil
	}
	return t
}

// TestResultsDoNotWaitForCheckpoints: while a checkpoint of many chunks hangs on its way, results are delivered and acknowledged.
func TestResultsDoNotWaitForCheckpoints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		k := &c.keeper
		k.hang = make(chan struct{})
		trainer := stepper(20 << 20)
		c.add(sweep.Task{Point: point(t, trainer, 0, 200_000)})
		for i := range int64(20) {
			c.add(sweep.Task{Point: point(t, trainer, 1+i, 5_000)})
		}
		a := start(t, c, trainer, nil)
		time.Sleep(130 * time.Second)
		kept := func() int { return ask(c, func() int { return len(k.kept) }) }
		if n := c.arrived(); n != 20 || kept() != 0 {
			t.Errorf("%d results came, and %d checkpoints", n, kept())
		}
		close(k.hang)
		time.Sleep(10 * time.Second)
		if kept() == 0 {
			t.Error("the checkpoint never came")
		}
		a.end(t)
	})
}

// TestPreemptedLeaseIsHandedBack: after its checkpoint, and once; where the coordinator has no room for that, all the same.
func TestPreemptedLeaseIsHandedBack(t *testing.T) {
	for _, refuse := range []error{nil, status.Error(codes.ResourceExhausted, "the disk is full")} {
		synctest.Test(t, func(t *testing.T) {
			c := newFakeCoordinator()
			defer c.down()
			k := &c.keeper
			k.refuse = refuse
			trainer := stepper(100)
			c.add(sweep.Task{Point: point(t, trainer, 0, 200_000)})
			a := start(t, c, trainer, nil)
			time.Sleep(30 * time.Second)
			a.end(t)
			if n := c.handedBack(); n != 1 || (len(k.kept) == 1) != (refuse == nil) {
				t.Errorf("handed back %d times, %d checkpoints", n, len(k.kept))
			}
			if refuse != nil {
				return
			}
			head, _, err := sweep.OpenCheckpoint(bytes.NewReader(k.kept[0]), int64(len(k.kept[0])))
			if err != nil || head.Step < 29 || head.Step > 31 || head.Seconds < 29 || head.Seconds > 32 {
				t.Errorf("%+v, %v", head, err)
			}
		})
	}
}

// TestUselessCheckpoint: one that the trainer cannot use is disowned, one that is damaged or gone is not missed.
func TestUselessCheckpoint(t *testing.T) {
	p := point(t, fakeTrainer(), 0, 20_000)
	var foreign bytes.Buffer
	if err := (sweep.Checkpoint{Point: p, Step: 15, Seconds: 15}).Write(&foreign, func(w io.Writer) error { _, err := w.Write([]byte("foreign")); return err }); err != nil {
		t.Fatal(err)
	}
	damaged := bytes.Clone(foreign.Bytes())
	damaged[len(damaged)-1] ^= 1
	for name, give := range map[string][]byte{"foreign": foreign.Bytes(), "damaged": damaged, "none": nil, "nonsense": []byte(strings.Repeat("x", 99))} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newFakeCoordinator()
				defer c.down()
				k := &c.keeper
				k.give = give
				trainer := stepper(100)
				c.add(sweep.Task{Point: p, Checkpoint: 15})
				a := start(t, c, trainer, nil)
				time.Sleep(time.Minute)
				if d := only(t, c); d.Error != "" || d.Provenance.Seconds != 20 {
					t.Errorf("%+v", d)
				}
				if last := k.asked[len(k.asked)-1]; (last.UselessStep == 15) != (name == "foreign") {
					t.Errorf("asked for %v", k.asked)
				}
				a.end(t)
			})
		})
	}
}
