package coordinator

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// TestRestoredBackup: a coordinator whose store is put back to a backup gives no fence that the one of the lost time may have given. Agents
// of that time bring their results and go on with what they run.
func TestRestoredBackup(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		c.down()
		time.Sleep(30 * 365 * 24 * time.Hour) // fake time begins in 2000, when the program was not
		c.up()
		c.submit(spec("s", 4, 1))
		c.down()
		backup, err := os.ReadFile(filepath.Join(c.dir, "widthlaw.db"))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 { // several starts that the backup knows nothing of
			c.up()
			c.down()
			time.Sleep(time.Second)
		}
		c.up()
		a := c.agent("a", 3)
		kept, finished, running := a.next(), a.next(), a.next()
		a.deliver(kept)
		a.cut()
		c.down()
		if err := os.WriteFile(filepath.Join(c.dir, "widthlaw.db"), backup, 0o600); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		c.up()
		c.expect("s", 0, 0, 0, 4)
		a = c.agent("a", 3, c.claim(finished, true), c.claim(running, false))
		if len(a.welcome.Reattached) != 2 {
			t.Fatalf("attached again: %v", a.welcome.Reattached)
		}
		a.next()
		for _, r := range a.welcome.Reattached {
			for _, old := range []sweep.Task{kept, finished, running} {
				if r.Fence>>32 <= old.Fence>>32 {
					t.Errorf("fence %x, after %x was given in the time that is lost", r.Fence, old.Fence)
				}
			}
			task := finished
			if r.OldFence == running.Fence {
				task = running
			}
			task.Fence = r.Fence
			a.deliver(task)
		}
		c.expect("s", 2, 0, 2, 0)
		a.cut()
		time.Sleep(31 * time.Second)
		c.settle()
		c.agent("b", 4).work()
		c.expect("s", 4, 0, 0, 0)
		checkDigest(t, c, "s", 4)
	})
}
