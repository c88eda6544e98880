package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// SSH keeps one agent on each host, through one ssh client each. The client holds the agent's standard input: its first line is
// the access, and when it ends (because this process ends, the client is killed or the connection breaks) the agent leaves.
// Killing a client alone would leave its remote process alive.
type SSH struct {
	Agent
	Hosts  []Host
	Access func(address string) string // the agents' access in one word, with another address unless that is ""
	Tunnel string                      // address of the coordinator as this machine sees it, brought to each host through ssh; "": agents dial it themselves
	Args   []string                    // of ssh, before its destination
	Output io.Writer                   // what the agents and the clients say, a host's name before each line
}

const (
	// tries is how often in a row a host may fail before it is given up; a connection that held for steady is none.
	tries  = 5
	steady = time.Minute
	// leaveTime is how long an agent has to leave after its standard input ended. It promises 20 s.
	leaveTime = 25 * time.Second
)

// ErrHosts means hosts on which no agent could be kept.
var ErrHosts = errors.New("some hosts were given up")

// Run returns when every agent has left by itself (nil), when hosts had to be given up (ErrHosts), or after ctx has ended and the agents
// have handed their points back.
func (s SSH) Run(ctx context.Context) error {
	var group sync.WaitGroup
	var mu sync.Mutex // of Output
	givenUp := make([]bool, len(s.Hosts))
	for i, h := range s.Hosts {
		group.Go(func() {
			out := &prefixed{mu: &mu, to: s.Output, prefix: h.Name + ": "}
			defer out.flush()
			if err := s.keep(ctx, h, out); err != nil {
				fmt.Fprintf(out, "given up: %v\n", err)
				givenUp[i] = true
			}
		})
	}
	group.Wait()
	var lost []string
	for i, h := range s.Hosts {
		if givenUp[i] {
			lost = append(lost, h.Name)
		}
	}
	if len(lost) > 0 {
		return fmt.Errorf("%w: %s", ErrHosts, strings.Join(lost, ", "))
	}
	return nil
}

// keep has an agent on a host until it leaves by itself.
func (s SSH) keep(ctx context.Context, h Host, out io.Writer) error {
	wait := time.Second
	for failures := 0; ; {
		began := time.Now()
		err := s.once(ctx, h, out)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if time.Since(began) > steady {
			failures, wait = 0, time.Second
		}
		if failures++; failures == tries || !again(err) {
			return s.explain(h, err)
		}
		fmt.Fprintf(out, "%v; again in %v\n", err, wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = min(2*wait, 30*time.Second)
	}
}

// once is one connection.
func (s SSH) once(ctx context.Context, h Host, out io.Writer) error {
	address := ""
	if s.Tunnel != "" {
		address = net.JoinHostPort("127.0.0.1", strconv.Itoa(20000+rand.IntN(40000)))
	}
	words := s.Words(h, address)
	cmd := exec.CommandContext(ctx, words[0], words[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C comes here, and not to the clients: they would break the connections
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer stdin.Close()
	cmd.Cancel, cmd.WaitDelay = stdin.Close, leaveTime
	if err := cmd.Start(); err != nil {
		return err
	}
	// A client that ended at once takes nothing: Wait says why.
	_, _ = io.WriteString(stdin, s.Access(address)+"\n")
	return cmd.Wait()
}

// Words are the ssh client's command line. The address is where the tunnel ends on the host.
func (s SSH) Words(h Host, address string) []string {
	words := append([]string{"ssh"}, s.Args...) // ssh takes the first of two equal options: the user's
	words = append(words, "-T", "-o", "BatchMode=yes", "-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4")
	if s.Tunnel != "" {
		words = append(words, "-o", "ExitOnForwardFailure=yes", "-R", address+":"+s.Tunnel)
	}
	return append(words, h.Name, s.Remote(h))
}

// Remote is what a host's shell runs.
func (s SSH) Remote(h Host) string {
	a := s.Agent
	if h.Cores > 0 {
		a.Cores = h.Cores
	}
	if h.Binary != "" {
		a.Binary = h.Binary
	}
	words := append(a.arguments("-"), "--with-stdin")
	if a.Memory > 0 {
		words = append(words, "--memory", fmt.Sprintf("%dMiB", mebibytes(a.Memory)))
	}
	return "exec " + strings.Join(words, " ")
}

// noProgram is what a shell exits with that does not find a program, or may not run it; sshBroken what ssh exits with that could not
// connect, or lost the connection.
const (
	noProgram  = 127
	notAllowed = 126
	sshBroken  = 255
)

// again says whether another try may help: after a broken connection, not after an agent that was refused or is not there.
func again(err error) bool {
	var ended *exec.ExitError
	return errors.As(err, &ended) && (ended.ExitCode() == sshBroken || ended.ExitCode() < 0)
}

func (s SSH) explain(h Host, err error) error {
	var ended *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("there is no ssh on this machine's path")
	case !errors.As(err, &ended):
		return err
	case ended.ExitCode() == noProgram || ended.ExitCode() == notAllowed:
		return fmt.Errorf("the host cannot run %s; copy widthlaw there (scp) and name it with --binary, or with binary=PATH in the file of hosts",
			cmp.Or(h.Binary, s.Binary))
	case ended.ExitCode() == sshBroken:
		return fmt.Errorf("no connection after %d tries; see whether `ssh %s true` works without a question", tries, h.Name)
	}
	return fmt.Errorf("the agent ended with %w; what it said stands above", err)
}

// prefixed writes whole lines, each with a prefix.
type prefixed struct {
	mu     *sync.Mutex
	to     io.Writer
	prefix string
	line   []byte
}

func (p *prefixed) Write(b []byte) (int, error) {
	for _, c := range b {
		p.line = append(p.line, c)
		if c == '\n' {
			p.flush()
		}
	}
	return len(b), nil
}

// flush writes a line that has no end yet.
func (p *prefixed) flush() {
	if len(p.line) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	// There is nobody to tell that the terminal is gone.
	_, _ = fmt.Fprintf(p.to, "%s%s\n", p.prefix, strings.TrimRight(string(p.line), "\r\n"))
	p.line = p.line[:0]
}
