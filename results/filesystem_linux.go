package results

import (
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// networkMagics are the file systems that other machines may write to at the same time, by statfs's number (linux/magic.h
// and the file systems' own headers). Cluster file systems are among them: their locks hold between machines only as they
// were mounted, which cannot be seen from here.
var networkMagics = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xfe534d42: "SMB",
	0xff534d42: "CIFS",
	0x01021997: "9P",
	0x5346414f: "AFS",
	0x6b414653: "AFS",
	0x73757245: "Coda",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x19830326: "BeeGFS",
	0xaad7aaea: "PanFS",
	0x20030528: "OrangeFS",
	0x7461636f: "OCFS2",
	0x01161970: "GFS2",
}

const fuseMagic = 0x65735546

// localFuses are file systems in user space over this machine's own disks, by mountinfo's type. Others (sshfs, s3fs, ...)
// are taken for network ones.
var localFuses = map[string]bool{
	"fuseblk": true, "fuse.fuse-overlayfs": true, "fuse.ntfs-3g": true, "fuse.exfat": true,
	"fuse.gocryptfs": true, "fuse.encfs": true, "fuse.cryfs": true, "fuse.bindfs": true, "fuse.mergerfs": true,
}

// networkFS names the network file system that dir is on, "" if it is on none.
func networkFS(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", err
	}
	if uint32(s.Type) != fuseMagic {
		return networkMagics[uint32(s.Type)], nil
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", err
	}
	if real, err = filepath.Abs(real); err != nil {
		return "", err
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	if kind := mountType(string(mounts), real); !localFuses[kind] {
		return kind, nil
	}
	return "", nil
}

// mountType is the type of the file system that holds path, by the text of mountinfo (proc(5)): the last mount among those
// with the longest mount point.
func mountType(mountinfo, path string) string {
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	kind, longest := "fuse", -1
	for line := range strings.Lines(mountinfo) {
		before, after, ok := strings.Cut(line, " - ")
		fields, rest := strings.Fields(before), strings.Fields(after)
		if !ok || len(fields) < 5 || len(rest) < 1 {
			continue
		}
		point := strings.TrimSuffix(unescape.Replace(fields[4]), "/")
		if len(point) >= longest && (path == point || strings.HasPrefix(path, point+"/")) {
			kind, longest = rest[0], len(point)
		}
	}
	return kind
}
