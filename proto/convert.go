package proto

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// A converter To… cannot fail: it cuts texts that are too long. A converter From… checks everything that its result promises,
// and its error, which wraps ErrMalformed, says what is wrong. From(To(x)) == x for every valid x of ordinary length.

func malformed(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, a...))
}

// cut makes s fit: at most max bytes of valid UTF-8, which the wire insists on.
func cut(s string, max int) string {
	if len(s) > max {
		s = s[:max]
	}
	return strings.ToValidUTF8(s, "")
}

func seconds(s float64) (time.Duration, bool) {
	if !(s >= 0 && s <= math.MaxInt64/1e9/2) {
		return 0, false
	}
	return time.Duration(math.Round(s * 1e9)), true
}

// ToProvenance puts a provenance on the wire.
func ToProvenance(p sweep.Provenance) *Provenance {
	return &Provenance{
		Host: cut(p.Host, maxName), Agent: cut(p.Agent, maxName), Kernel: cut(p.Kernel, maxName),
		Version: cut(p.Version, maxName), Revision: cut(p.Revision, maxName),
		StartedUnixNano: toTime(p.Started), FinishedUnixNano: toTime(p.Finished),
		Attempts: uint32(p.Attempts), Threads: uint32(p.Threads), Seconds: p.Seconds,
	}
}

// FromProvenance takes one off the wire; nil is the zero Provenance.
func FromProvenance(w *Provenance) (sweep.Provenance, error) {
	if w == nil {
		return sweep.Provenance{}, nil
	}
	for _, s := range []string{w.Host, w.Agent, w.Kernel, w.Version, w.Revision} {
		if len(s) > maxName {
			return sweep.Provenance{}, malformed("a name of %d bytes in a provenance", len(s))
		}
	}
	if w.Attempts > math.MaxInt32 || w.Threads > maxThreads || !(w.Seconds >= 0 && w.Seconds < math.Inf(1)) {
		return sweep.Provenance{}, malformed("provenance with %d attempts, %d threads, %v seconds", w.Attempts, w.Threads, w.Seconds)
	}
	return sweep.Provenance{
		Host: w.Host, Agent: w.Agent, Kernel: w.Kernel, Version: w.Version, Revision: w.Revision,
		Started: fromTime(w.StartedUnixNano), Finished: fromTime(w.FinishedUnixNano),
		Attempts: int(w.Attempts), Threads: int(w.Threads), Seconds: w.Seconds,
	}, nil
}

// The zero time travels as 0.
func toTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromTime(nano int64) time.Time {
	if nano == 0 {
		return time.Time{}
	}
	return time.Unix(0, nano).UTC()
}
