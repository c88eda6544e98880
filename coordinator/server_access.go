package coordinator

import (
	"errors"
	"net"
	"os"
	"path/filepath"

	"github.com/widthlaw/widthlaw/proto"
)

// identity is by what agents and clients know a coordinator, after a restart too. It lies in the state directory, readable by its owner
// alone, as identity.json; access.json and agent-access.json beside it are what clients and agents need to come here.
type identity = proto.Identity

func openIdentity(state string) (identity, error) {
	if state == "" {
		return proto.NewIdentity()
	}
	return proto.LoadIdentity(filepath.Join(state, "identity.json"))
}

// ClientAccess is what a client of this machine needs to reach the coordinator at a listener.
func (c *Coordinator) ClientAccess(l net.Listener) proto.Access {
	return c.identity.Access(proto.ClientRole, here(l.Addr()))
}

// AgentAccess is what an agent of this machine needs to reach the coordinator at a listener.
func (c *Coordinator) AgentAccess(l net.Listener) proto.Access {
	return c.identity.Access(proto.AgentRole, here(l.Addr()))
}

// here is an address as seen from this machine.
func here(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		return net.JoinHostPort("localhost", port(t))
	}
	return a.String()
}

// elsewhere is an address as seen from other machines, as far as one can tell.
func elsewhere(a net.Addr) string {
	if t, ok := a.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		if name, err := os.Hostname(); err == nil {
			return net.JoinHostPort(name, port(t))
		}
	}
	return a.String()
}

func port(t *net.TCPAddr) string {
	_, p, _ := net.SplitHostPort(t.String())
	return p
}

// announce writes the access files.
func (c *Coordinator) announce(l net.Listener) error {
	if c.config.State == "" {
		return nil
	}
	client, agent := c.ClientAccess(l), c.identity.Access(proto.AgentRole, elsewhere(l.Addr()))
	client.PID, agent.PID = os.Getpid(), os.Getpid()
	return errors.Join(
		proto.WriteAccess(filepath.Join(c.config.State, "access.json"), client),
		proto.WriteAccess(filepath.Join(c.config.State, "agent-access.json"), agent))
}

// withdraw removes what leads clients here. Agents keep theirs: they wait for the coordinator to come back.
func (c *Coordinator) withdraw() error {
	if c.config.State == "" {
		return nil
	}
	return os.Remove(filepath.Join(c.config.State, "access.json"))
}
