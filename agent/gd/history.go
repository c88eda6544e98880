package gd

// A history is the loss at every step so far: the fit's rate, the plateau and the events look back at it. It grows by whole chunks,
// so that a step seldom allocates and nothing is copied.
type history struct {
	chunks [][]float64
	len    int64
}

const chunk = 1 << 16

// newHistory has room for the first chunk of a budget.
func newHistory(budget int64) *history {
	return &history{chunks: [][]float64{make([]float64, min(budget, chunk-1)+1)}}
}

func (h *history) add(loss float64) {
	if h.len > 0 && h.len%chunk == 0 {
		h.chunks = append(h.chunks, make([]float64, chunk))
	}
	h.chunks[h.len/chunk][h.len%chunk] = loss
	h.len++
}

// at is the loss at step k < len.
func (h *history) at(k int64) float64 { return h.chunks[k/chunk][k%chunk] }

// last is the last step; -1 before the first.
func (h *history) last() int64 { return h.len - 1 }
