package coordinator

import (
	"container/list"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// What whoever connects may cost. A stranger is a connection over which no valid token has come yet: it costs some 50 KB and a few
// goroutines, and a handshake costs a third of a millisecond.
const (
	maxStrangers   = 256              // beyond them the oldest is closed: who means well has shown the token milliseconds after it came
	maxConnections = 8192             // strangers and others: an agent has one, and now and then one for a checkpoint, so there is room for thousands
	strangerTime   = 20 * time.Second // until the token has come, and for the handshake before it: a slow network needs a few seconds
	maxStreams     = 128              // on a connection at a time: an agent has its session, and a few files and checkpoints on their way
	maxHeader      = 16 << 10         // bytes of a call's header: what the program sends has 300
)

// A gate is a listener that bounds what strangers cost, and says in the log how they ended.
type gate struct {
	net.Listener
	notices *notices

	mu        sync.Mutex
	guests    int
	strangers list.List // of *guest, the oldest first
}

// A guest is a connection.
type guest struct {
	net.Conn
	gate   *gate
	once   sync.Once
	expiry *time.Timer

	// Of the gate's lock.
	place *list.Element // among the strangers; nil: none of them
	met   bool          // the handshake has ended well
	said  bool          // the log knows of it, or need not
}

// Accept waits for the next connection that there is room for.
func (g *gate) Accept() (net.Conn, error) {
	for {
		conn, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if x, oldest := g.admit(conn); x != nil {
			if oldest != nil {
				oldest.turnAway("a connection without a token was closed: too many others came")
			}
			return x, nil
		}
		g.notices.warn("a connection was closed: there are as many as there may be", "from", conn.RemoteAddr().String(), "connections", maxConnections)
		_ = conn.Close()
	}
}

// admit makes a connection a stranger, and says which one has to go for it; nil: there is no room.
func (g *gate) admit(conn net.Conn) (x, oldest *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.guests >= maxConnections {
		return nil, nil
	}
	if g.strangers.Len() >= maxStrangers {
		oldest = g.strangers.Front().Value.(*guest)
		oldest.known()
	}
	g.guests++
	x = &guest{Conn: conn, gate: g}
	x.place = g.strangers.PushBack(x)
	x.expiry = time.AfterFunc(strangerTime, func() { x.turnAway("a connection was closed: no token came") })
	return x, oldest
}

// known takes a guest out of the strangers. The gate's lock is held.
func (x *guest) known() {
	if x.place != nil {
		x.gate.strangers.Remove(x.place)
		x.place = nil
		x.expiry.Stop()
	}
}

// welcome is called when a valid token has come.
func (x *guest) welcome() {
	x.gate.mu.Lock()
	defer x.gate.mu.Unlock()
	x.said = true
	x.known()
}

// tell puts a line about a guest into the log.
func (x *guest) tell(text string, args ...any) {
	x.gate.mu.Lock()
	x.said = true
	x.gate.mu.Unlock()
	x.gate.notices.warn(text, append(args, "from", x.RemoteAddr().String())...)
}

func (x *guest) turnAway(why string) {
	x.tell(why)
	_ = x.Close()
}

// shaken is called when the handshake has ended.
func (x *guest) shaken(err error) {
	x.gate.mu.Lock()
	x.met = err == nil
	said := x.said
	x.gate.mu.Unlock()
	if err != nil && !said {
		x.tell("a connection was refused: its TLS handshake failed", "error", err)
	}
}

// Close is called by gRPC whenever a connection ends, on whatever side.
func (x *guest) Close() error {
	x.once.Do(func() {
		x.gate.mu.Lock()
		x.known()
		x.gate.guests--
		untold := x.met && !x.said
		x.gate.mu.Unlock()
		if untold {
			x.gate.notices.warn("a connection ended without a call", "from", x.RemoteAddr().String())
		}
	})
	return x.Conn.Close()
}

// A doorman is the TLS of a gate's connections. It tells the calls on a connection whose guest they come from.
type doorman struct {
	credentials.TransportCredentials
}

// credential is what a call knows of its connection.
type credential struct {
	credentials.AuthInfo
	guest *guest
}

// ServerHandshake is called by gRPC.
func (d doorman) ServerHandshake(raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := d.TransportCredentials.ServerHandshake(raw)
	x, ok := raw.(*guest)
	if !ok {
		return nil, nil, errors.Join(errors.New("not a connection of the gate"), err)
	}
	x.shaken(err)
	if err != nil {
		return nil, nil, err
	}
	return conn, credential{info, x}, nil
}

// Clone is called by gRPC.
func (d doorman) Clone() credentials.TransportCredentials {
	return doorman{d.TransportCredentials.Clone()}
}

// guestOf is the connection that a call came over; nil: none of the gate's.
func guestOf(ctx context.Context) *guest {
	p, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	c, _ := p.AuthInfo.(credential)
	return c.guest
}
