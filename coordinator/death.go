package coordinator

import (
	"context"
	"strings"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
)

// deaths finds out what the queue must know of agents that ended where this one runs now.
func (a *agentService) deaths(ctx context.Context, h sweep.Hello) (list []queue.Death, err error) {
	for _, d := range h.Deaths {
		ran := make([]sweep.Claim, len(d.Points))
		for i, p := range d.Points {
			ran[i] = sweep.Claim{Point: p, Threads: 1}
		}
		x := queue.Death{Agent: d.Agent, Alone: d.Alone, Log: d.Log}
		if x.Points, err = a.claims(ctx, h.Agent, ran); err != nil {
			return nil, err
		}
		list = append(list, x)
	}
	return list, nil
}

// mourn acts on deaths, and lets the agent that has told them forget them once what follows from them is on disk.
func (c *Coordinator) mourn(s *session, deaths []queue.Death) {
	for _, d := range deaths {
		c.log.Warn("an agent had ended without a word", "agent", d.Agent, "points", len(d.Points), "log", strings.Join(d.Log, "; "))
		c.queue.Died(d, time.Now())
		if c.sessions[d.Agent] == nil {
			delete(c.agents, d.Agent)
		}
		c.batch.after = append(c.batch.after, func() { s.out.bury(d.Agent) }) // in the batch that will have the troubles
	}
}
