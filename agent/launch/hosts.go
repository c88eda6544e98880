package launch

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Host is one line of a file of hosts:
//
//	# NAME [cores=N] [binary=PATH]
//	alice@lab1 cores=16
//	lab2       binary=/opt/widthlaw/bin/widthlaw
//
// The name is one that ssh understands: of a machine, user@machine, or of an entry in ssh's configuration.
type Host struct {
	Name   string
	Cores  int    // 0: what the launch says
	Binary string // "": what the launch says
}

// ReadHosts reads a file of hosts. The error names the line, and what to write there.
func ReadHosts(r io.Reader, filename string) ([]Host, error) {
	var hosts []Host
	seen := map[string]int{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		h, err := readHost(words)
		if err == nil && seen[h.Name] > 0 {
			err = fmt.Errorf("%s stands in line %d too; write cores=N to give a host more cores", h.Name, seen[h.Name])
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", filename, n, err)
		}
		seen[h.Name] = n
		hosts = append(hosts, h)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", filename, err)
	}
	if len(hosts) == 0 {
		return nil, fmt.Errorf("%s: no hosts; write one a line, such as: lab1 cores=8", filename)
	}
	return hosts, nil
}

func readHost(words []string) (Host, error) {
	h := Host{Name: words[0]}
	if strings.HasPrefix(h.Name, "-") || strings.Contains(h.Name, "=") {
		return h, fmt.Errorf("%q is no host; write its name first, then cores=N or binary=PATH", h.Name)
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "cores":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 {
				return h, fmt.Errorf("%q: write a number of cores, such as cores=8", w)
			}
			h.Cores = n
		case "binary":
			if value == "" {
				return h, fmt.Errorf("%q: write a path, such as binary=/opt/widthlaw", w)
			}
			h.Binary = value
		default:
			return h, fmt.Errorf("%q: a host has cores=N and binary=PATH", w)
		}
	}
	return h, nil
}
