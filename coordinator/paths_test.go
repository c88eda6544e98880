package coordinator

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
	"github.com/widthlaw/widthlaw/sweep"
)

// TestPathsMeanNothing: a path in a spec is read where the spec is submitted. The coordinator looks at no such file of its own, whatever
// the path and whatever the hash that comes with it.
func TestPathsMeanNothing(t *testing.T) {
	inCluster(t, func(t *testing.T, c *cluster) {
		secret := filepath.Join(c.dir, "secret.csv")
		if err := os.WriteFile(secret, []byte("1,2\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c.down()
		looked := ""
		c.trainers[0].Params = append(c.trainers[0].Params, sweep.Param{Name: "path", Type: sweep.FileType, Default: func(sweep.Point) sweep.Value { return sweep.TextValue("") }, Is: "none"})
		c.trainers[0].DataShape = func(path string, _ sweep.Point) (map[string]sweep.Value, error) {
			looked = path
			return nil, nil
		}
		c.up()
		for _, path := range []string{secret, "secret.csv", "../secret.csv", "/etc/passwd", "/dev/zero", "", "~/x", "\x00"} {
			for _, files := range []map[string][]byte{nil, {path: make([]byte, 32)}, {path: []byte(path)}} {
				text := spec("s", 1, 1, "fixed: {path: '"+path+"'}")
				_, err := c.client.Submit(context.Background(), &proto.SubmitRequest{Spec: []byte(text), Filename: path, Files: files})
				if code := status.Code(err); code != codes.InvalidArgument && code != codes.NotFound || strings.Contains(err.Error(), "1,2") {
					t.Errorf("%q with %v: %v", path, files, err)
				}
			}
		}
		if looked != "" {
			t.Errorf("the coordinator has looked into %s", looked)
		}
	})
}
