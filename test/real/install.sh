#!/usr/bin/env bash
# install.sh - what the tests in this folder need of Debian or Ubuntu. Does nothing where everything is there. Needs root.
set -euo pipefail
export PATH=$PATH:/usr/sbin:/sbin DEBIAN_FRONTEND=noninteractive
need=()
for p in munge:munged slurmctld:slurmctld slurmd:slurmd slurm-client:sbatch openssh-server:sshd openssh-client:ssh iproute2:ip nftables:nft chromium:chromium; do
	command -v "${p#*:}" >/dev/null || need+=("${p%%:*}")
done
[ ${#need[@]} -gt 0 ] || exit 0
[ "$(id -u)" = 0 ] || { echo "install.sh: run as root, or install: ${need[*]}" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "install.sh: there is no apt-get here; install: ${need[*]}" >&2; exit 1; }
# The packages' own services must not start.
if [ ! -e /usr/sbin/policy-rc.d ]; then
	printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
	chmod +x /usr/sbin/policy-rc.d
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
fi
log=$(mktemp)
get() { apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${need[@]}" >"$log" 2>&1; }
get || { apt-get update >/dev/null 2>&1; get; } || { cat "$log" >&2; echo "install.sh: apt-get could not install: ${need[*]}" >&2; exit 1; }
rm -f "$log"
