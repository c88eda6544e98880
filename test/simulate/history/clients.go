package history

import (
	"context"
	"time"

	"github.com/widthlaw/widthlaw/proto"
)

// clients asks a coordinator what a person at the command line would.
type clients struct {
	ctx context.Context
	proto.ClientsClient
}

// ask does something with the coordinator that is up. A history goes on if that fails.
func (w *world) ask(fn func(clients) error) error {
	w.mu.Lock()
	l := w.now()
	w.mu.Unlock()
	if l == nil || l.client == nil {
		return errAway
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	return fn(clients{ctx, proto.NewClientsClient(l.client)})
}

func (c clients) submit(spec string) error {
	_, err := c.Submit(c.ctx, &proto.SubmitRequest{Spec: []byte(spec), Filename: "sweep.yaml"})
	return err
}

func (c clients) pause(name string, on bool) error {
	action := proto.ControlRequest_ACTION_RESUME
	if on {
		action = proto.ControlRequest_ACTION_PAUSE
	}
	_, err := c.Control(c.ctx, &proto.ControlRequest{Sweep: name, Action: action})
	return err
}

func (c clients) sweeps() ([]*proto.Status, error) {
	reply, err := c.Sweeps(c.ctx, &proto.SweepsRequest{Sweep: "*"})
	return reply.GetSweeps(), err
}

func (c clients) agents() ([]*proto.AgentStatus, error) {
	reply, err := c.ListAgents(c.ctx, &proto.ListAgentsRequest{})
	return reply.GetAgents(), err
}
