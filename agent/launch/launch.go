// Package launch starts agents on machines that are not this one: it writes the job script of a Slurm array (slurm.go), keeps
// an ssh client a host (ssh.go, with the file of hosts in hosts.go), and writes the manifest of a Kubernetes Job
// (kubernetes.go). Start reading with Agent below: what all three start.
//
// The agents dial out and listen on nothing, leave by themselves when there is nothing to do, and hand their points back when
// they are asked to go. How to reach the coordinator is secret: it goes over standard input, in a file that only its owner can
// read, or in a Secret, never on a command line, where everybody on a machine can see it.
package launch

import (
	"strconv"
	"strings"
	"time"
)

// An Agent is how each agent is started.
type Agent struct {
	Binary   string        // the program, as the machine that runs it finds it
	Cores    int           // threads that compute; 0: all that the machine, or the job, has
	Memory   int64         // bytes that the agent may have; 0: the machine decides
	IdleExit time.Duration // the agent leaves after so long without work
}

// arguments are the words of the agent's command line, each quoted for a shell.
func (a Agent) arguments(access string) []string {
	words := []string{quote(a.Binary), "agent", "--access", quote(access), "--idle-exit", a.IdleExit.String()}
	if a.Cores > 0 {
		words = append(words, "--cores", strconv.Itoa(a.Cores))
	}
	return words
}

// quote makes one word of s in every shell that sshd or Slurm may start.
func quote(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("%+,-./:=@_", r)
	}
	if s != "" && s[0] != '=' && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// Line is a command line that a shell reads as exactly these words.
func Line(words ...string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quote(w)
	}
	return strings.Join(quoted, " ")
}

// mebibytes rounds a number of bytes up.
func mebibytes(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }
