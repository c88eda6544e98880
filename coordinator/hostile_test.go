package coordinator

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestHostileAgents sends what no agent of ours sends. Each stream ends with a status, and an honest agent beside it does all the work.
func TestHostileAgents(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 5, 5))
		hello := proto.ToHello(sweep.Hello{Agent: "evil", Trainers: map[string]int{"toy": 1}})
		for name, x := range map[string]struct {
			messages []*proto.FromAgent
			code     codes.Code
		}{
			"no hello":        {[]*proto.FromAgent{{}}, codes.InvalidArgument},
			"empty hello":     {[]*proto.FromAgent{{Hello: &proto.Hello{}}}, codes.InvalidArgument},
			"two hellos":      {[]*proto.FromAgent{{Hello: hello}, {Hello: hello}}, codes.InvalidArgument},
			"no cores":        {[]*proto.FromAgent{{Hello: hello, Capacity: &proto.Capacity{}}}, codes.InvalidArgument},
			"no cores, later": {[]*proto.FromAgent{{Hello: hello}, {Capacity: &proto.Capacity{}}}, codes.InvalidArgument},
			"too much held":   {[]*proto.FromAgent{{Hello: &proto.Hello{Agent: "evil", Held: make([]*proto.Held, 1<<16+1)}}}, codes.InvalidArgument},
			"too large":       {[]*proto.FromAgent{{Hello: hello}, {Results: []*proto.Result{{Outcome: make([]byte, 17<<20)}}}}, codes.ResourceExhausted},
		} {
			if err := c.say(x.messages...); status.Code(err) != x.code {
				t.Errorf("%s: %v, want %v", name, err, x.code)
			}
		}
		a := c.agent("a", 3)
		// Fences of others, of nobody and of the past do nothing.
		first := a.next()
		b := c.agent("b", 1)
		b.send(&proto.FromAgent{
			Handbacks: []uint64{first.Fence, 0, 1 << 63},
			Progress:  []*proto.Progress{nil, {Fence: 12}},
			Results:   []*proto.Result{proto.ToResult(sweep.Delivery{Fence: first.Fence, Point: first.Point, Error: "it was me"})},
		})
		c.settle()
		if s := c.status("s"); s.Failed != 0 || s.Running != 4 {
			t.Errorf("another agent's lease was touched: %+v", s)
		}
		b.leave()
		a.deliver(first)
		a.work()
		c.expect("s", 25, 0, 0, 0)
		a.leave()
	})
}

// say opens an agent's stream, sends messages and gives back how it ends.
func (c *cluster) say(messages ...*proto.FromAgent) error {
	c.t.Helper()
	conn := c.dial(c.c.AgentAccess(c.listener))
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	stream, err := proto.NewAgentsClient(conn).Work(ctx)
	for _, m := range messages {
		if err == nil {
			err = stream.Send(m)
		}
	}
	for err == nil || errors.Is(err, io.EOF) {
		_, err = stream.Recv()
	}
	return err
}

func TestSilentStreamIsEnded(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		if err := c.say(); status.Code(err) != codes.DeadlineExceeded || !strings.Contains(err.Error(), "hello") {
			t.Errorf("a stream without a hello: %v", err)
		}
	})
}

func TestSecondStreamEndsTheFirst(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 2, 1))
		a := c.agent("a", 1)
		task := a.next()
		again := c.agent("a", 1, c.claim(task, false))
		if <-a.done; status.Code(a.err) != codes.Aborted {
			t.Errorf("the first stream: %v", a.err)
		}
		if len(again.welcome.Reattached) != 1 {
			t.Errorf("the second stream has not got the lease: %v", again.welcome)
		}
		c.expect("s", 0, 0, 1, 1)
		again.leave()
		c.expect("s", 0, 0, 0, 2)
	})
}

// TestStoppedProcessForgives has the coordinator's loop stand still for an hour: that is no agent's fault.
func TestStoppedProcessForgives(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 2, 1))
		a := c.agent("a", 1)
		if err := c.c.post(context.Background(), func() { time.Sleep(time.Hour) }); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + time.Second)
		synctest.Wait()
		a.beat()
		c.expect("s", 0, 0, 1, 1)
		a.work()
		c.expect("s", 2, 0, 0, 0)
		a.leave()
	})
}
