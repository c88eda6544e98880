package proto

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// An Access is what a client or an agent needs to reach a coordinator and to know that it is the right one. It is secret: its
// token opens the coordinator.
type Access struct {
	Address     string `json:"address"`       // host:port
	Certificate string `json:"certificate"`   // hex SHA-256 of the coordinator's certificate
	Token       string `json:"token"`         // the clients' or the agents'
	PID         int    `json:"pid,omitempty"` // of the coordinator's process, for messages
}

// ErrExposed means an access file that other users can read.
var ErrExposed = errors.New("others can read it")

// ReadAccess reads an access file. A missing one is fs.ErrNotExist.
func ReadAccess(path string) (Access, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Access{}, fmt.Errorf("access file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return Access{}, fmt.Errorf("access file %s: %w, and its token with it: run `chmod 600 %s`", path, ErrExposed, path)
	}
	if info.Size() > maxText {
		return Access{}, fmt.Errorf("access file %s: %d bytes are too many for one; name the file that the coordinator wrote", path, info.Size())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Access{}, fmt.Errorf("access file: %w", err)
	}
	a, err := parseJSON(text)
	if err != nil {
		return Access{}, fmt.Errorf("access file %s: %w; copy it again from the coordinator's state directory", path, err)
	}
	return a, nil
}

// WriteAccess writes an access file that only its owner can read, in one step.
func WriteAccess(path string, a Access) error {
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return fmt.Errorf("access file: %w", err)
	}
	return writeSecret(path, append(text, '\n'))
}

// writeSecret replaces a file of mode 0600.
func writeSecret(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600 from the start
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

const accessPrefix = "widthlaw1."

// String holds the whole access in one word, for an environment variable.
func (a Access) String() string {
	text, err := json.Marshal(a)
	if err != nil {
		return ""
	}
	return accessPrefix + base64.RawURLEncoding.EncodeToString(text)
}

// ParseAccess reads what String wrote.
func ParseAccess(s string) (Access, error) {
	const next = "copy the whole line that the coordinator printed"
	body, ok := strings.CutPrefix(strings.TrimSpace(s), accessPrefix)
	if !ok {
		return Access{}, fmt.Errorf("not an access string: it starts with %s; %s", accessPrefix, next)
	}
	text, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil {
		return Access{}, fmt.Errorf("access string: %w; %s", err, next)
	}
	a, err := parseJSON(text)
	if err != nil {
		return Access{}, fmt.Errorf("access string: %w; %s", err, next)
	}
	return a, nil
}

func parseJSON(text []byte) (Access, error) {
	var a Access
	if err := json.Unmarshal(text, &a); err != nil {
		return Access{}, err
	}
	_, err := a.pin()
	switch {
	case a.Address == "":
		return Access{}, errors.New("no address")
	case a.Token == "" || !isToken(a.Token):
		return Access{}, errors.New("no usable token")
	case err != nil:
		return Access{}, err
	}
	return a, nil
}

// isToken says whether s can travel in a header.
func isToken(s string) bool {
	return len(s) <= maxName && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// An Identity is what a coordinator must keep to be known again after a restart: its certificate with its key, and the two tokens.
type Identity struct {
	Certificate []byte `json:"certificate"` // DER
	Key         []byte `json:"key"`         // PKCS #8, DER
	ClientToken string `json:"client_token"`
	AgentToken  string `json:"agent_token"`
}

// LoadIdentity reads the identity in a file, or makes one and writes it there if there is none.
func LoadIdentity(path string) (Identity, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeIdentity(path)
	}
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	var id Identity
	if err := json.Unmarshal(text, &id); err != nil {
		return Identity{}, fmt.Errorf("identity %s: %w; remove the file to get a new one (agents then need the new access file)", path, err)
	}
	if _, err := id.ServerCredentials(); err != nil {
		return Identity{}, fmt.Errorf("identity %s: %w; remove the file to get a new one (agents then need the new access file)", path, err)
	}
	return id, nil
}

func makeIdentity(path string) (Identity, error) {
	id, err := NewIdentity()
	if err != nil {
		return Identity{}, err
	}
	text, err := json.Marshal(id)
	if err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	if err := writeSecret(path, text); err != nil {
		return Identity{}, fmt.Errorf("identity: %w", err)
	}
	return id, nil
}
