package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// fileSystem names the file system of a directory, by statfs's number (linux/magic.h).
func fileSystem(dir string) (string, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return "", err
	}
	names := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay",
		unix.TMPFS_MAGIC: "tmpfs (gone at the next start of the machine)", unix.NFS_SUPER_MAGIC: "NFS", unix.F2FS_SUPER_MAGIC: "f2fs",
	}
	name, known := names[int64(s.Type)] //nolint:unconvert // not an int64 on every processor
	if !known {
		name = fmt.Sprintf("file system %#x", s.Type)
	}
	return fmt.Sprintf("%s, %s free", name, bytesText(s.Bavail*uint64(s.Bsize))), nil
}
