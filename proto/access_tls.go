package proto

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// NewIdentity makes a certificate and two tokens.
func NewIdentity() (Identity, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	template := &x509.Certificate{ // nobody looks at names and dates: the certificate is pinned
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "widthlaw"},
		NotBefore:    time.Unix(0, 0),
		NotAfter:     time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	return Identity{Certificate: certificate, Key: key, ClientToken: rand.Text(), AgentToken: rand.Text()}, nil
}

// Access is what clients, or agents, need to reach a coordinator of this identity at an address.
func (id Identity) Access(role Role, address string) Access {
	pin := sha256.Sum256(id.Certificate)
	a := Access{Address: address, Certificate: hex.EncodeToString(pin[:]), Token: id.AgentToken}
	if role == ClientRole {
		a.Token = id.ClientToken
	}
	return a
}

// ServerCredentials are for the coordinator's side: TLS 1.3 with the identity's certificate.
func (id Identity) ServerCredentials() (credentials.TransportCredentials, error) {
	key, err := x509.ParsePKCS8PrivateKey(id.Key)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	if _, err := x509.ParseCertificate(id.Certificate); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if id.ClientToken == "" || id.AgentToken == "" {
		return nil, errors.New("a token is missing")
	}
	return credentials.NewTLS(&tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{{Certificate: [][]byte{id.Certificate}, PrivateKey: key}},
		SessionTicketsDisabled: true,
	}), nil
}

// Dial opens a connection, lazily. The other side must show the pinned certificate; its dates and names are not looked at,
// because clocks are skewed and tunnels rename. Further options come after the usual ones.
func (a Access) Dial(more ...grpc.DialOption) (*grpc.ClientConn, error) {
	pin, err := a.pin()
	if err != nil {
		return nil, err
	}
	options := []grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(pinned(pin))),
		grpc.WithPerRPCCredentials(bearer(a.Token)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: KeepaliveTime, Timeout: 20 * time.Second, PermitWithoutStream: true}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage)),
	}
	conn, err := grpc.NewClient("passthrough:///"+a.Address, append(options, more...)...)
	if err != nil {
		return nil, fmt.Errorf("coordinator at %s: %w", a.Address, err)
	}
	return conn, nil
}

// KeepaliveTime is how long a connection may be silent before its other side is asked whether it still lives.
const KeepaliveTime = 30 * time.Second

func (a Access) pin() ([]byte, error) {
	pin, err := hex.DecodeString(a.Certificate)
	if err != nil || len(pin) != sha256.Size {
		return nil, errors.New("the certificate's SHA-256 has 64 hex digits")
	}
	return pin, nil
}

// ErrPin means that whoever answers at the address is not the coordinator that wrote the access file.
var ErrPin = errors.New("another certificate than the pinned one: the address now belongs to another coordinator; get its access file")

func pinned(pin []byte) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS13,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the one thing that counts
		VerifyConnection: func(s tls.ConnectionState) error {
			shown := [sha256.Size]byte{}
			if len(s.PeerCertificates) > 0 {
				shown = sha256.Sum256(s.PeerCertificates[0].Raw)
			}
			if subtle.ConstantTimeCompare(shown[:], pin) != 1 {
				return ErrPin
			}
			return nil
		},
	}
}

// bearer is a token that goes with each call, and only over TLS.
type bearer string

// GetRequestMetadata is called by gRPC.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": bearerPrefix + string(b)}, nil
}

// RequireTransportSecurity is called by gRPC.
func (b bearer) RequireTransportSecurity() bool { return true }

const bearerPrefix = "Bearer "
