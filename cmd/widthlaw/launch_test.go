package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/widthlaw/widthlaw/agent/gd"
	"github.com/widthlaw/widthlaw/sweep"
)

// What the page on clusters shows and TestManual cannot run, because it needs a cluster, is at least a command that the program takes.
func TestClusterPage(t *testing.T) {
	shown := 0
	for _, text := range blocks(t, "../../docs/clusters.md", "console") {
		for line := range strings.Lines(text) {
			line, ok := strings.CutPrefix(line, "$ ")
			if !ok || !strings.HasPrefix(line, "widthlaw ") {
				continue
			}
			line, _, _ = strings.Cut(line, " #")
			line, _, _ = strings.Cut(line, " | ")
			if err := takes(&app{trainers: []*sweep.Trainer{gd.TwoLayer()}}, strings.Fields(line)); err != nil {
				t.Errorf("%s: %v", strings.TrimSpace(line), err)
			}
			shown++
		}
	}
	if shown < 8 {
		t.Errorf("only %d commands were found on the page", shown)
	}
}

// An agent leaves a minute before its allocation ends, and not at all where nothing says when that is.
func TestWhileAllocated(t *testing.T) {
	for text, bounded := range map[string]bool{"": false, "soon": false, "0": false, "-5": false, "4102444800": true} {
		ctx, cancel := whileAllocated(context.Background(), func(string) string { return text })
		end, ok := ctx.Deadline()
		if ok != bounded || ok && !end.Equal(time.Unix(4102444800-60, 0)) {
			t.Errorf("end of the allocation %q: deadline %v, %v", text, end, ok)
		}
		cancel()
	}
}

func TestOnlyHere(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:7777": true, "127.9.9.9:1": true, "[::1]:7777": true, "localhost:7777": true, "a.localhost:1": true,
		"10.0.0.1:7777": false, "login1:7777": false, "localhost.example.org:1": false, "": false,
	} {
		if onlyHere(address) != want {
			t.Errorf("%q leads other machines to themselves: %v", address, !want)
		}
	}
}
