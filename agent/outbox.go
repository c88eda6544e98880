package agent

import (
	"cmp"
	"maps"
	"slices"

	"github.com/widthlaw/widthlaw/agent/spool"
	"github.com/widthlaw/widthlaw/test/planted"
)

// A parcel is one delivery on its way to the coordinator.
type parcel struct {
	fence  uint64 // by which the coordinator will acknowledge it
	number uint64 // in order of finishing
	record spool.Record

	offered bool // may be sent: it is on disk, or the disk refuses it
	acked   bool
}

// An outbox keeps deliveries until they are acknowledged, and the fences of leases that are given back. It has no clock, lock,
// channel or I/O.
type outbox struct {
	kept      map[uint64]*parcel // by fence; not acknowledged
	fresh     []*parcel          // not on disk
	writing   []*parcel          // taken from fresh by the keeper
	unsent    []*parcel          // offered, and not yet sent in this session
	handbacks []uint64
	number    uint64
	refused   bool // the disk refused the last batch
}

// add takes a fresh delivery in.
func (o *outbox) add(p *parcel) {
	o.number++
	p.number = o.number
	o.kept[p.fence] = p
	o.fresh = append(o.fresh, p)
}

// adopt takes in a delivery that a dead agent left on disk. Its fence may be given again, by a coordinator whose state directory
// is new or comes from a backup; it goes out under its number, which is no coordinator's: their epochs, the upper half of a
// fence, begin at 1.
func (o *outbox) adopt(r spool.Record) {
	o.number++
	p := &parcel{fence: o.number, number: o.number, record: r}
	o.kept[p.fence] = p
	o.offer(p)
}

func (o *outbox) offer(p *parcel) {
	if !p.offered && !p.acked {
		p.offered = true
		o.unsent = append(o.unsent, p)
	}
}

// takeFresh returns what is to be written to disk. written must be called before the next.
func (o *outbox) takeFresh() []*parcel {
	o.writing = slices.DeleteFunc(o.fresh, func(p *parcel) bool { return p.acked })
	o.fresh = nil
	return o.writing
}

// written says that what takeFresh returned is on disk, or is not. It returns those that were acknowledged meanwhile.
func (o *outbox) written(ok bool) (acked []*spool.Record) {
	for _, p := range o.writing {
		o.offer(p)
		if p.acked {
			acked = append(acked, &p.record)
		}
	}
	if o.refused = !ok; !ok {
		o.fresh = append(o.writing, o.fresh...)
	}
	o.writing = nil
	return acked
}

// unwritten says whether there is a delivery that the disk has refused and nobody has.
func (o *outbox) unwritten() bool {
	if !o.refused {
		return false
	}
	nowhere := func(p *parcel) bool { return p.offered && !p.acked }
	return slices.ContainsFunc(o.fresh, nowhere) || slices.ContainsFunc(o.writing, nowhere)
}

// restart begins a session: everything is to be sent again, and leases that it does not claim need no handing back.
func (o *outbox) restart() {
	o.unsent = slices.SortedFunc(maps.Values(o.kept), func(a, b *parcel) int { return cmp.Compare(a.number, b.number) })
	o.unsent = slices.DeleteFunc(o.unsent, func(p *parcel) bool { return !p.offered })
	if planted.Bug == planted.ResendForgotten {
		o.unsent = nil
	}
	o.handbacks = nil
}

// take returns what is to be sent next, in few enough items and bytes for one message. A single parcel may have more bytes.
func (o *outbox) take(items, bytes int) []*parcel {
	n := 0
	for ; n < len(o.unsent) && n < items; n++ {
		bytes -= len(o.unsent[n].record.Payload)
		if bytes < 0 && n > 0 {
			break
		}
	}
	batch := o.unsent[:n:n]
	o.unsent = o.unsent[n:]
	return slices.DeleteFunc(batch, func(p *parcel) bool { return p.acked })
}

// takeHandbacks returns the fences that are to be given back next.
func (o *outbox) takeHandbacks(items int) []uint64 {
	n := min(items, len(o.handbacks))
	fences := o.handbacks[:n:n]
	o.handbacks = o.handbacks[n:]
	return fences
}

// ack forgets a parcel. It returns nil if there is none of that fence.
func (o *outbox) ack(fence uint64) *parcel {
	p := o.kept[fence]
	if p == nil {
		return nil
	}
	delete(o.kept, fence)
	p.acked = true
	return p
}

// rename says that a parcel will go out under another fence: its lease was re-attached while it was being finished.
func (o *outbox) rename(old, fence uint64) {
	if p := o.kept[old]; p != nil && o.kept[fence] == nil {
		delete(o.kept, old)
		p.fence = fence
		o.kept[fence] = p
	}
}

// empty says whether nothing is on its way.
func (o *outbox) empty() bool { return len(o.kept) == 0 && len(o.handbacks) == 0 }
