package coordinator

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestAgentOfSomeTrainers: an agent that lacks some of the trainers works with the others, and is told which it lacks.
func TestAgentOfSomeTrainers(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.down()
		other := *toy()
		other.Name = "other"
		c.trainers = append(c.trainers, &other)
		c.up()
		c.submit(spec("s", 1, 1))
		a := c.agent("a", 1)
		if n := a.welcome.Notes; len(n) != 1 || !strings.Contains(n[0], "it does not have trainer other") {
			t.Errorf("notes %q", n)
		}
		a.work()
		c.expect("s", 1, 0, 0, 0)
	})
}

// TestAgentOfAnotherVersion: an agent that no work can be given to is told so at once, and does not wait for ever.
func TestAgentOfAnotherVersion(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.submit(spec("s", 1, 1))
		hello := func(trainers map[string]int) (*proto.ToAgent, error) {
			conn := c.dial(c.c.AgentAccess(c.listener))
			defer conn.Close()
			ctx, stop := context.WithTimeout(context.Background(), time.Minute)
			defer stop()
			stream, err := proto.NewAgentsClient(conn).Work(ctx)
			if err == nil {
				err = stream.Send(&proto.FromAgent{
					Hello:    proto.ToHello(sweep.Hello{Agent: "a", Host: "h", Version: "v0.1", Trainers: trainers}),
					Capacity: proto.ToCapacity(sweep.Capacity{Cores: 1, Memory: 1 << 30, Window: 1}),
				})
			}
			if err != nil {
				t.Fatal(err)
			}
			return stream.Recv()
		}
		for text, trainers := range map[string]map[string]int{
			"it has version 2 of trainer toy, and the coordinator has version 1": {"toy": 2},
			"it does not have trainer toy":                                       {"other": 1},
		} {
			_, err := hello(trainers)
			said := status.Convert(err).Message()
			if status.Code(err) != codes.FailedPrecondition || !strings.Contains(said, text) || !strings.Contains(said, "start an agent of the coordinator's version") {
				t.Errorf("%v: %v", trainers, err)
			}
			if n := strings.Count(c.log.String(), text); n != 1 || !strings.Contains(c.log.String(), "an agent was refused") {
				t.Errorf("%v: the log says it %d times:\n%s", trainers, n, c.log)
			}
		}
		c.expect("s", 0, 0, 0, 1)
		if m, err := hello(map[string]int{"toy": 1, "other": 7}); err != nil || m.Welcome == nil || len(m.Welcome.Notes) > 0 {
			t.Errorf("one that has more trainers than it needs: %v %v", m, err)
		}
	})
}
