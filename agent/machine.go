package agent

import (
	"math"
	"path"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/cpu"
)

const (
	memoryShare   = 0.9     // of what there is may be used by points; the rest is for the program itself
	unknownMemory = 4 << 30 // bytes that are assumed where the system does not say
)

// machineMemory is how many bytes points may use here: a share of the machine's memory, or of the limit that a control group
// sets (Linux; a container, a Slurm step). read is os.ReadFile.
func machineMemory(read func(string) ([]byte, error)) int64 {
	least := int64(math.MaxInt64)
	if b, err := read("/proc/meminfo"); err == nil {
		least = min(least, memTotal(string(b)))
	}
	b, err := read("/proc/self/cgroup")
	if err == nil {
		for _, file := range cgroupLimits(string(b)) {
			if limit, err := read(file); err == nil {
				least = min(least, parseLimit(string(limit)))
			}
		}
	}
	if least == math.MaxInt64 {
		return unknownMemory
	}
	return int64(float64(least) * memoryShare)
}

// memTotal reads the line "MemTotal:  24589420 kB".
func memTotal(meminfo string) int64 {
	for line := range strings.Lines(meminfo) {
		f := strings.Fields(line)
		if len(f) == 3 && f[0] == "MemTotal:" && f[2] == "kB" {
			if kb, err := strconv.ParseInt(f[1], 10, 64); err == nil && kb > 0 && kb < math.MaxInt64>>10 {
				return kb << 10
			}
		}
	}
	return math.MaxInt64
}

// cgroupLimits names the files that may hold limits: the process's own group's and all its parents'.
// Version 2 has the line "0::/a/b", version 1 "9:memory:/a/b".
func cgroupLimits(cgroup string) []string {
	var files []string
	for line := range strings.Lines(cgroup) {
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(part) != 3 {
			continue
		}
		root, name := "/sys/fs/cgroup", "memory.max"
		if strings.Contains(","+part[1]+",", ",memory,") {
			root, name = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
		} else if part[1] != "" {
			continue
		}
		for group := path.Clean("/" + part[2]); ; group = path.Dir(group) {
			files = append(files, path.Join(root, group, name))
			if group == "/" {
				break
			}
		}
	}
	return files
}

// parseLimit reads a limit; "max", nonsense and numbers beyond any machine are none.
func parseLimit(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
	if err != nil || n <= 0 {
		return math.MaxInt64
	}
	return n
}

// instructionSet names what the processor offers, for people.
func instructionSet() string {
	switch {
	case cpu.X86.HasAVX512F:
		return runtime.GOARCH + " avx512"
	case cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		return runtime.GOARCH + " avx2"
	}
	return runtime.GOARCH
}
