package agent

import (
	"io/fs"
	"testing"
)

func TestMachineMemory(t *testing.T) {
	const meminfo = "MemTotal:        1000000 kB\nMemFree: 5 kB\n"
	share := func(bytes float64) int64 { return int64(bytes * memoryShare) }
	for _, c := range []struct {
		name  string
		files map[string]string
		want  int64
	}{
		{"no limit", map[string]string{"/proc/meminfo": meminfo}, share(1000000 * 1024)},
		{"version 2", map[string]string{
			"/proc/meminfo": meminfo, "/proc/self/cgroup": "0::/a/b\n",
			"/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "500000000\n",
		}, share(500000000)},
		{"version 1", map[string]string{
			"/proc/meminfo": meminfo, "/proc/self/cgroup": "3:cpu:/x\n9:memory:/slurm/job\n",
			"/sys/fs/cgroup/memory/slurm/job/memory.limit_in_bytes": "400000000\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
		}, share(400000000)},
		{"nothing known", nil, unknownMemory},
		{"nonsense", map[string]string{"/proc/meminfo": "MemTotal: many kB", "/proc/self/cgroup": "::\n0::\n", "/sys/fs/cgroup/memory.max": "-3"}, unknownMemory},
	} {
		read := func(path string) ([]byte, error) {
			if s, ok := c.files[path]; ok {
				return []byte(s), nil
			}
			return nil, fs.ErrNotExist
		}
		if got := machineMemory(read); got != c.want {
			t.Errorf("%s: %d bytes, not %d", c.name, got, c.want)
		}
	}
}
