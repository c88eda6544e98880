package proto

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

func TestAccessFile(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	a := id.Access(AgentRole, "login1:7077")
	path := filepath.Join(t.TempDir(), "access.json")
	if _, err := ReadAccess(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is missing: %v", err)
	}
	if err := WriteAccess(path, a); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if got, err := ReadAccess(path); err != nil || got != a {
		t.Errorf("%v, %v; want %v", got, err, a)
	}
	if got, err := ParseAccess(" " + a.String() + "\n"); err != nil || got != a {
		t.Errorf("as a word: %v, %v", got, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAccess(path); !errors.Is(err, ErrExposed) || !strings.Contains(err.Error(), "chmod 600 "+path) {
		t.Errorf("a file that the group can read: %v", err)
	}
	for _, text := range []string{
		"", "{}", "null", `{"address":"a","certificate":"zz","token":"t"}`, `{"address":"a","token":"t"}`,
		`{"address":"a","certificate":"` + strings.Repeat("ab", 32) + `","token":"a b"}`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadAccess(path); err == nil {
			t.Errorf("%s was read", text)
		}
	}
}

func FuzzAccess(f *testing.F) {
	f.Add(Access{Address: "a:1", Certificate: strings.Repeat("ab", 32), Token: "t"}.String())
	f.Add("widthlaw1.")
	f.Add("widthlaw1.e30")
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := ParseAccess(s); err == nil {
			if b, err := ParseAccess(a.String()); err != nil || a != b {
				t.Errorf("%v, then %v, %v", a, b, err)
			}
		}
	})
}

// FuzzAccessFiles reads any text as an access file, and as what a coordinator keeps of itself.
func FuzzAccessFiles(f *testing.F) {
	id, err := NewIdentity()
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range []any{id, id.Access(AgentRole, "a:1")} {
		text, err := json.Marshal(x)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if a, err := ReadAccess(path); err == nil {
			if b, err := ParseAccess(a.String()); err != nil || a != b {
				t.Errorf("%v, then %v, %v", a, b, err)
			}
		}
		if id, err := LoadIdentity(path); err == nil {
			if _, err := id.ServerCredentials(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestIdentityIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "identity.json")
	a, err := LoadIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := LoadIdentity(path)
	if err != nil || a.Access(ClientRole, "x") != b.Access(ClientRole, "x") || a.Access(AgentRole, "x") != b.Access(AgentRole, "x") {
		t.Errorf("another identity after a restart: %v", err)
	}
	if a.ClientToken == a.AgentToken || len(a.ClientToken) < 20 {
		t.Error("weak tokens")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, text := range []string{"", "{}", "null", strings.Replace(string(read(t, path)), "key\":\"", "key\":\"AAAA", 1)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadIdentity(path); err == nil {
			t.Errorf("%q was loaded", text)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestEveryMethodHasARole keeps the table complete: a method that is added without a role is nobody's.
func TestEveryMethodHasARole(t *testing.T) {
	n := 0
	for want, service := range map[Role]grpc.ServiceDesc{AgentRole: Agents_ServiceDesc, ClientRole: Clients_ServiceDesc} {
		check := func(name string) {
			n++
			if got := RoleOf("/" + service.ServiceName + "/" + name); got != want {
				t.Errorf("%s: role %d, want %d", name, got, want)
			}
		}
		for _, m := range service.Methods {
			check(m.MethodName)
		}
		for _, s := range service.Streams {
			check(s.StreamName)
		}
	}
	if n != len(roles) {
		t.Errorf("%d methods, %d roles", n, len(roles))
	}
	if RoleOf("/widthlaw.v1.Agents/Other") != NoRole {
		t.Error("an unknown method has a role")
	}
}

func TestTokens(t *testing.T) {
	id := Identity{ClientToken: "client", AgentToken: "agent"}
	for header, want := range map[string]Role{
		"Bearer client": ClientRole, "Bearer agent": AgentRole, "Bearer clien": NoRole, "Bearer clientx": NoRole, "client": NoRole,
		"bearer client": NoRole, "Bearer ": NoRole, "": NoRole,
	} {
		if got := id.RoleOf([]string{header}); got != want {
			t.Errorf("%q: role %d, want %d", header, got, want)
		}
	}
	if id.RoleOf(nil) != NoRole || id.RoleOf([]string{"Bearer client", "Bearer client"}) != NoRole {
		t.Error("none or two headers have a role")
	}
}

// A hub answers ListAgents with the token that came.
type hub struct{ UnimplementedClientsServer }

func (hub) ListAgents(ctx context.Context, _ *ListAgentsRequest) (*ListAgentsReply, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	return &ListAgentsReply{Agents: []*AgentStatus{{Agent: md.Get("authorization")[0]}}}, nil
}

func TestPin(t *testing.T) {
	id, err := NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := id.ServerCredentials()
	if err != nil {
		t.Fatal(err)
	}
	l := bufconn.Listen(1 << 16)
	server := grpc.NewServer(grpc.Creds(credentials))
	RegisterClientsServer(server, hub{})
	served := make(chan error)
	go func() { served <- server.Serve(l) }()
	defer func() {
		server.Stop()
		<-served
	}()
	call := func(a Access) (string, error) {
		conn, err := a.Dial(grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
		if err != nil {
			return "", err
		}
		defer conn.Close()
		r, err := NewClientsClient(conn).ListAgents(context.Background(), &ListAgentsRequest{})
		if err != nil {
			return "", err
		}
		return r.Agents[0].Agent, nil
	}
	a := id.Access(ClientRole, "some other name:1")
	if got, err := call(a); err != nil || got != "Bearer "+id.ClientToken {
		t.Errorf("with the right pin: %q, %v", got, err)
	}
	a.Certificate = strings.Repeat("00", 32)
	if _, err := call(a); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "pinned") {
		t.Errorf("with another pin: %v", err)
	}
	a.Certificate = "00"
	if _, err := call(a); err == nil {
		t.Error("with half a pin")
	}
}
