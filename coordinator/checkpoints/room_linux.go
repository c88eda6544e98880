package checkpoints

import "golang.org/x/sys/unix"

// What checkpoints leave of a disk to the store, without which nothing goes on: a share of it, of at most so many bytes.
const (
	reservedShare = 8
	mostReserved  = 256 << 20
)

// room is how many bytes checkpoints may still take of the disk that a folder is on.
func room(dir string) (bytes int64, known bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	size := int64(s.Bsize)
	return int64(s.Bavail)*size - min(int64(s.Blocks)*size/reservedShare, mostReserved), true
}
