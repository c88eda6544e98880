package main

import "testing"

// TestCommand: a command that a line proposes is about the same place, and a shell takes it as it stands.
func TestCommand(t *testing.T) {
	const secret = oneWord + "abc"
	for _, c := range []struct {
		place place
		words []string
		want  string
	}{
		{place{}, []string{"show"}, "widthlaw show"},
		{place{state: defaultState}, []string{"show", "first"}, "widthlaw show first"},
		{place{state: "/data/it's here"}, []string{"run", "my spec.yaml"}, `widthlaw run 'my spec.yaml' --state '/data/it'\''s here'`},
		{place{state: "λ", force: true}, []string{"retry", "first", "3"}, "widthlaw retry first 3 --state λ --allow-network-fs"},
		{place{state: "other", access: "a/access.json"}, []string{"status", ""}, "widthlaw status '' --access a/access.json"},
		{place{access: secret}, []string{"status"}, "widthlaw status --access ACCESS"},
		{place{state: "other", force: true, settled: map[string]bool{"state": true}}, []string{"show"}, "widthlaw show --allow-network-fs"},
		{place{access: "access.json", settled: map[string]bool{"access": true}}, []string{"show"}, "widthlaw show"},
		{place{access: "access.json"}, []string{"compact"}, "widthlaw compact"},
	} {
		if got := c.place.command(c.words[0], c.words[1:]...); got != c.want {
			t.Errorf("%+v, %q: %s, want %s", c.place, c.words, got, c.want)
		}
	}
}
