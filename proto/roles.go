package proto

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// A Role is what a token stands for.
type Role uint8

// The roles. A method that belongs to NoRole is nobody's.
const (
	NoRole Role = iota
	AgentRole
	ClientRole
)

// roles says who may call what. A method that is missing here is refused to all.
var roles = map[string]Role{
	Agents_Work_FullMethodName:          AgentRole,
	Agents_GetFile_FullMethodName:       AgentRole,
	Agents_PutCheckpoint_FullMethodName: AgentRole,
	Agents_GetCheckpoint_FullMethodName: AgentRole,
	Clients_Submit_FullMethodName:       ClientRole,
	Clients_Plan_FullMethodName:         ClientRole,
	Clients_Sweeps_FullMethodName:       ClientRole,
	Clients_Watch_FullMethodName:        ClientRole,
	Clients_Control_FullMethodName:      ClientRole,
	Clients_Rows_FullMethodName:         ClientRole,
	Clients_Digest_FullMethodName:       ClientRole,
	Clients_Explain_FullMethodName:      ClientRole,
	Clients_Logs_FullMethodName:         ClientRole,
	Clients_ListAgents_FullMethodName:   ClientRole,
	Clients_PutFile_FullMethodName:      ClientRole,
	Clients_Import_FullMethodName:       ClientRole,
	Clients_Backup_FullMethodName:       ClientRole,
}

// RoleOf is the role that may call a method, by gRPC's full name of it.
func RoleOf(method string) Role { return roles[method] }

// RoleOf is the role of whoever sent these authorization headers. Both tokens are always compared, in constant time.
func (id Identity) RoleOf(authorization []string) Role {
	if len(authorization) != 1 {
		return NoRole
	}
	token, ok := strings.CutPrefix(authorization[0], bearerPrefix)
	if !ok {
		return NoRole
	}
	agent, client := sameToken(token, id.AgentToken), sameToken(token, id.ClientToken)
	switch {
	case client == 1:
		return ClientRole
	case agent == 1:
		return AgentRole
	}
	return NoRole
}

// sameToken compares the tokens' hashes, so that not even their length shows.
func sameToken(a, b string) int {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:])
}
