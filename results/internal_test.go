package results

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/widthlaw/widthlaw/sweep"
)

func randomKey(r *rand.Rand) (k sweep.Key) {
	for i := 0; i < len(k); i += 8 {
		binary.BigEndian.PutUint64(k[i:], r.Uint64())
	}
	return k
}

func TestIndexAgainstAMap(t *testing.T) {
	var x index
	r := rand.New(rand.NewPCG(3, 4))
	model := map[sweep.Key]uint64{}
	var list []sweep.Key
	for seq := uint64(1); seq < 60_000; seq++ {
		k := randomKey(r)
		k[0] %= 3 // few shards, so that they are long
		x.add(k, seq)
		model[k] = seq
		list = append(list, k)
		if seq%3 == 0 {
			gone := list[r.IntN(len(list))]
			x.remove(gone, model[gone])
			delete(model, gone)
		}
	}
	for _, k := range list {
		want, ok := model[k]
		if got := x.find(k, func(seq uint64) bool { return seq == want }); got != ok {
			t.Fatalf("find %v, want %v", got, ok)
		}
	}
	used := 0
	for i := range x.shards {
		used += x.shards[i].used
	}
	if used != len(model) {
		t.Fatalf("%d slots in use for %d keys", used, len(model))
	}
}

// Keys that look alike are told apart by the verification.
func TestIndexOfTwins(t *testing.T) {
	var x index
	a, b := sweep.Key{1, 2, 3, 4, 5, 6}, sweep.Key{1, 2, 3, 4, 5, 7}
	x.add(a, 10)
	x.add(b, 11)
	var seen []uint64
	x.find(a, func(seq uint64) bool { seen = append(seen, seq); return false })
	if len(seen) != 2 {
		t.Fatalf("offered %v, want both", seen)
	}
	x.remove(a, 10)
	if x.find(a, func(seq uint64) bool { return seq == 10 }) || !x.find(b, func(seq uint64) bool { return seq == 11 }) {
		t.Fatal("the wrong twin was removed")
	}
}

func TestIndexMemory(t *testing.T) {
	var x index
	r := rand.New(rand.NewPCG(5, 6))
	const many = 1_200_000
	for seq := uint64(1); seq <= many; seq++ {
		x.add(randomKey(r), seq)
	}
	if per := float64(x.bytes()) / many; per > 20 {
		t.Fatalf("%.1f bytes a key: 10^7 keys must fit into 200 MB", per)
	}
}

func TestNewerSchema(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.update(func(tx *bbolt.Tx) error {
		return putAbout(tx, schemaKey, binary.BigEndian.AppendUint32(nil, schema+1))
	}), s.Close()); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"Open":    second(Open(dir, Options{})),
		"Check":   second(Check(dir, nil)),
		"Compact": func() error { _, _, err := Compact(dir); return err }(),
	} {
		if !errors.Is(err, ErrNewerSchema) || !strings.Contains(err.Error(), "schema 2, this one knows 1") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestNetworkFileSystem(t *testing.T) {
	if kind, err := networkFS(t.TempDir()); err != nil || kind != "" {
		t.Errorf("the test's folder is on %q, %v", kind, err)
	}
	for magic, kind := range networkMagics {
		if err := (Options{}).allows(kind); !errors.Is(err, ErrNetworkFS) || !strings.Contains(err.Error(), kind) {
			t.Errorf("%#x, %s: %v", magic, kind, err)
		}
	}
	for _, o := range []Options{{Force: true}, {}} {
		if err := o.allows(map[bool]string{true: "nfs"}[o.Force]); err != nil {
			t.Error(err)
		}
	}
}

func TestMountType(t *testing.T) {
	const mountinfo = `22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:31 / /home rw shared:2 - fuse.sshfs me@there:/home rw
31 22 0:32 / /home/me/my\040disk rw - fuseblk /dev/sdb1 rw
`
	for path, want := range map[string]string{
		"/": "ext4", "/homes/x": "ext4", "/home": "fuse.sshfs", "/home/me/x": "fuse.sshfs", "/home/me/my disk/state": "fuseblk",
	} {
		if got := mountType(mountinfo, path); got != want {
			t.Errorf("%s is on %s, want %s", path, got, want)
		}
	}
	if localFuses["fuse.sshfs"] || networkMagics[0x6969] != "NFS" {
		t.Error("sshfs or NFS passes for local")
	}
}

// TestCommitThatHappened plays a commit whose last sync failed: it is in the file, and Put said that it is not.
func TestCommitThatHappened(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	row := func(text string) Row {
		return Row{Key: sweep.KeyOf([]byte(text)), Point: []byte(text), Outcome: []byte("o")}
	}
	if _, err := s.Put([]Row{row("a")}); err != nil {
		t.Fatal(err)
	}
	before, index := s.totals, s.index
	for i := range index.shards {
		index.shards[i].slots = append([]uint64(nil), index.shards[i].slots...)
	}
	if _, err := s.Put([]Row{row("b")}); err != nil {
		t.Fatal(err)
	}
	s.totals, s.index, s.unsure = before, index, true
	transaction := func() (n int) {
		_ = s.view(func(tx *bbolt.Tx) error { n = tx.ID(); return nil })
		return n
	}
	was := transaction()
	verdicts, err := s.Put([]Row{row("b")})
	if err != nil || verdicts[0] != Same || s.Len() != 2 {
		t.Fatalf("put again: %v, %v, %d rows", verdicts, err, s.Len())
	}
	if transaction() == was {
		t.Fatal("acknowledged without a commit that is known to be durable")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := Check(dir, nil); err != nil || !r.Clean() {
		t.Fatalf("%v, %v", r.Damage, err)
	}
}
