#!/usr/bin/env bash
# netns.sh PREFIX COMMAND - hosts PREFIX1, PREFIX2, .. in network namespaces of their own, at 10.78.0.1, 10.78.0.2, ..: joined by a
# bridge in a namespace PREFIXsw. The machine's own namespace gets no address and no route. Needs root.
#   up N        make N hosts; run a program in one with: ip netns exec PREFIX1 PROGRAM
#   cut A B     drop the frames from host A to host B, silently, as a broken network does
#   heal        let all through again
#   down        end what runs in the hosts, and remove them
set -euo pipefail
trap 'echo "netns.sh: failed at: $BASH_COMMAND
It takes root with CAP_NET_ADMIN and CAP_SYS_ADMIN (a container needs --privileged), and a kernel with network namespaces, veth, bridges and nf_tables for bridges." >&2' ERR
P=$1 sw=${1}sw
export PATH=$PATH:/usr/sbin:/sbin
case $2 in
up)
	ip netns add "$sw"
	ip -n "$sw" link add br0 type bridge forward_delay 0 mcast_snooping 0
	ip -n "$sw" link set br0 up
	for i in $(seq 1 "$3"); do
		ip netns add "$P$i"
		ip -n "$sw" link add "p$i" type veth peer name eth0 netns "$P$i"
		ip -n "$sw" link set "p$i" master br0 up
		ip -n "$P$i" addr add "10.78.0.$i/24" dev eth0
		ip -n "$P$i" link set eth0 up
		ip -n "$P$i" link set lo up
	done
	ip netns exec "$sw" nft -f - <<'NFT'
table bridge faults {
  set pairs { type ifname . ifname; }
  chain forward { type filter hook forward priority 0; policy accept; iifname . oifname @pairs drop; }
}
NFT
	;;
cut) ip netns exec "$sw" nft add element bridge faults pairs "{ p$3 . p$4 }" ;;
heal) ip netns exec "$sw" nft flush set bridge faults pairs ;;
down)
	for f in /run/netns/"$P"[0-9]* "/run/netns/$sw"; do
		[ -e "$f" ] || continue
		ip netns pids "${f##*/}" | xargs -r kill -KILL 2>/dev/null || true
		ip netns del "${f##*/}"
	done
	;;
*) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac
