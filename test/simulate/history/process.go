package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/widthlaw/widthlaw/agent"
	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/sweep"
)

// A host is a machine that agents run on, one at a time, with a spool that outlives them.
type host struct {
	number int
	cores  int
	memory int64
	spools int // folders so far: each killed agent's successor finds a copy of what was on disk at that moment

	// Of world.mu.
	spool   string
	process *process // nil: none runs
	extra   []string // spools of dead agents that turn up here again
}

// A process is one agent, from its start until it leaves or is killed.
type process struct {
	w    *world
	host *host
	name string
	stop context.CancelFunc
	done chan struct{} // closed when Run has returned

	// Of world.mu.
	dead     bool // killed: nobody hears it any more
	deadAt   time.Time
	away     bool // cannot reach the coordinator
	life     *life
	session  *session
	sessions int
	taken    map[sweep.Key]int64 // checkpoints, since it was asked to leave
	unsafe   map[string]sent     // sent in some session, not yet acknowledged: by what was sent
}

// A sent is a result on its way.
type sent struct {
	key            sweep.Key
	point, outcome []byte
	error          string
	live           bool // it went out under a lease that nothing has put in doubt
}

func (w *world) newHost(r *rand.Rand) {
	h := &host{number: len(w.hosts), cores: 1 + r.IntN(3), memory: 512 << 20}
	if h.number == 0 || r.IntN(2) == 0 {
		h.memory = 1 << 30
	}
	h.spool = h.nextSpool(w)
	w.hosts = append(w.hosts, h)
}

func (h *host) nextSpool(w *world) string {
	h.spools++
	return filepath.Join(w.folder, fmt.Sprintf("host%d-%d", h.number, h.spools))
}

// start starts an agent on a host that has none.
func (w *world) start(h *host) {
	w.mu.Lock()
	if h.process != nil {
		w.mu.Unlock()
		return
	}
	w.started++
	p := &process{w: w, host: h, name: fmt.Sprintf("agent%d@%d", w.started, h.number), done: make(chan struct{}), taken: map[sweep.Key]int64{}, unsafe: map[string]sent{}}
	h.process, w.names[p.name] = p, p
	root, extra := h.spool, h.extra
	h.extra = nil
	w.mu.Unlock()
	for _, from := range extra {
		dead, err := os.ReadDir(from)
		for _, d := range dead {
			err = errors.Join(err, copyTree(filepath.Join(root, d.Name()+"-again"), filepath.Join(from, d.Name())))
		}
		if err != nil {
			w.violated("files: %v", err)
		}
	}
	a, err := agent.New(agent.Config{
		Dial: p.dial, Trainers: []*sweep.Trainer{w.trainer(p)}, Spool: root, Cores: h.cores, Memory: h.memory, Name: p.name, Log: w.log(p.name),
	})
	if err != nil {
		w.violated("%s: %v", p.name, err)
		close(p.done)
		return
	}
	w.note("%s starts with %d cores", p.name, h.cores)
	ctx, stop := context.WithCancel(context.Background())
	p.stop = stop
	w.wait.Go(func() {
		defer close(p.done)
		if err := a.Run(ctx); err != nil {
			w.violated("%s: %v", p.name, err)
		}
	})
}

func (p *process) dial(context.Context) (*grpc.ClientConn, error) {
	p.w.mu.Lock()
	l := p.w.now()
	none := l == nil || l.stop == nil || p.dead || p.away
	p.w.mu.Unlock()
	if none {
		return nil, errAway
	}
	return p.w.dial(p, l.agents, grpc.WithStreamInterceptor(p.intercept))
}

// killProcess takes an agent away in this very moment. What its spool holds now is what the next one finds.
func (w *world) killProcess(p *process) {
	w.mu.Lock()
	if p.dead || p.host.process != p {
		w.mu.Unlock()
		return
	}
	p.dead, p.deadAt = true, time.Now()
	w.noted("%s is killed", p.name)
	w.cutWires(p)
	old := p.host.spool
	p.host.spool = p.host.nextSpool(w)
	p.host.process = nil
	w.endSession(p.session)
	unsafe := make([]sent, 0, len(p.unsafe))
	for _, s := range p.unsafe {
		unsafe = append(unsafe, s)
	}
	w.mu.Unlock()
	if err := copyTree(p.host.spool, old); err != nil {
		w.violated("files: %v", err)
	}
	found, err := payloads(p.host.spool)
	if err != nil {
		w.violated("files: %v", err)
	}
	for _, s := range unsafe {
		if !s.in(found) {
			w.violated("%s was killed, and its spool does not have the result of %s, which it had sent and which nobody has acknowledged", p.name, w.point(s.point))
		}
	}
	w.signals <- killed{process: p}
}

// in says whether what was sent is among payloads of a spool.
func (s sent) in(found [][]byte) bool {
	for _, b := range found {
		if bytes.Contains(b, s.point) && bytes.Contains(b, s.outcome) && bytes.Contains(b, []byte(s.error)) {
			return true
		}
	}
	return false
}

// segments are the files of a spool.
func segments(root string) (paths []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && filepath.Ext(path) == ".spool" {
			paths = append(paths, path)
		}
		if errors.Is(err, fs.ErrNotExist) { // it is in use
			return nil
		}
		return err
	})
	return paths, err
}

// payloads are what a spool holds.
func payloads(root string) (found [][]byte, err error) {
	paths, err := segments(root)
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		list, _, err := spool.Read(b)
		if err != nil {
			return nil, err
		}
		found = append(found, list...)
	}
	return found, err
}

// copyTree copies a spool that may be in use: what is cut short by that was not yet promised.
func copyTree(to, from string) error {
	paths, err := segments(from)
	if err != nil {
		return err
	}
	for _, path := range paths {
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, rel)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, rel), b, 0o600); err != nil {
			return err
		}
	}
	return os.MkdirAll(to, 0o700)
}

// tear cuts the newest segment of a spool short somewhere, as when the machine itself goes down.
func tear(root string, r *rand.Rand) error {
	paths, err := segments(root)
	if err != nil || len(paths) == 0 {
		return err
	}
	path := paths[len(paths)-1]
	info, err := os.Stat(path)
	if err != nil || info.Size() == 0 {
		return err
	}
	return os.Truncate(path, r.Int64N(info.Size()))
}

// leave asks an agent to go, and waits for it.
func (w *world) leave(p *process) {
	w.note("%s is asked to leave", p.name)
	began := time.Now()
	held := map[sweep.Key]bool{}
	w.mu.Lock()
	clear(p.taken)
	if s := p.session; s != nil && !s.over {
		for _, key := range s.held {
			held[key] = true
		}
	}
	w.mu.Unlock()
	p.stop()
	<-p.done
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.dead {
		return
	}
	if took := time.Since(began); took > 20*time.Second {
		w.violates("%s took %v to leave", p.name, took)
	}
	w.noted("%s has left", p.name)
	w.preempted(p, held, began)
	w.endSession(p.session)
	if p.host.process == p {
		p.host.process = nil
	}
	p.deadAt = time.Now()
}
