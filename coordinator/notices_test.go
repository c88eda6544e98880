package coordinator

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestNotices says one thing a million times within a minute: few lines come of it, and they tell how many there might have been.
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		n := &notices{log: slog.New(slog.NewTextHandler(&text, nil)), kinds: map[string]*allowance{}}
		for range 60 {
			for range 10_000 {
				n.warn("flood", "from", "somebody")
			}
			n.warn("another thing")
			time.Sleep(time.Second)
		}
		if lines := strings.Count(text.String(), "flood"); lines != noticesAtOnce+59/5 {
			t.Errorf("%d lines of the flood in a minute", lines)
		}
		if lines := strings.Count(text.String(), "another thing"); lines != noticesAtOnce+59/5 {
			t.Errorf("%d lines of another thing, said once a second", lines)
		}
		if !strings.Contains(text.String(), "flood from=somebody such_lines_left_out=49999") {
			t.Errorf("what was left out is not told:\n%s", text.String())
		}
		time.Sleep(time.Hour)
		text.Reset()
		for range 100 {
			n.warn("flood")
		}
		if lines := strings.Count(text.String(), "flood"); lines != noticesAtOnce {
			t.Errorf("%d lines after an hour of silence", lines)
		}
	})
}
