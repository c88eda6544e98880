package main

import (
	"slices"
	"strings"
)

// A place is where a verb's sweeps are: what the flags that all verbs share say.
type place struct {
	state  string // --state
	force  bool   // --allow-network-fs
	access string // --access

	settled map[string]bool // those flags that the environment or the configuration file sets: the next command will have them too
}

// command is a command that a line proposes: it is about the same place, and works as it is printed.
func (p place) command(verb string, words ...string) string {
	line := []string{"widthlaw", verb}
	for _, word := range words {
		line = append(line, quoted(word))
	}
	return strings.Join(append(line, p.flags(verb)...), " ")
}

// flags are those that a verb needs to be about the place.
func (p place) flags(verb string) (flags []string) {
	if p.access != "" {
		switch {
		case p.settled["access"], slices.Contains(beside, verb): // those run on the coordinator's machine, and there it is known where
			return nil
		case strings.HasPrefix(p.access, oneWord): // a secret, which no log shall keep
			return []string{"--access", "ACCESS"}
		}
		return []string{"--access", quoted(p.access)}
	}
	if p.state != "" && p.state != defaultState && !p.settled["state"] {
		flags = append(flags, "--state", quoted(p.state))
	}
	if p.force && !p.settled["allow-network-fs"] {
		flags = append(flags, "--allow-network-fs")
	}
	return flags
}

// oneWord begins an access that is written as one word.
const oneWord = "widthlaw1."

// beside are the verbs that want the state directory itself.
var beside = []string{"run", "serve", "check", "compact"}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r > 0x7f || strings.ContainsRune("-_./:=@%+,", r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
