package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/widthlaw/widthlaw/proto"
)

// A target is a coordinator of which an attacker knows the address, and sometimes a token.
type target struct {
	*house
	client, agent proto.Access
	serve         *exec.Cmd
	said          diary
}

func newTarget(t *testing.T) *target {
	t.Helper()
	h := newHouse(t)
	x := &target{house: h}
	x.serve, x.said = h.watched("serve")
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var err1, err2 error
		x.client, err1 = proto.ReadAccess(filepath.Join(h.dir, ".widthlaw", "access.json"))
		x.agent, err2 = proto.ReadAccess(filepath.Join(h.dir, ".widthlaw", "agent-access.json"))
		err := errors.Join(err1, err2)
		if err == nil {
			return x
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// log is what the coordinator has logged.
func (x *target) log() string {
	x.t.Helper()
	text, err := os.ReadFile(filepath.Join(x.dir, ".widthlaw", "log", "coordinator.log"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // it begins with its first line
		x.t.Fatal(err)
	}
	return string(text)
}

// logs waits until the log has a line.
func (x *target) logs(pattern string) {
	x.t.Helper()
	line := regexp.MustCompile(pattern)
	for end := time.Now().Add(40 * time.Second); !line.MatchString(x.log()); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			x.t.Errorf("no line %q in the log:\n%s", pattern, x.log())
			return
		}
	}
}

// noToken is TLS as an attacker has it, who pins nothing and sends nothing.
func noToken() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
}

// a parcel of bytes that are sent as they are, whatever the method wants.
type garbage struct{ bytes []byte }

// garbler is the codec for it.
type garbler struct{}

func (garbler) Marshal(v any) ([]byte, error) { return v.(*garbage).bytes, nil }
func (garbler) Unmarshal([]byte, any) error   { return nil }
func (garbler) Name() string                  { return "proto" }

// call sends bytes to a method, over a connection of its own, and gives the status.
func (x *target) call(conn *grpc.ClientConn, err error, method string, body []byte) error {
	if err != nil {
		x.t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return conn.Invoke(ctx, method, &garbage{body}, &garbage{}, grpc.ForceCodec(garbler{}), grpc.MaxCallSendMsgSize(64<<20))
}

func withToken(a proto.Access, token string) proto.Access {
	a.Token = token
	return a
}

// noiseOf is random bytes.
func noiseOf(random *rand.Rand, n int) []byte {
	noise := make([]byte, n)
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	return noise
}

// TestHostileCalls: whoever has no token, or the other one, or sends what is no message, is told so, and so is the log.
func TestHostileCalls(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	noise := noiseOf(rand.New(rand.NewPCG(7, 8)), 5000)
	const refused, wrong, failed = "a call without the token was refused", "a call with the wrong token was refused", "a call ended with an error"
	for name, c := range map[string]struct {
		access proto.Access
		method string
		body   []byte
		code   codes.Code
		line   string
	}{
		"wrong token":               {withToken(x.client, "wrong"), proto.Clients_Submit_FullMethodName, nil, codes.Unauthenticated, refused},
		"empty token":               {withToken(x.client, ""), proto.Clients_Sweeps_FullMethodName, nil, codes.Unauthenticated, refused},
		"wrong token, oversized":    {withToken(x.client, "wrong"), proto.Clients_Submit_FullMethodName, make([]byte, 40<<20), codes.Unauthenticated, refused},
		"agent as client":           {x.agent, proto.Clients_Submit_FullMethodName, nil, codes.PermissionDenied, wrong},
		"agent controls":            {x.agent, proto.Clients_Control_FullMethodName, nil, codes.PermissionDenied, wrong},
		"agent reads":               {x.agent, proto.Clients_Rows_FullMethodName, nil, codes.PermissionDenied, wrong},
		"client as agent":           {x.client, proto.Agents_Work_FullMethodName, nil, codes.PermissionDenied, wrong},
		"client sends a checkpoint": {x.client, proto.Agents_PutCheckpoint_FullMethodName, nil, codes.PermissionDenied, wrong},
		"no such method":            {x.client, "/widthlaw.v1.Clients/Nothing", nil, codes.PermissionDenied, wrong},
		"oversized":                 {x.client, proto.Clients_Submit_FullMethodName, make([]byte, 17<<20), codes.ResourceExhausted, failed},
		"oversized, of an agent":    {x.agent, proto.Agents_Work_FullMethodName, make([]byte, 17<<20), codes.ResourceExhausted, failed},
		"noise":                     {x.client, proto.Clients_Submit_FullMethodName, noise, codes.Internal, failed},
		"noise, of an agent":        {x.agent, proto.Agents_Work_FullMethodName, noise, codes.Internal, failed},
		"no hello":                  {x.agent, proto.Agents_Work_FullMethodName, nil, codes.InvalidArgument, failed},
	} {
		conn, err := c.access.Dial()
		err = x.call(conn, err, c.method, c.body)
		if status.Code(err) != c.code {
			t.Errorf("%s: %v, want %v", name, err, c.code)
		}
		x.logs(regexp.QuoteMeta(c.line) + ".* method=" + regexp.QuoteMeta(c.method))
	}
	conn, err := grpc.NewClient("passthrough:///"+x.client.Address, grpc.WithTransportCredentials(credentials.NewTLS(noToken())))
	if err := x.call(conn, err, proto.Clients_Watch_FullMethodName, nil); status.Code(err) != codes.Unauthenticated {
		t.Errorf("no token: %v", err)
	}
	x.logs(regexp.QuoteMeta(refused) + ".* method=" + regexp.QuoteMeta(proto.Clients_Watch_FullMethodName))
	x.honest()
}

// honest wants a sweep to be done here as anywhere, by an agent that comes now.
func (x *target) honest() {
	x.t.Helper()
	elsewhere := newHouse(x.t)
	for _, h := range []*house{x.house, elsewhere} {
		h.write("quick.yaml", quickSpec)
	}
	elsewhere.must("run", "quick.yaml")
	x.must("submit", "quick.yaml")
	x.must("agent", "--cores", "1", "--idle-exit", "500ms")
	if got, want := x.must("digest", "quick"), elsewhere.must("digest"); got != want {
		x.t.Errorf("digest %s, elsewhere %s", got, want)
	}
	if panics := regexp.MustCompile(".*panicked.*").FindString(x.log()); panics != "" {
		x.t.Error(panics)
	}
}

// tcp opens a connection.
func (x *target) tcp() net.Conn {
	x.t.Helper()
	conn, err := net.DialTimeout("tcp", x.client.Address, 30*time.Second)
	if err != nil {
		x.t.Fatal(err)
	}
	x.t.Cleanup(func() { conn.Close() })
	return conn
}

// tls opens a connection and ends the handshake.
func (x *target) tls() net.Conn {
	x.t.Helper()
	conn := tls.Client(x.tcp(), noToken())
	if err := conn.Handshake(); err != nil {
		x.t.Fatal(err)
	}
	return conn
}

// frame is one of HTTP/2's (RFC 9113, 4.1).
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = binary.BigEndian.AppendUint32(append(b, flags), stream)
	return append(b, payload...)
}

// post are the frames of a call: a header, whose fields are literals (RFC 7541, 6.2.2), and a body.
func post(token, method string, body []byte) []byte {
	var header []byte
	for _, f := range [][2]string{
		{":method", "POST"},
		{":scheme", "https"},
		{":path", method},
		{":authority", "x"},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
		{"authorization", "Bearer " + token},
	} {
		header = append(header, 0)
		for _, s := range f {
			header = append(append(header, byte(len(s))), s...)
		}
	}
	const headers, data, endHeaders, endStream = 1, 0, 4, 1
	return append(frame(headers, endHeaders, 1, header), frame(data, endStream, 1, body)...)
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// TestHostileBytes: whatever comes over the network, each connection ends, a line says so, and honest agents work on.
func TestHostileBytes(t *testing.T) {
	t.Parallel()
	x := newTarget(t)
	noise := noiseOf(rand.New(rand.NewPCG(9, 10)), 20_000)
	silent, slow := x.tls(), x.tcp() // of those who say nothing, and of those who begin a handshake and never end it
	slow.Write([]byte{22, 3, 1, 2})
	recorded := x.record()

	hello := append([]byte(preface), frame(4, 0, 0, nil)...)
	const handshake, ended = "its TLS handshake failed", "a connection ended without a call"
	for name, c := range map[string]struct {
		open func() net.Conn
		send []byte
		line string
	}{
		"plain text":       {x.tcp, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), handshake},
		"noise":            {x.tcp, noise, handshake},
		"half a handshake": {x.tcp, recorded[:100], handshake},
		"replayed":         {x.tcp, recorded, handshake},
		"noise in TLS":     {x.tls, noise, ended},
		"noise as frames":  {x.tls, append(bytes.Clone(hello), noise...), ended},
		"a huge frame":     {x.tls, append(bytes.Clone(hello), frame(0, 0, 1, make([]byte, 1<<20))...), ended},
		"a huge header":    {x.tls, append(bytes.Clone(hello), frame(1, 5, 1, noise[:16000])...), ended},
	} {
		conn := c.open()
		conn.Write(c.send) // it may be cut short
		conn.(interface{ CloseWrite() error }).CloseWrite()
		if !ends(conn) {
			t.Errorf("%s: the connection stays", name)
		}
		x.logs(c.line + ".* from=" + regexp.QuoteMeta(conn.LocalAddr().String()))
	}
	for name, body := range map[string][]byte{
		"truncated": {0, 0, 0, 0, 9, 1, 2, 3}, "compressed by nothing": {1, 0, 0, 0, 2, 8, 1}, "no message": {}, "a length of 4 GiB": {0, 255, 255, 255, 255, 1},
	} {
		conn := x.tls()
		if _, err := conn.Write(append(bytes.Clone(hello), post(x.agent.Token, proto.Agents_GetFile_FullMethodName, body)...)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		x.logs("a call ended with an error.* method=" + proto.Agents_GetFile_FullMethodName + " from=" + regexp.QuoteMeta(conn.LocalAddr().String()))
	}
	old := noToken()
	old.MaxVersion = tls.VersionTLS12
	if _, err := tls.Dial("tcp", x.client.Address, old); err == nil {
		t.Error("TLS 1.2 was taken")
	}
	x.logs(handshake + ".*offered only unsupported versions")
	x.honest()
	for name, conn := range map[string]net.Conn{"silent": silent, "slow": slow} {
		if !ends(conn) {
			t.Errorf("%s: the connection stays", name)
		}
		x.logs("(no token came|" + handshake + ").* from=" + regexp.QuoteMeta(conn.LocalAddr().String()))
	}
}

// ends says whether a connection is ended by the other side, in time.
func ends(conn net.Conn) bool {
	conn.SetReadDeadline(time.Now().Add(40 * time.Second))
	_, err := io.Copy(io.Discard, conn)
	var late net.Error
	return !errors.As(err, &late) || !late.Timeout()
}

// record gives all that a client sends, from its first byte on.
func (x *target) record() []byte {
	x.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		x.t.Fatal(err)
	}
	defer l.Close()
	said := make(chan []byte, 1)
	go func() {
		var b bytes.Buffer
		defer func() { said <- b.Bytes() }()
		from, err := l.Accept()
		if err != nil {
			return
		}
		defer from.Close()
		to, err := net.Dial("tcp", x.client.Address)
		if err != nil {
			return
		}
		defer to.Close()
		go func() { io.Copy(from, to); from.Close() }()
		io.Copy(io.MultiWriter(to, &b), from)
	}()
	through := x.client
	through.Address = l.Addr().String()
	conn, err := through.Dial()
	if err := x.call(conn, err, proto.Clients_Sweeps_FullMethodName, []byte("\n\x01*")); err != nil {
		x.t.Fatal(err)
	}
	b := <-said
	if len(b) < 300 {
		x.t.Fatalf("only %d bytes recorded", len(b))
	}
	return b
}
