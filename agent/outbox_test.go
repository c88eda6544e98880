package agent

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/widthlaw/widthlaw/agent/spool"
)

// outboxModel drives an outbox as the keeper, the session and the coordinator do, in any order.
type outboxModel struct {
	outbox
	fence   uint64
	onDisk  map[uint64]bool
	waiting map[uint64]bool // fences of deliveries that nobody has acknowledged
	sent    map[uint64]int  // how often, in this session
}

// check says which invariant does not hold.
func (m *outboxModel) check() string {
	if !maps.EqualFunc(m.waiting, m.kept, func(bool, *parcel) bool { return true }) {
		return "kept is not what nobody has acknowledged"
	}
	to := map[*parcel]int{}
	for _, p := range slices.Concat(m.fresh, m.writing) {
		to[p]++
	}
	for _, p := range m.kept {
		toSend := slices.Contains(m.unsent, p)
		switch {
		case p.offered && !m.onDisk[p.fence] && !m.unwritten():
			return "a delivery is nowhere but in memory, and nobody minds"
		case p.acked:
			return "an acknowledged delivery is kept"
		case !p.offered && to[p] != 1:
			return "a fresh delivery is not on its way to the disk"
		case p.offered && !toSend && m.sent[p.fence] == 0:
			return "an offered delivery was neither sent nor will be"
		case m.sent[p.fence] > 1 || toSend && m.sent[p.fence] > 0:
			return "a delivery is sent twice in a session"
		}
	}
	return ""
}

func (m *outboxModel) finish(t *rapid.T) {
	m.fence++
	m.add(&parcel{fence: m.fence})
	m.waiting[m.fence] = true
}

func (m *outboxModel) found(*rapid.T) {
	m.adopt(spool.Record{})
	m.waiting[m.number], m.onDisk[m.number] = true, true
}

func (m *outboxModel) send(t *rapid.T) {
	items := rapid.IntRange(1, 3).Draw(t, "items")
	batch := m.take(items, 1000)
	if len(batch) > items {
		t.Fatalf("%d items", len(batch))
	}
	for _, p := range batch {
		if !p.offered {
			t.Fatal("sent before it was written")
		}
		m.sent[p.fence]++
	}
}

func (m *outboxModel) acknowledge(t *rapid.T) {
	if len(m.sent) == 0 {
		return
	}
	fence := rapid.SampledFrom(slices.Sorted(maps.Keys(m.sent))).Draw(t, "fence")
	if p := m.ack(fence); (p != nil) != m.waiting[fence] {
		t.Fatalf("ack of %d gave %v", fence, p)
	}
	delete(m.waiting, fence)
}

func TestOutboxModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &outboxModel{outbox: outbox{kept: map[uint64]*parcel{}}, fence: 1 << 32, onDisk: map[uint64]bool{}, waiting: map[uint64]bool{}, sent: map[uint64]int{}}
		t.Repeat(map[string]func(*rapid.T){
			"finish": m.finish,
			"find":   m.found,
			"write": func(*rapid.T) {
				if m.writing == nil {
					m.takeFresh()
				}
			},
			"written": func(t *rapid.T) {
				if len(m.writing) == 0 {
					return
				}
				ok := rapid.Bool().Draw(t, "ok")
				acked := 0
				for _, p := range m.writing {
					m.onDisk[p.fence] = ok
					if p.acked {
						acked++
					}
				}
				if got := m.written(ok); len(got) != acked {
					t.Fatalf("%d of %d records of acknowledged deliveries would stay on disk", acked-len(got), acked)
				}
			},
			"send":        m.send,
			"acknowledge": m.acknowledge,
			"hand back":   func(*rapid.T) { m.handbacks = append(m.handbacks, 1) },
			"reconnect": func(t *rapid.T) {
				m.restart()
				clear(m.sent)
				if len(m.takeHandbacks(1)) > 0 {
					t.Fatal("a lease that a session never had is handed back in it")
				}
			},
			"": func(t *rapid.T) {
				if wrong := m.check(); wrong != "" {
					t.Fatal(wrong)
				}
			},
		})
	})
}

// One message holds few enough bytes, but a large delivery goes all the same.
func TestOutboxTakesByBytes(t *testing.T) {
	o := outbox{kept: map[uint64]*parcel{}}
	for _, size := range []int{60, 30, 20, 500, 10} {
		o.adopt(spool.Record{Payload: make([]byte, size)})
	}
	var sizes []int
	for len(o.unsent) > 0 {
		sizes = append(sizes, len(o.take(100, 100)))
	}
	if !slices.Equal(sizes, []int{2, 1, 1, 1}) {
		t.Errorf("messages of %v deliveries", sizes)
	}
}
