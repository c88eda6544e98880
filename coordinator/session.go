package coordinator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/sweep"
)

// A session is one agent's stream. The loop puts into its outbox, which never waits; the stream's sender empties it.
type session struct {
	agent string
	out   outbox
	flow  flow
	gone  chan struct{} // closed by end
	why   error         // set before gone is closed
}

// Why a session ends from this side.
var (
	errLost     = errors.New("you were silent for too long, and your points were given to others; dial again")
	errReplaced = errors.New("another stream of the same agent came")
)

func newSession(agent string) *session {
	return &session{
		agent: agent, gone: make(chan struct{}),
		out:  outbox{ready: make(chan struct{}, 1)},
		flow: flow{freed: make(chan struct{}, 1)},
	}
}

// end has the stream closed, with a reason. Only the loop calls it, once.
func (s *session) end(why error) {
	s.why = why
	close(s.gone)
}

// An outbox holds what is to be said to an agent. What is in it is bounded by the agent's window, and by flow.
type outbox struct {
	ready chan struct{} // of capacity 1: there is something

	mu sync.Mutex
	letters
}

// letters are what one visit to the outbox yields.
type letters struct {
	welcome *welcome
	grants  []queue.Grant
	cancels []uint64
	acks    []ack
	buried  []string
}

// A welcome answers an agent's hello.
type welcome struct {
	beat, lease time.Duration
	kept        []queue.Reattached
	notes       []string
}

func (o *outbox) put(fn func(*letters)) {
	o.mu.Lock()
	fn(&o.letters)
	o.mu.Unlock()
	select {
	case o.ready <- struct{}{}:
	default:
	}
}

func (o *outbox) greet(w *welcome) { o.put(func(l *letters) { l.welcome = w }) }
func (o *outbox) assign(g []queue.Grant) {
	o.put(func(l *letters) { l.grants = append(l.grants, g...) })
}

func (o *outbox) cancel(fence uint64) {
	o.put(func(l *letters) { l.cancels = append(l.cancels, fence) })
}
func (o *outbox) ack(list ...ack) { o.put(func(l *letters) { l.acks = append(l.acks, list...) }) }

func (o *outbox) bury(agent string) {
	o.put(func(l *letters) { l.buried = append(l.buried, agent) })
}

// take empties the outbox.
func (o *outbox) take() letters {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.letters
	o.letters = letters{}
	return l
}

// maxInFlight bounds, for each session, the bytes of results that have come and are not yet acknowledged.
const maxInFlight = 8 << 20

// A flow holds back a session whose results come faster than they can be stored.
type flow struct {
	freed chan struct{} // of capacity 1

	mu   sync.Mutex
	used int
}

// size is what a delivery counts for.
func size(d sweep.Delivery) int { return len(d.Point) + len(d.Outcome) + len(d.Error) + 256 }

func (f *flow) try(n int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.used > 0 && f.used+n > maxInFlight {
		return false
	}
	f.used += n
	return true
}

// enter waits until n more bytes fit, and calls idle now and then meanwhile.
func (f *flow) enter(ctx context.Context, n int, every time.Duration, idle func()) error {
	if f.try(n) {
		return nil
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for !f.try(n) {
		select {
		case <-f.freed:
		case <-ticker.C:
			idle()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (f *flow) leave(n int) {
	f.mu.Lock()
	f.used -= n
	f.mu.Unlock()
	select {
	case f.freed <- struct{}{}:
	default:
	}
}

// An agentInfo is what an agent said about itself.
type agentInfo struct {
	hello sweep.Hello // without what it held
}

// connect begins a session, and ends an earlier one of the same agent.
func (c *Coordinator) connect(s *session, h sweep.Hello, capacity *sweep.Capacity, claims []queue.Claim, deaths []queue.Death) {
	if old := c.sessions[s.agent]; old != nil {
		old.end(errReplaced)
	}
	if c.agents[s.agent] == nil {
		c.log.Info("agent came", "agent", h.Agent, "host", h.Host, "version", h.Version, "instruction_set", h.InstructionSet)
	}
	c.mourn(s, deaths)
	h.Held, h.Deaths = nil, nil
	c.sessions[s.agent], c.agents[s.agent] = s, &agentInfo{hello: h}
	w := &welcome{beat: c.config.Lease / 3, lease: c.config.Lease, notes: c.warnings(h)}
	w.kept = c.queue.Connect(h, claims, time.Now())
	c.lateClaims(s.agent, claims, w.kept)
	s.out.greet(w)
	if capacity != nil {
		c.queue.Capacity(s.agent, *capacity)
	}
}

// disconnect ends a session; for good if the agent has left in order.
func (c *Coordinator) disconnect(s *session, left bool) {
	if c.sessions[s.agent] != s {
		return
	}
	delete(c.sessions, s.agent)
	if !left {
		c.log.Warn("the stream of an agent broke; it has its points until its lease ends", "agent", s.agent)
		c.queue.Disconnect(s.agent)
		return
	}
	c.log.Info("agent left", "agent", s.agent)
	c.queue.Leave(s.agent)
	delete(c.agents, s.agent)
}

// heard takes the small parts of an agent's message.
func (c *Coordinator) heard(s *session, capacity *sweep.Capacity, handbacks []uint64) {
	if c.sessions[s.agent] != s {
		return
	}
	c.queue.Heard(s.agent, time.Now())
	if capacity != nil {
		c.queue.Capacity(s.agent, *capacity)
	}
	for _, fence := range handbacks {
		if key, ok := c.queue.Held(s.agent, fence); ok {
			c.queue.Handback(s.agent, key, fence, time.Now())
		}
	}
}

// warnings are the notes as they are told to an agent that has other work.
func (c *Coordinator) warnings(h sweep.Hello) (list []string) {
	for _, note := range c.notes(h) {
		list = append(list, "no work of some sweeps for this agent: "+note)
	}
	return list
}

// errUseless means an agent that no work could ever be given to.
var errUseless = errors.New("there is no work for this agent")

// useless says why an agent can get no work here, if that is so: it has none of the coordinator's trainers in their versions.
func (c *Coordinator) useless(h sweep.Hello) error {
	notes := c.notes(h)
	if len(notes) < len(c.config.Trainers) {
		return nil
	}
	return fmt.Errorf("%w: %s; start an agent of the coordinator's version of widthlaw", errUseless, strings.Join(notes, "; "))
}

// notes are what an agent should know when it comes: which of the coordinator's trainers it cannot run.
func (c *Coordinator) notes(h sweep.Hello) (notes []string) {
	for _, t := range c.config.Trainers {
		switch v, ok := h.Trainers[t.Name]; {
		case !ok:
			notes = append(notes, fmt.Sprintf("it does not have trainer %s", t.Name))
		case v != t.Version:
			notes = append(notes, fmt.Sprintf("it has version %d of trainer %s, and the coordinator has version %d", v, t.Name, t.Version))
		}
	}
	return notes
}
