package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/proto"
)

// busySpec keeps an agent at work for longer than the test takes, with points of a few milliseconds that are all alike.
const busySpec = `
name: busy
trainer: two-layer
fixed: {n: 40, d: 20, m: 64, steps: 200, stop_at_fit: false}
grid: {seed: 0..999999}
`

// TestHostileFlood holds 2,000 connections and goes on knocking, while an agent works: the coordinator stays small, its log short, clients
// come through, and the agent does as much as before.
func TestHostileFlood(t *testing.T) {
	t.Parallel()
	window, least := 2*time.Second, 0.0 // in make test others use the processors too: nothing can be said of speed
	if os.Getenv("WIDTHLAW_SOAK") != "" {
		window, least = 10*time.Second, 0.8
	}
	x := newTarget(t)
	x.write("busy.yaml", busySpec)
	x.must("submit", "busy.yaml")
	agent := x.lasting("agent", "--cores", "1")
	x.until(regexp.MustCompile(`"done":[1-9][0-9]`), "status", "--output", "json")

	const rounds = 3
	var calm, flooded float64
	var f *flood
	for range rounds {
		if f != nil {
			f.end()
		}
		calm += x.rate(window) / rounds
		f = x.flood()
		flooded += x.rate(window) / rounds
		x.small()
	}
	t.Logf("an agent did %.0f points a second, and %.0f beside 2,000 hostile connections: %.2f of it", calm, flooded, flooded/calm)
	if flooded < least*calm || flooded == 0 {
		t.Errorf("an honest agent does %.2f of what it does in peace", flooded/calm)
	}
	x.must("cancel", "busy")
	want(t, x.must("status", "--output", "json"), `"failed":0,.*"quarantined":0,.*"conflicts":0`)
	x.honest() // new connections come through
	agent.Process.Signal(syscall.SIGTERM)
	x.ends(agent)
	x.goroutines()
	f.end()
	x.must("check")
	if lines := strings.Count(x.log(), "level=WARN"); lines > 300 {
		t.Errorf("%d lines in the log", lines)
	}
}

// rate is how many points a second are done within a time.
func (x *target) rate(window time.Duration) float64 {
	x.t.Helper()
	done := func() float64 {
		m := regexp.MustCompile(`"done":(\d+)`).FindStringSubmatch(x.must("status", "busy", "--output", "json"))
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			x.t.Fatal(err)
		}
		return n
	}
	from, began := done(), time.Now()
	time.Sleep(window)
	to := done()
	return (to - from) / time.Since(began).Seconds()
}

// small wants the coordinator to hold few files and little memory: 256 connections that have shown no token, and what it has without them.
func (x *target) small() {
	x.t.Helper()
	proc := filepath.Join("/proc", pid(x.serve))
	files, err := os.ReadDir(filepath.Join(proc, "fd"))
	if err != nil {
		x.t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(proc, "status"))
	if err != nil {
		x.t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(text)
	kilobytes, err := strconv.Atoi(string(m[1]))
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Logf("the coordinator has %d open files and %d MB", len(files), kilobytes/1000)
	if len(files) > 320 || kilobytes > 250_000 {
		x.t.Errorf("the coordinator has %d open files and %d kB", len(files), kilobytes)
	}
}

// goroutines ends the coordinator in the way that has Go tell what all its goroutines do.
func (x *target) goroutines() {
	x.t.Helper()
	x.serve.Process.Signal(syscall.SIGQUIT)
	x.serve.Wait()
	n := strings.Count(x.said.text(), "\ngoroutine ")
	x.t.Logf("the coordinator has %d goroutines", n)
	if n < 1 || n > 1200 {
		x.t.Errorf("%d goroutines", n)
	}
}

// A flood is 2,000 connections that are held, and more that come and go.
type flood struct {
	held   []net.Conn
	stop   context.CancelFunc
	knocks sync.WaitGroup
}

func (x *target) flood() *flood {
	ctx, stop := context.WithCancel(context.Background())
	f := &flood{stop: stop}
	x.t.Cleanup(f.end)
	for i := range 2000 {
		if i%4 == 0 {
			f.held = append(f.held, x.tls())
		} else {
			f.held = append(f.held, x.tcp())
		}
	}
	f.knocks.Go(func() { f.knock(ctx, x.client) })
	return f
}

func (f *flood) end() {
	f.stop()
	f.knocks.Wait()
	for _, c := range f.held {
		c.Close()
	}
}

// knock comes a hundred times a second: with noise, with a wrong token, with nothing.
func (f *flood) knock(ctx context.Context, at proto.Access) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	wrong := append([]byte(preface), frame(4, 0, 0, nil)...)
	wrong = append(wrong, post("wrong", proto.Agents_Work_FullMethodName, make([]byte, 16_000))...)
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		conn, err := net.DialTimeout("tcp", at.Address, time.Second)
		if err != nil {
			continue
		}
		switch i % 3 {
		case 0:
			fmt.Fprintf(conn, "%x", rand.Uint64())
		case 1:
			conn = tls.Client(conn, noToken())
			conn.SetDeadline(time.Now().Add(time.Second))
			conn.Write(wrong)
		}
		place := &f.held[i%len(f.held)]
		(*place).Close()
		*place = conn
	}
}
