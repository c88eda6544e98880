#!/usr/bin/env bash
# sshd-up.sh DIR PORT - a real sshd on 127.0.0.1:PORT that lets this user in by a key of its own, with everything in DIR;
# DIR/ssh_config knows it as node1 and node2. It ends with the process whose id is in DIR/sshd.pid.
set -euo pipefail
D=$1 PORT=$2
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$D" /run/sshd
chmod 700 "$D"; chmod 755 /run/sshd
D=$(cd "$D" && pwd)
ssh-keygen -q -t ed25519 -N '' -f "$D/host_key"
ssh-keygen -q -t ed25519 -N '' -f "$D/id"
cp "$D/id.pub" "$D/authorized_keys"
printf '%s %s\n' "[127.0.0.1]:$PORT" "$(cut -d' ' -f1,2 "$D/host_key.pub")" >"$D/known_hosts"
cat >"$D/sshd_config" <<CONF
ListenAddress 127.0.0.1:$PORT
HostKey $D/host_key
PidFile $D/sshd.pid
AuthorizedKeysFile $D/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
CONF
cat >"$D/ssh_config" <<CONF
Host node1 node2
  HostName 127.0.0.1
  Port $PORT
  User $(id -un)
  IdentityFile $D/id
  IdentitiesOnly yes
  UserKnownHostsFile $D/known_hosts
  StrictHostKeyChecking yes
  LogLevel ERROR
CONF
"$(command -v sshd)" -f "$D/sshd_config" -E "$D/sshd.log"
for _ in $(seq 1 50); do
	ssh -F "$D/ssh_config" -o BatchMode=yes node1 true 2>/dev/null && exit 0
	sleep 0.1
done
cat "$D/sshd.log" >&2
exit 1
