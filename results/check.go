package results

import (
	"errors"
	"fmt"
	"os"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

// A Report is what Check found.
type Report struct {
	Rows, Conflicts, Sweeps, Troubles, Files uint64 // intact ones
	Bytes                                    int64  // of the file
	Damage                                   []Damage
	More                                     int         // damage beyond the first thousand
	Affected                                 []sweep.Key // points whose row is lost or not to be believed
}

// A Damage is one thing that is not as it was written.
type Damage struct {
	Page uint64 // of the file, where Text is about a page
	Text string
}

func (d Damage) String() string { return d.Text }

// Clean says whether nothing is wrong.
func (r Report) Clean() bool { return len(r.Damage) == 0 && len(r.Affected) == 0 }

const mostDamage = 1000

func (r *Report) add(page uint64, format string, args ...any) {
	if len(r.Damage) == mostDamage {
		r.More++
		return
	}
	r.Damage = append(r.Damage, Damage{page, fmt.Sprintf(format, args...)})
}

// Check reads all of a state directory's store, which nobody else may have open; it need not be writable: the file's pages (pages.go), every checksum,
// that each key is its point's, that keys and rows match, that both match the totals, that data files have their hashes,
// and bbolt's own check. valid, if not nil, judges each row's point and outcome. Damage is in the Report; the error says
// that there was nothing to check.
func Check(dir string, valid func(Row) error) (Report, error) {
	path, _, err := find(dir)
	if err != nil {
		return Report{}, fmt.Errorf("checking %s: %w", dir, err)
	}
	lock, err := enter(dir, Options{Force: true}, false)
	if errors.Is(err, ErrReadOnly) {
		lock, err = enterReading(dir)
	}
	if err != nil {
		return Report{}, fmt.Errorf("checking %s: %w", dir, err)
	}
	defer lock.Close()
	r, err := checkFile(path, valid)
	if err != nil {
		return r, fmt.Errorf("checking %s: %w", dir, err)
	}
	return r, nil
}

func checkFile(path string, valid func(Row) error) (Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return Report{}, classify(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Report{}, err
	}
	c := &checker{valid: valid}
	c.Bytes = info.Size()
	p := newParser(f, info.Size(), func(page uint64, text string) { c.add(page, "page %d: %s", page, text) })
	if p == nil {
		return c.Report, nil
	}
	if err := c.contents(p); err != nil {
		return c.Report, err
	}
	p.free()
	if c.Clean() {
		err = c.bbolt(path)
	}
	return c.Report, err
}

// bbolt runs its own check over a file that has passed this one.
func (c *checker) bbolt(path string) error {
	db, _, err := openBolt(path, true)
	if err != nil {
		return err
	}
	err = guard(func() error {
		return db.View(func(tx *bbolt.Tx) error {
			for wrong := range tx.Check() {
				c.add(0, "bbolt: %v", wrong)
			}
			return nil
		})
	})
	return errors.Join(err, db.Close())
}
