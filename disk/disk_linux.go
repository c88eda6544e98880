package disk

import "golang.org/x/sys/unix"

// room is how many bytes may still be taken of the disk that a folder is on.
func room(folder string) (bytes int64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, false
	}
	size := int64(s.Bsize) //nolint:unconvert // an int32 on some processors
	return int64(s.Bavail)*size - min(int64(s.Blocks)*size/reservedShare, mostReserved), true
}
