package coordinator

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/widthlaw/widthlaw/coordinator/queue"
	"github.com/widthlaw/widthlaw/results"
	"github.com/widthlaw/widthlaw/sweep"
)

// A submission is a spec on its way in.
type submission struct {
	text     []byte
	filename string
	files    map[string]string // path as written -> hex SHA-256, which the store has
}

// parse reads a spec. Its data files come from the store, by what the submission says about them: a path means nothing here.
func (c *Coordinator) parse(s submission) (*sweep.Spec, error) {
	return sweep.Parse(c.config.Trainers, s.filename, s.text, func(path string) (hash, local string, err error) {
		hash, ok := s.files[path]
		if !ok {
			return "", "", fmt.Errorf("the file was not sent along; submit the spec with a command of this version")
		}
		local, err = c.extract(hash)
		return hash, local, err
	})
}

// extract gives a data file of the store a local path.
func (c *Coordinator) extract(hash string) (string, error) {
	path := filepath.Join(c.scratch, hash)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	r, err := c.config.Store.OpenFile(hash)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(c.scratch, "extract-*")
	if err != nil {
		return "", errors.Join(err, r.Close())
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, r.Close(), f.Close()); err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}

// recall finds the sweeps of the store again.
func (c *Coordinator) recall() error {
	records, err := c.config.Store.Sweeps()
	if err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	for _, r := range records {
		spec, err := c.parse(submission{r.Spec, r.Filename, r.Files})
		if err != nil {
			c.log.Error("a stored sweep cannot be read by this program; it is left alone", "sweep", r.ID, "name", r.Name, "error", err)
			continue
		}
		c.campaigns = append(c.campaigns, newCampaign(r, spec))
	}
	if err := c.replayAll(); err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	if err := c.countAll(); err != nil {
		return fmt.Errorf("coordinator: %w", err)
	}
	if err := c.recallCheckpoints(len(c.campaigns) == len(records)); err != nil {
		return err
	}
	for _, k := range c.campaigns {
		troubles, items, err := c.troubles(k)
		if err != nil {
			return fmt.Errorf("coordinator: %w", err)
		}
		c.enlist(k, troubles, items)
		k.settle(c)
	}
	return nil
}

// troubles are what the store remembers of a campaign's points, without those that have an outcome by now or are in the sweep no more.
func (c *Coordinator) troubles(k *campaign) (list []queue.Trouble, items map[sweep.Key]queue.Item, err error) {
	stored, err := c.config.Store.Troubles(k.id)
	if err != nil {
		return nil, nil, err
	}
	items = map[sweep.Key]queue.Item{}
	for _, t := range stored {
		if c.config.Store.Has(t.Key) {
			continue
		}
		if t.State != sweep.Pending {
			item, ok := k.item(t.Index)
			if ok && item.Key == t.Key && !k.chose(t.Index) {
				continue // another batch was chosen since
			}
			if !ok || item.Key != t.Key {
				c.log.Warn("a point that had ended in trouble is not where it was; it is tried again", "sweep", k.id, "index", t.Index)
				continue
			}
			items[t.Key] = item
		}
		list = append(list, queue.Trouble{
			Sweep: t.Sweep, Key: t.Key, Index: t.Index, State: t.State, Attempts: t.Attempts, Losses: t.Losses, Suspect: t.Suspect,
			Error: t.Error, History: t.History, Counted: t.Counted, Lost: t.Lost, Reached: t.Reached,
		})
	}
	return list, items, nil
}

// item is a point of the sweep, by index, without its cost.
func (k *campaign) item(index uint64) (queue.Item, bool) {
	if index >= k.spec.Space.Size() {
		return queue.Item{}, false
	}
	p, ok := k.spec.Space.Point(index)
	if !ok {
		return queue.Item{}, false
	}
	encoded := p.Encode(nil)
	return queue.Item{Index: index, Key: sweep.KeyOf(encoded), Point: encoded}, true
}

// countAll counts the store's outcomes and conflicts for every campaign.
func (c *Coordinator) countAll() error {
	n, err := c.count(c.config.Store.Len(), c.campaigns)
	if err != nil {
		return err
	}
	c.stored = n
	conflicts, err := c.config.Store.Conflicts()
	if err != nil {
		return err
	}
	for _, x := range conflicts {
		p, err := sweep.DecodePoint(c.config.Trainers, x.Refused.Point)
		if err != nil {
			continue
		}
		for _, k := range c.campaigns {
			k.conflict(p)
		}
	}
	return nil
}

// halted is ErrStopped once the coordinator is stopping.
func (c *Coordinator) halted() error {
	select {
	case <-c.stopped:
		return ErrStopped
	default:
		return nil
	}
}

var errEnough = errors.New("enough")

// count walks the first so many rows of the store, and counts them for campaigns that nobody else changes meanwhile.
func (c *Coordinator) count(limit uint64, campaigns []*campaign) (n uint64, err error) {
	if limit == 0 || len(campaigns) == 0 {
		return limit, nil
	}
	err = c.config.Store.Walk(func(r results.Row) error {
		if n == limit {
			return errEnough
		}
		n++
		if err := c.halted(); err != nil {
			return err
		}
		return c.countRow(r, campaigns)
	})
	if err != nil && !errors.Is(err, errEnough) {
		return n, err
	}
	return n, nil
}

func (c *Coordinator) countRow(r results.Row, campaigns []*campaign) error {
	p, err := sweep.DecodePoint(c.config.Trainers, r.Point)
	if err != nil { // of a trainer that this program does not have
		return nil
	}
	var outcome sweep.Outcome
	for _, k := range campaigns {
		if k.hunt != nil {
			continue // it knows itself what it has chosen
		}
		if _, ok := k.contains(p); !ok {
			continue
		}
		if outcome.Scalars == nil {
			if outcome, err = sweep.DecodeOutcome(r.Outcome); err != nil {
				return fmt.Errorf("the outcome of %s: %w", r.Key, err)
			}
		}
		k.add(k.spec.Success, sweep.PointDigest(r.Key, r.Outcome), outcome)
	}
	return nil
}
