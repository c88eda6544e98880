package main

import (
	"os"
	"strconv"
	"strings"
)

// availableMemory is what the machine can give without swapping, as Linux says (proc(5)); 0 elsewhere.
func availableMemory() uint64 { return kibibytes("/proc/meminfo", "MemAvailable:") }

// residentBytes is the most memory that this process has had at a time, as Linux says (proc(5)); 0 elsewhere.
func residentBytes() uint64 { return kibibytes("/proc/self/status", "VmHWM:") }

// kibibytes reads a line "NAME: 123 kB" of a file of proc, in bytes.
func kibibytes(path, name string) uint64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == name {
			n, _ := strconv.ParseUint(fields[1], 10, 64) // 0 where it is no number
			return n << 10
		}
	}
	return 0
}
