package queue

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/sweep"
)

var update = flag.Bool("update", false, "write the transcripts' replies again")

// TestTranscripts plays the scenarios in testdata. A block is commands, a line "----", and what the queue says to them.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(text))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(text) {
				t.Errorf("%s: the queue now says (-update writes it down):\n%s", file, got)
			}
		})
	}
}

func play(t *testing.T, text string) string {
	t.Helper()
	p := player{t: t, q: New(7, 10*time.Second), now: time.Unix(0, 0)}
	var out strings.Builder
	for block := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		commands, _, _ := strings.Cut(block+"\n", "----\n")
		if out.Len() > 0 {
			out.WriteString("\n")
		}
		out.WriteString(commands)
		if !strings.HasSuffix(commands, "\n") {
			out.WriteString("\n")
		}
		p.out.Reset()
		ran := false
		for line := range strings.SplitSeq(strings.TrimSpace(commands), "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				p.do(strings.Fields(line))
				ran = true
			}
		}
		if ran {
			out.WriteString("----\n" + p.out.String())
		}
	}
	return out.String()
}

// A player obeys commands. Keys are written as words.
type player struct {
	t     *testing.T
	q     *Queue
	now   time.Time
	words map[sweep.Key]string
	out   strings.Builder
}

func (p *player) say(format string, a ...any) { fmt.Fprintf(&p.out, format+"\n", a...) }

func (p *player) key(word string) sweep.Key {
	if p.words == nil {
		p.words = map[sweep.Key]string{}
	}
	k := sweep.Key(sha256.Sum256([]byte(word)))
	p.words[k] = word
	return k
}

// item reads INDEX=WORD[,flops=F][,memory=M].
func (p *player) item(s string) Item {
	fields := strings.Split(s, ",")
	index, word, _ := strings.Cut(fields[0], "=")
	i, err := strconv.ParseUint(index, 10, 64)
	if err != nil {
		p.t.Fatalf("item %q: %v", s, err)
	}
	item := Item{Index: i, Key: p.key(word), Point: []byte(word)}
	o := options(fields[1:])
	item.Cost = sweep.Cost{Flops: o.float("flops"), Steps: o.int("steps", 1), Memory: o.int("memory", 0)}
	return item
}

type opts map[string]string

func options(words []string) opts {
	o := opts{}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		o[k] = v
	}
	return o
}

func (o opts) int(name string, other int64) int64 {
	if v, ok := o[name]; ok {
		i, _ := strconv.ParseInt(v, 10, 64)
		return i
	}
	return other
}

func (o opts) float(name string) float64 {
	f, _ := strconv.ParseFloat(o[name], 64)
	return f
}

func (p *player) do(c []string) {
	name, rest := c[0], c[1:]
	switch name {
	case "sweep", "revise":
		p.sweep(rest)
	case "feed":
		ended := rest[len(rest)-1] == "ended"
		if ended {
			rest = rest[:len(rest)-1]
		}
		var items []Item
		for _, s := range rest[1:] {
			items = append(items, p.item(s))
		}
		p.q.Feed(rest[0], items, ended)
	case "connect":
		p.connect(rest)
	case "after":
		d, err := time.ParseDuration(rest[0])
		if err != nil {
			p.t.Fatal(err)
		}
		p.now = p.now.Add(d)
	case "heard":
		p.q.Heard(rest[0], p.now)
	case "expire":
		for _, a := range p.q.Expire(p.now) {
			p.say("lost %s", a)
		}
	case "disconnect":
		p.q.Disconnect(rest[0])
	case "leave":
		p.q.Leave(rest[0])
	case "died":
		p.died(rest)
	case "capacity":
		o := options(rest[1:])
		p.q.Capacity(rest[0], sweep.Capacity{Cores: int(o.int("cores", 1)), Memory: o.int("memory", 0), Window: int(o.int("window", 10))})
	case "speed":
		p.q.SetSpeed(rest[0], options(rest[1:]).float("spf"))
	default:
		p.point(name, rest)
	}
	p.settle(name)
}

func (p *player) point(name string, c []string) {
	switch name {
	case "deliver":
		p.q.Delivered(c[0], p.key(c[1]))
	case "done":
		for _, w := range c {
			p.q.Done(p.key(w))
		}
	case "fail":
		_, fence := p.q.Holder(p.key(c[0]))
		if len(c) > 1 {
			fence = 7<<32 | uint64(options(c[1:]).int("fence", 0))
		}
		p.say("live %v", p.q.Failed(p.key(c[0]), fence, 0, "boom", p.now))
	case "stored":
		for _, w := range c[1:] {
			p.q.Settle(c[0], p.key(w))
		}
	case "handback":
		_, fence := p.q.Holder(p.key(c[1]))
		p.q.Handback(c[0], p.key(c[1]), fence, p.now)
	case "saved":
		step, _ := strconv.ParseInt(c[1], 10, 64)
		p.q.Saved(p.key(c[0]), []byte(c[0]), step)
	case "preempted":
		p.say("preempted %d", p.q.Preempted(c[0]))
	case "pause":
		p.q.Pause(c[0], true)
	case "resume":
		p.q.Pause(c[0], false)
	case "stop":
		p.q.Stop(c[0])
	case "remove":
		p.q.Remove(c[0])
	case "cancel":
		var items []Item
		for _, s := range c[1:] {
			items = append(items, p.item(s))
		}
		p.say("cancelled %d", p.q.CancelPoints(c[0], items))
	case "retry":
		var keys []sweep.Key
		for _, w := range c[1:] {
			keys = append(keys, p.key(w))
		}
		for _, k := range p.q.Retry(c[0], keys) {
			p.say("freed %s", p.words[k])
		}
	case "look":
		for _, w := range c[1:] {
			v := p.q.Look(c[0], p.key(w))
			p.say("%s: %s %s", w, v.State, v.Error)
			for _, h := range v.History {
				p.say("  %s", h)
			}
		}
	case "counts":
		c := p.q.Counts(c[0])
		p.say("running %d failed %d quarantined %d cancelled %d idle %v", c.Running, c.Failed, c.Quarantined, c.Cancelled, c.Idle)
	default:
		p.t.Fatalf("unknown command %s", name)
	}
}

// settle says what a command led to.
func (p *player) settle(string) {
	p.q.Fill(p.now)
	r := p.q.Ready()
	for _, g := range r.Grants {
		from := ""
		if g.Task.Checkpoint > 0 {
			from = fmt.Sprintf(", from step %d", g.Task.Checkpoint)
		}
		p.say("%s <- %s: %s of %s, fence %s, threads %d, attempt %d%s", g.Agent, g.Task.Point, strconv.FormatUint(g.Task.Index, 10), g.Task.Sweep,
			fence(g.Task.Fence), g.Task.Threads, g.Task.Attempt, from)
	}
	for _, c := range r.Cancels {
		p.say("%s: cancel %s", c.Agent, fence(c.Fence))
	}
	for _, t := range r.Troubles {
		p.say("store %s of %s: %s, %d failures, %d losses, suspect %v", p.words[t.Key], t.Sweep, t.State, t.Attempts, t.Losses, t.Suspect)
	}
}

func fence(f uint64) string { return fmt.Sprintf("%d.%d", f>>32, uint32(f)) }

// sweep reads NAME [priority=] [retries=] [quarantine=] [threads=] [keep=WORD:INDEX,...] [trouble=WORD:INDEX:STATE:LOSSES[:AGENT...],...].
func (p *player) sweep(c []string) {
	o := options(c[1:])
	s := Sweep{
		ID: c[0], Name: c[0], Trainer: "t", Version: 1, Priority: int(o.int("priority", 0)), Retries: int(o.int("retries", 0)),
		QuarantineAfter: int(o.int("quarantine", 2)), Threads: int(o.int("threads", 0)), Items: map[sweep.Key]Item{},
	}
	for t := range strings.SplitSeq(o["trouble"], ",") {
		f := strings.Split(t, ":")
		if len(f) < 4 {
			continue
		}
		var lost []sweep.Loss
		for _, agent := range f[4:] {
			lost = append(lost, sweep.Loss{Agent: agent, Counted: true})
		}
		item := p.item(f[1] + "=" + f[0])
		state, _ := strconv.Atoi(f[2])
		losses, _ := strconv.Atoi(f[3])
		s.Items[item.Key] = item
		s.Troubles = append(s.Troubles, Trouble{Key: item.Key, State: sweep.State(state), Losses: losses, Suspect: losses > 0, Lost: lost})
	}
	kept := map[string]uint64{}
	for k := range strings.SplitSeq(o["keep"], ",") {
		if word, index, ok := strings.Cut(k, ":"); ok {
			kept[word], _ = strconv.ParseUint(index, 10, 64)
		}
	}
	p.q.Add(s, func(_ sweep.Key, point []byte) (uint64, bool) { i, ok := kept[string(point)]; return i, ok })
}

// died reads AGENT [ran=WORD[:SWEEP:INDEX],...] [alone] [log=TEXT].
func (p *player) died(c []string) {
	o := options(c[1:])
	d := Death{Agent: c[0]}
	_, d.Alone = o["alone"]
	if text, ok := o["log"]; ok {
		d.Log = []string{text}
	}
	for h := range strings.SplitSeq(o["ran"], ",") {
		f := strings.Split(h, ":")
		if h == "" {
			continue
		}
		claim := Claim{Key: p.key(f[0]), Claim: sweep.Claim{Point: []byte(f[0]), Threads: 1, Attempt: 1}, In: map[string]Item{}}
		if len(f) == 3 {
			claim.In[f[1]] = p.item(f[2] + "=" + f[0])
		}
		d.Points = append(d.Points, claim)
	}
	p.q.Died(d, p.now)
}

// connect reads AGENT [cores=] [memory=] [window=] [held=WORD:COUNTER[:SWEEP:INDEX],...] [version=]; a fence's epoch is taken to be 6.
func (p *player) connect(c []string) {
	o := options(c[1:])
	var claims []Claim
	for h := range strings.SplitSeq(o["held"], ",") {
		f := strings.Split(h, ":")
		if len(f) < 2 {
			continue
		}
		counter, _ := strconv.ParseUint(f[1], 10, 64)
		claim := Claim{Key: p.key(f[0]), Claim: sweep.Claim{Fence: 6<<32 | counter, Point: []byte(f[0]), Threads: 1, Attempt: 1}, In: map[string]Item{}}
		if len(f) == 4 {
			claim.In[f[2]] = p.item(f[3] + "=" + f[0])
		}
		claims = append(claims, claim)
	}
	kept := p.q.Connect(sweep.Hello{Agent: c[0], Trainers: map[string]int{"t": int(o.int("version", 1))}}, claims, p.now)
	p.q.Capacity(c[0], sweep.Capacity{Cores: int(o.int("cores", 1)), Memory: o.int("memory", 0), Window: int(o.int("window", 10))})
	for _, k := range kept {
		p.say("attached %s as %s", fence(k.Old), fence(k.New))
	}
}
