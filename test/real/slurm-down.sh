#!/usr/bin/env bash
# slurm-down.sh DIR - ends the cluster of slurm-up.sh, its jobs, and what a killed slurmd left running.
set -uo pipefail
D=$(cd "$1" && pwd) || exit 0
export PATH=$PATH:/usr/sbin:/sbin SLURM_CONF=$D/slurm.conf
tree() { local c; for c in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do tree "$c"; done; echo "$1"; }
is() { grep -q "($2)" "/proc/$1/stat" 2>/dev/null; }
for f in "$D"/run/n*.pid "$D/run/slurmctld.pid"; do
	name=slurmd; [ "$f" = "$D/run/slurmctld.pid" ] && name=slurmctld
	p=$(cat "$f" 2>/dev/null) && is "$p" $name && kill -KILL "$p" 2>/dev/null
done
for stat in /proc/[0-9]*/stat; do # steps are recognised by their working directory: slurmd's folder of logs
	p=${stat#/proc/}; p=${p%/stat}
	is "$p" slurmstepd && [ "$(readlink "/proc/$p/cwd")" = "$D/log" ] && tree "$p" | xargs -r kill -KILL 2>/dev/null
done
p=$(cat "$D/run/munged.pid" 2>/dev/null) && is "$p" munged && kill -TERM "$p" 2>/dev/null
exit 0
