package history

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"path/filepath"
	"strings"
	"time"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
	"github.com/widthlaw/widthlaw/test/toy"
)

// check looks at what the coordinator says while a history goes on, and says whether all its sweeps rest.
func (w *world) check() (rested bool) {
	err := w.ask(func(c clients) error {
		agents, err := c.agents()
		if err != nil {
			return err
		}
		w.checkAgents(agents)
		sweeps, err := c.sweeps()
		if err != nil {
			return err
		}
		rested = len(sweeps) == len(w.plan.sweeps())
		for _, s := range sweeps {
			w.checkCounts(s)
			rested = rested && s.Resting && (s.Quarantined == 0 || !w.plan.cuts) && s.Points == uint64(w.plan.sweeps()[s.Name]*w.plan.columns)
		}
		return nil
	})
	if err != nil {
		w.note("the coordinator does not answer: %v", err)
		return false
	}
	return rested
}

// checkCounts looks at a status at any time.
func (w *world) checkCounts(s *proto.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if sum := s.Done + s.Failed + s.Running + s.Pending + s.Preempted + s.Quarantined + s.Cancelled; sum != s.Points {
		w.violates("the counts of sweep %s add up to %d, not to %d", s.Name, sum, s.Points)
	}
	if s.Done > uint64(len(w.kept)) {
		w.violates("sweep %s counts %d points as done; there are only %d outcomes", s.Name, s.Done, len(w.kept))
	}
	if s.Conflicts > 0 {
		w.violates("sweep %s counts %d conflicts", s.Name, s.Conflicts)
	}
	if l := w.now(); l != nil {
		if s.Done < l.doneAtLeast[s.Name] {
			w.violates("sweep %s had %d points done, and now %d", s.Name, l.doneAtLeast[s.Name], s.Done)
		}
		l.doneAtLeast[s.Name] = s.Done
	}
}

// checkAgents looks for leases whose owner is gone.
func (w *world) checkAgents(list []*proto.AgentStatus) {
	const grace = 30*time.Second + 20*time.Second // a lease, and what is on its way
	w.mu.Lock()
	defer w.mu.Unlock()
	l := w.now()
	for _, a := range list {
		name, _, _ := strings.Cut(a.Agent, "-")
		p := w.names[name]
		if p == nil {
			w.violates("the coordinator lists agent %s, which there never was", a.Agent)
			continue
		}
		if !p.deadAt.IsZero() && a.Holding > 0 && time.Since(p.deadAt) > grace && time.Since(w.frozen) > grace && l != nil && time.Since(l.began) > grace {
			w.violates("%s is gone since %v and still holds %d points", p.name, time.Since(p.deadAt), a.Holding)
		}
	}
}

// verify looks at finished sweeps from the outside.
func (w *world) verify() {
	err := w.ask(func(c clients) error {
		list, err := c.sweeps()
		if err != nil {
			return err
		}
		for _, s := range list {
			w.verifySweep(c, s)
		}
		agents, err := c.agents()
		for _, a := range agents {
			w.violated("all agents have left, and the coordinator lists %s", a.Agent)
		}
		return err
	})
	if err != nil {
		w.violated("the coordinator does not answer in the end: %v", err)
	}
}

func (w *world) verifySweep(c clients, s *proto.Status) {
	rows, ok := w.plan.sweeps()[s.Name]
	if !ok {
		w.violated("there is a sweep %s", s.Name)
		return
	}
	want := map[sweep.State]uint64{}
	sum, count := new(big.Int), uint64(0)
	for i := range rows {
		for j := range w.plan.columns {
			state := w.plan.nature(i, j).state()
			want[state]++
			p, _ := toy.Point(w.toy, map[string]int64{"i": i, "j": j})
			key := p.Key()
			tail := []byte(state.String())
			if state == sweep.Done {
				tail = w.plan.outcome(i, j).Encode(nil)
			}
			h := sha256.Sum256(append(key[:], tail...))
			sum.Add(sum, new(big.Int).SetBytes(h[:]))
			count++
		}
	}
	if s.Points != count || s.Done != want[sweep.Done] || s.Failed != want[sweep.Failed] || s.Quarantined != want[sweep.Quarantined] ||
		s.Running+s.Pending+s.Preempted+s.Cancelled != 0 {
		w.violated("sweep %s ends with %d points: %d done, %d failed, %d quarantined, %d running, %d pending, %d preempted, %d cancelled; not with %d: %v", s.Name,
			s.Points, s.Done, s.Failed, s.Quarantined, s.Running, s.Pending, s.Preempted, s.Cancelled, count, want)
	}
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256))
	digest := sha256.Sum256(binary.BigEndian.AppendUint64(sum.FillBytes(make([]byte, 32)), count))
	reply, err := c.Digest(c.ctx, &proto.SweepRef{Sweep: s.Name})
	if err != nil || reply.Missing != 0 || !bytes.Equal(reply.Digest, digest[:]) {
		w.violated("the digest of sweep %s is %x with %d missing (%v), not %x", s.Name, reply.GetDigest(), reply.GetMissing(), err, digest)
	}
}

// audit looks at what is left when nothing runs any more: the disk and the spools.
func (w *world) audit() {
	store, err := w.disk.open()
	if err != nil {
		w.violated("the disk does not open: %v", err)
		return
	}
	seen := map[sweep.Key][]byte{}
	err = store.Walk(func(r results.Row) error {
		if _, twice := seen[r.Key]; twice {
			w.violated("%s has two rows", w.point(r.Point))
		}
		seen[r.Key] = r.Outcome
		return nil
	})
	if err != nil {
		w.violated("the disk does not read: %v", err)
	}
	rows := int64(0)
	for _, n := range w.plan.sweeps() {
		rows = max(rows, n)
	}
	for i := range rows {
		for j := range w.plan.columns {
			w.auditPoint(i, j, seen)
		}
	}
	for key := range w.acked {
		if seen[key] == nil {
			w.violated("the result of %s was acknowledged and is missing", key)
		}
	}
	w.auditTroubles(store)
	if list, err := store.Conflicts(); err != nil || len(list) > 0 {
		w.violated("%d conflicts are recorded (%v)", len(list), err)
	}
	if err := store.Close(); err != nil {
		w.violated("closing the store: %v", err)
	}
	kept, err := filepath.Glob(filepath.Join(w.state(), "checkpoints", "*.checkpoint"))
	for _, path := range kept {
		if key, _, _ := strings.Cut(filepath.Base(path), "."); w.doneKey(key) {
			w.violated("the point with the key %s is done, and its checkpoint is still there (%v)", key, err)
		}
	}
	for _, h := range w.hosts {
		if found, err := payloads(h.spool); err != nil || len(found) > 0 {
			w.violated("all agents have left in order, and %d results are in the spool of host %d (%v)", len(found), h.number, err)
		}
	}
}

// doneKey says whether the point of a key in hexadecimal digits has an outcome.
func (w *world) doneKey(text string) bool {
	for key := range w.kept {
		if key.String() == text {
			return true
		}
	}
	return false
}

func (w *world) auditPoint(i, j int64, seen map[sweep.Key][]byte) {
	p, _ := toy.Point(w.toy, map[string]int64{"i": i, "j": j})
	got, ok := seen[p.Key()]
	done := w.plan.nature(i, j).state() == sweep.Done
	if ok != done || done && !bytes.Equal(got, w.plan.outcome(i, j).Encode(nil)) {
		w.violated("(%d, %d): has an outcome: %v, should have one: %v, the right bits: %v", i, j, ok, done, bytes.Equal(got, w.plan.outcome(i, j).Encode(nil)))
	}
}

// auditTroubles looks at what the disk remembers of points that ended in trouble.
func (w *world) auditTroubles(store openStore) {
	records, err := store.Sweeps()
	if err != nil || len(records) != len(w.plan.sweeps()) {
		w.violated("the disk has %d sweeps (%v), not %d", len(records), err, len(w.plan.sweeps()))
	}
	for _, r := range records {
		list, err := store.Troubles(r.ID)
		if err != nil {
			w.violated("troubles: %v", err)
		}
		for _, t := range list {
			if t.State == sweep.Failed && t.Attempts != w.plan.retries+1 {
				w.violated("sweep %s: point %d has failed for good after %d attempts; %d retries are allowed", r.Name, t.Index, t.Attempts, w.plan.retries)
			}
			if t.State == sweep.Quarantined && t.Losses != w.plan.quarantine() {
				w.violated("sweep %s: point %d is quarantined after %d losses", r.Name, t.Index, t.Losses)
			}
		}
	}
}
