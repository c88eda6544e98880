package history

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"
)

// A wire is one connection in memory. Bytes arrive in order, each write some time after it was made; what is on its way when the
// wire is cut is lost.
type wire struct {
	owner *process // the agent at one end; nil: a client
	up    half     // to the coordinator
	down  half
}

var (
	errCut  = errors.New("the connection was cut")
	errAway = errors.New("nobody is at home")
)

func newWire(owner *process, seed uint64, longest time.Duration) *wire {
	w := &wire{owner: owner}
	for i, h := range []*half{&w.up, &w.down} {
		h.random = rand.New(rand.NewPCG(seed, uint64(i)))
		h.longest = longest
		h.changed = make(chan struct{}, 1)
	}
	return w
}

// cut breaks both directions at once.
func (w *wire) cut() {
	w.up.end(errCut)
	w.down.end(errCut)
}

// stall holds what travels in a direction until a moment.
func (h *half) stall(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := range h.queue {
		if h.queue[i].at.Before(until) {
			h.queue[i].at = until
		}
	}
	if h.last.Before(until) {
		h.last = until
	}
}

// A half is one direction.
type half struct {
	longest time.Duration // on its way
	random  *rand.Rand
	changed chan struct{} // of capacity 1: the reader shall look again

	mu       sync.Mutex
	queue    []chunk
	last     time.Time // when the newest chunk arrives
	ended    error     // nothing more can be read or written
	shut     bool      // the writer has closed its end: after the queue comes io.EOF
	deadline time.Time // of reading
}

type chunk struct {
	at    time.Time
	bytes []byte
}

func (h *half) poke() {
	select {
	case h.changed <- struct{}{}:
	default:
	}
}

func (h *half) end(why error) {
	h.mu.Lock()
	if h.ended == nil {
		h.ended = why
	}
	h.queue = nil
	h.mu.Unlock()
	h.poke()
}

func (h *half) write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended != nil {
		return 0, h.ended
	}
	if h.shut {
		return 0, io.ErrClosedPipe
	}
	at := time.Now().Add(time.Duration(h.random.Int64N(int64(h.longest) + 1)))
	if at.Before(h.last) {
		at = h.last
	}
	h.last = at
	h.queue = append(h.queue, chunk{at, append([]byte(nil), b...)})
	h.poke()
	return len(b), nil
}

func (h *half) close() {
	h.mu.Lock()
	h.shut = true
	h.mu.Unlock()
	h.poke()
}

func (h *half) setDeadline(t time.Time) {
	h.mu.Lock()
	h.deadline = t
	h.mu.Unlock()
	h.poke()
}

// look reads what has arrived, or says how long to wait for it: negative, until something changes.
func (h *half) look(b []byte) (n int, wait time.Duration, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	wait = -1
	switch {
	case h.ended != nil:
		return 0, 0, h.ended
	case !h.deadline.IsZero() && !now.Before(h.deadline):
		return 0, 0, os.ErrDeadlineExceeded
	case len(h.queue) > 0 && !h.queue[0].at.After(now):
		c := &h.queue[0]
		n = copy(b, c.bytes)
		if c.bytes = c.bytes[n:]; len(c.bytes) == 0 {
			h.queue = h.queue[1:]
		}
		return n, 0, nil
	case len(h.queue) > 0:
		wait = h.queue[0].at.Sub(now)
	case h.shut:
		return 0, 0, io.EOF
	}
	if !h.deadline.IsZero() {
		if left := h.deadline.Sub(now); wait < 0 || left < wait {
			wait = left
		}
	}
	return 0, wait, nil
}

func (h *half) read(b []byte) (int, error) {
	for {
		n, wait, err := h.look(b)
		if n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
		if wait < 0 {
			<-h.changed
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-h.changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// An end is one end of a wire as a net.Conn.
type end struct {
	in, out *half
}

func (e end) Read(b []byte) (int, error)  { return e.in.read(b) }
func (e end) Write(b []byte) (int, error) { return e.out.write(b) }

// Close lets the other end read what is on its way.
func (e end) Close() error {
	e.out.close()
	e.in.end(net.ErrClosed)
	return nil
}

func (e end) LocalAddr() net.Addr                { return address{} }
func (e end) RemoteAddr() net.Addr               { return address{} }
func (e end) SetDeadline(t time.Time) error      { return e.SetReadDeadline(t) }
func (e end) SetReadDeadline(t time.Time) error  { e.in.setDeadline(t); return nil }
func (e end) SetWriteDeadline(t time.Time) error { return nil } // writes do not wait

type address struct{}

func (address) Network() string { return "simulated" }
func (address) String() string  { return "simulated" }

// A door is where a coordinator listens.
type door struct {
	coming chan net.Conn
	once   sync.Once
	shut   chan struct{}
}

func newDoor() *door { return &door{coming: make(chan net.Conn), shut: make(chan struct{})} }

// Accept is called by gRPC.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.coming:
		return c, nil
	case <-d.shut:
		return nil, net.ErrClosed
	}
}

// Close is called by gRPC.
func (d *door) Close() error {
	d.once.Do(func() { close(d.shut) })
	return nil
}

// Addr is called by gRPC.
func (d *door) Addr() net.Addr { return address{} }
