#!/usr/bin/env bash
# slurm-up.sh DIR NODES - a real Slurm cluster on this host, all of it on 127.0.0.1 and in DIR: munged, slurmctld, and a slurmd for
# each of the nodes n1.., which claim one processor each. Partition "high" preempts "batch" by requeueing. Run again, it starts
# what has died. Without systemd, cgroups or a database. slurm-down.sh ends it.
set -euo pipefail
D=$1 N=$2
export PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$D"/{munge,run,log,state,spool}
D=$(cd "$D" && pwd)
[ ${#D} -le 60 ] || { echo "slurm-up: $D is too long for the path of a socket" >&2; exit 1; }
chmod 755 "$D" "$D"/{munge,run,log}; chmod 711 "$D/spool"; chmod 700 "$D/state"
alive() { # pidfile name: runs, and is no zombie
	local p s
	p=$(cat "$1" 2>/dev/null) && [ -n "$p" ] && s=$(cat "/proc/$p/stat" 2>/dev/null) || return 1
	[[ $s == *"($2) "* && $s != *"($2) Z "* ]]
}
if [ ! -s "$D/slurm.conf" ]; then
	(umask 077; dd if=/dev/urandom of="$D/munge/key" bs=1024 count=1 status=none)
	chmod 400 "$D/munge/key"
	host=$(uname -n) host=${host%%.*}
	port=$((16800 + RANDOM % 100 * 100)) # of slurmctld; slurmd's follow
	{
		cat <<CONF
ClusterName=widthlaw
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthType=auth/munge
AuthInfo=socket=$D/munge/socket,cred_expire=5
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation=$D/state
SlurmdSpoolDir=$D/spool/%n
SlurmctldPidFile=$D/run/slurmctld.pid
SlurmdPidFile=$D/run/%n.pid
SlurmctldLogFile=$D/log/slurmctld.log
SlurmdLogFile=$D/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,sched_interval=1,bf_interval=1
PriorityType=priority/basic
SlurmdParameters=config_overrides
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
JobRequeue=1
KillWait=30
SlurmctldTimeout=10
SlurmdTimeout=8
MessageTimeout=5
InactiveLimit=0
MinJobAge=3600
BatchStartTimeout=10
CompleteWait=0
ReturnToService=2
CONF
		for i in $(seq 1 "$N"); do
			echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=1 RealMemory=2000 State=UNKNOWN"
		done
		echo "PartitionName=batch Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=60 PriorityTier=1 PreemptMode=REQUEUE State=UP"
		echo "PartitionName=high Nodes=ALL Default=NO MaxTime=INFINITE DefaultTime=60 PriorityTier=10 PreemptMode=OFF State=UP"
	} >"$D/slurm.conf"
fi
export SLURM_CONF=$D/slurm.conf
if ! alive "$D/run/munged.pid" munged; then
	rm -f "$D"/munge/socket*
	munged --force --key-file="$D/munge/key" --socket="$D/munge/socket" --pid-file="$D/run/munged.pid" \
		--log-file="$D/log/munged.log" --seed-file="$D/munge/seed"
fi
alive "$D/run/slurmctld.pid" slurmctld || slurmctld -f "$SLURM_CONF"
for i in $(seq 1 "$N"); do
	mkdir -p "$D/spool/n$i"
	alive "$D/run/n$i.pid" slurmd || slurmd -f "$SLURM_CONF" -N "n$i"
done
for _ in $(seq 1 150); do
	up=$(timeout 5 sinfo -h -N -p batch -t idle,alloc,mix -o %N 2>/dev/null | sort -u | wc -l || true)
	[ "$up" = "$N" ] && exit 0
	sleep 0.2
done
tail -n 20 "$D"/log/*.log >&2
echo "slurm-up: only $up of $N nodes came up" >&2
exit 1
