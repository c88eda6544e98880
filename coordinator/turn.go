package coordinator

// A turn is held by one goroutine at a time, also while it waits for a disk. It is a channel and no sync.Mutex, because fake time goes on
// while a goroutine waits for the one, and stands still while it waits for the other (testing/synctest).
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// Lock waits for the turn.
func (t turn) Lock() { t <- struct{}{} }

// Unlock ends it.
func (t turn) Unlock() { <-t }
