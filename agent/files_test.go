package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

// readingTrainer gives back the size of the file that it is told to read.
func readingTrainer(hash string) *sweep.Trainer {
	trainer := fakeTrainer()
	trainer.Run = func(ctx context.Context, job sweep.Job) (sweep.Outcome, error) {
		path, err := job.File(ctx, hash)
		if err != nil {
			return sweep.Outcome{}, err
		}
		b, err := os.ReadFile(path)
		return sweep.Outcome{Scalars: map[string]sweep.Value{"size": sweep.IntValue(int64(len(b)))}}, err
	}
	return trainer
}

func sumText(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

// A data file is fetched once for all points, also where the coordinator is away when it is first asked for.
func TestFileIsFetchedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content := strings.Repeat("data", 1000)
		hash := sumText(content)
		c := newFakeCoordinator()
		defer c.down()
		sum, _ := hex.DecodeString(hash)
		c.files[string(sum)] = []byte(content)
		trainer := readingTrainer(hash)
		c.add(tasks(t, trainer, 50, 0)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Minute)
		a.end(t)
		if c.arrived() != 50 || c.downloads != 1 {
			t.Errorf("%d points came after %d downloads", c.arrived(), c.downloads)
		}
		for _, ds := range c.came {
			if o, _ := sweep.DecodeOutcome(ds[0].Outcome); o.Scalars["size"] != sweep.IntValue(4000) {
				t.Errorf("%v %s", o.Scalars, ds[0].Error)
			}
		}
		if err := os.WriteFile(filepath.Join(a.config.Files, hash), []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.add(sweep.Task{Point: point(t, trainer, 1000, 0)})
		b := start(t, c, trainer, func(config *Config) { config.Files = a.config.Files })
		time.Sleep(time.Minute)
		b.end(t)
		if c.downloads != 2 {
			t.Errorf("a broken file led to %d downloads in all, not 2", c.downloads)
		}
	})
}

func TestFileThatIsNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		trainer := readingTrainer(sumText("unknown"))
		c.add(tasks(t, trainer, 1, 0)...)
		a := start(t, c, trainer, nil)
		time.Sleep(time.Minute)
		if d := only(t, c); !strings.Contains(d.Error, "no such file") {
			t.Errorf("failed with %q", d.Error)
		}
		a.end(t)
	})
}

func TestFileWaitsForTheCoordinator(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		content, hash := "data", sumText("data")
		c := newFakeCoordinator()
		defer c.down()
		sum, _ := hex.DecodeString(hash)
		c.files[string(sum)] = []byte(content)
		a, err := New(Config{Dial: c.dial, Trainers: []*sweep.Trainer{fakeTrainer()}, Spool: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		c.down()
		var all sync.WaitGroup
		impatient, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		all.Go(func() {
			if _, err := a.files.path(impatient, hash); err == nil {
				t.Error("a file came from nowhere")
			}
		})
		for range 3 {
			all.Go(func() {
				path, err := a.files.path(context.Background(), hash)
				if b, _ := os.ReadFile(path); err != nil || string(b) != content {
					t.Errorf("%q, %v", b, err)
				}
			})
		}
		time.Sleep(time.Hour)
		c.up()
		all.Wait()
		if c.downloads != 1 {
			t.Errorf("%d downloads", c.downloads)
		}
	})
}

func TestFileOfAnotherContent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newFakeCoordinator()
		defer c.down()
		hash := sumText("right")
		sum, _ := hex.DecodeString(hash)
		c.files[string(sum)] = []byte("wrong")
		a, err := New(Config{Dial: c.dial, Trainers: []*sweep.Trainer{fakeTrainer()}, Spool: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{hash, "../../etc/passwd", strings.ToUpper(hash), ""} {
			if path, err := a.files.path(t.Context(), name); err == nil {
				t.Errorf("%q gives %s", name, path)
			}
		}
		if left, err := os.ReadDir(a.config.Files); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
}
