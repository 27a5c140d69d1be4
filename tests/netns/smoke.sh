#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Two namespaces, one uxfrmd each, SAs and policies by the system's own ip(8) through the shim: does a
# ping pass, protected and in both families, and is all taken down at the end?
# Usage: smoke.sh BUILD_DIRECTORY. Exit status 77: cannot run here. KEEP=1 leaves it running.
set -eu

build=$(cd "$1" && pwd)
a=uxfrm-smoke-a-$$
b=uxfrm-smoke-b-$$
key=0x000102030405060708090a0b0c0d0e0f10111213

skip() {
	echo "1..0 # SKIP $1"
	exit 77
}

[ "$(id -u)" = 0 ] || skip "needs root"
[ -c /dev/net/tun ] || skip "needs /dev/net/tun"
ip netns add "$a" 2>/dev/null || skip "cannot make network namespaces"
pids=
cleanup() {
	[ -z "${KEEP:-}" ] || return 0
	for pid in $pids; do
		kill "$pid" 2>/dev/null || true
	done
	wait
	ip netns del "$a" || true
	ip netns del "$b" 2>/dev/null || true
}
trap cleanup EXIT
ip netns add "$b"

count=0
failed=0
check() {
	count=$((count + 1))
	title=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "ok $count - $title"
	else
		echo "not ok $count - $title"
		failed=1
	fi
}

# ip(8) in namespace $1 as a client of its daemon
xfrm() {
	ns=$1
	shift
	ip netns exec "$ns" env UXFRM_SHIM=1 LD_PRELOAD="$build/libuxfrm-preload.so" ip xfrm "$@"
}

start_daemon() {
	ready=$(mktemp -u)
	mkfifo "$ready"
	ip netns exec "$1" sh -c "exec '$build/uxfrmd' -f --ready-fd 3 3>'$ready'" &
	pids="$pids $!"
	timeout 10 head -n 1 "$ready" >/dev/null
	rm -f "$ready"
}

ip link add "sm-a$$" netns "$a" type veth peer name "sm-b$$" netns "$b"
for side in a:1 b:2; do
	eval "ns=\$${side%:*}"
	n=${side#*:}
	dev=sm-${side%:*}$$
	ip -n "$ns" link set lo up
	ip -n "$ns" addr add "192.0.2.$n/24" dev "$dev"
	ip -n "$ns" addr add "2001:db8::$n/64" dev "$dev" nodad
	ip -n "$ns" link set "$dev" up
	ip -n "$ns" addr add "10.$n.0.1/32" dev lo
	ip -n "$ns" addr add "fd0$n::1/128" dev lo nodad
done
start_daemon "$a"
start_daemon "$b"

# tunnel NS LOCAL REMOTE SPI_OUT SPI_IN OWN PEER
tunnel() {
	xfrm "$1" state add src "$2" dst "$3" proto esp spi "$4" reqid 1 mode tunnel \
		flag af-unspec aead 'rfc4106(gcm(aes))' "$key" 128
	xfrm "$1" state add src "$3" dst "$2" proto esp spi "$5" reqid 1 mode tunnel \
		replay-window 64 flag af-unspec aead 'rfc4106(gcm(aes))' "$key" 128
	for family in "10.$6.0.0/24 10.$7.0.0/24" "fd0$6::/64 fd0$7::/64"; do
		own=${family% *}
		peer=${family#* }
		xfrm "$1" policy add src "$own" dst "$peer" dir out \
			tmpl src "$2" dst "$3" proto esp reqid 1 mode tunnel
		xfrm "$1" policy add src "$peer" dst "$own" dir in \
			tmpl src "$3" dst "$2" proto esp reqid 1 mode tunnel
	done
}
tunnel "$a" 192.0.2.1 192.0.2.2 0x1001 0x1002 1 2
tunnel "$b" 192.0.2.2 192.0.2.1 0x1002 0x1001 2 1

check "a second daemon is refused" sh -c "! ip netns exec $a $build/uxfrmd -f"
check "the route goes by the device, source inside the policy" \
	sh -c "ip -n $a route get 10.2.0.1 | grep 'dev uxfrm0.*src 10.1.0.1'"
check "IPv4 ping through the tunnel" ip netns exec "$a" ping -c 3 -i 0.05 -W 2 10.2.0.1
check "IPv6 ping through the tunnel" ip netns exec "$a" ping -c 3 -i 0.05 -W 2 fd02::1
check "large packets, fragmented inside" ip netns exec "$b" ping -c 3 -i 0.05 -W 2 -s 4000 10.1.0.1
check "1000 packets, none lost" \
	sh -c "ip netns exec $a ping -q -f -c 1000 10.2.0.1 | grep ' 0% packet loss'"
check "the outbound SA counted them" sh -c "ip netns exec $a env UXFRM_SHIM=1 \
	LD_PRELOAD=$build/libuxfrm-preload.so ip -s xfrm state get src 192.0.2.1 dst 192.0.2.2 \
	proto esp spi 0x1001 | grep -E '[0-9]{5,}\(bytes\)'"
check "what has no policy goes in clear" ip netns exec "$a" ping -c 1 -W 2 192.0.2.2
xfrm "$a" policy setdefault out block
check "unless the default is to block" sh -c "! ip netns exec $a ping -c 1 -W 1 192.0.2.2"
check "where what has a policy goes on" ip netns exec "$a" ping -c 3 -i 0.05 -W 2 10.2.0.1
check "blocked packets are counted" sh -c "ip netns exec $a $build/uxfrm stats | grep -E 'out_default[^1-9]*[1-9]'"
xfrm "$a" policy setdefault out accept
check "until it is to accept" ip netns exec "$a" ping -c 1 -W 2 192.0.2.2
# An underlay that takes less than the device promises: outer fragments, which the other end puts together.
ip -n "$a" link set "sm-a$$" mtu 1300
ip -n "$b" link set "sm-b$$" mtu 1300
check "outer fragments" ip netns exec "$a" ping -c 3 -i 0.05 -W 2 -M dont -s 1340 10.2.0.1
check "no outer fragments of what must not be cut" \
	sh -c "! ip netns exec $a ping -c 1 -W 1 -M do -s 1340 10.2.0.1"

# transport NS LOCAL REMOTE SPI_OUT SPI_IN
transport() {
	xfrm "$1" state add src "$2" dst "$3" proto esp spi "$4" reqid 2 mode transport \
		aead 'rfc4106(gcm(aes))' "$key" 128
	xfrm "$1" state add src "$3" dst "$2" proto esp spi "$5" reqid 2 mode transport \
		replay-window 64 aead 'rfc4106(gcm(aes))' "$key" 128
	xfrm "$1" policy add src "$2" dst "$3" proto icmp dir out \
		tmpl src "$2" dst "$3" proto esp reqid 2 mode transport
	xfrm "$1" policy add src "$3" dst "$2" proto icmp dir in \
		tmpl src "$3" dst "$2" proto esp reqid 2 mode transport
}
transport "$a" 192.0.2.1 192.0.2.2 0x2001 0x2002
transport "$b" 192.0.2.2 192.0.2.1 0x2002 0x2001
check "transport mode" ip netns exec "$a" ping -c 3 -i 0.05 -W 2 192.0.2.2
check "transport mode, fragments made whole first" \
	ip netns exec "$a" ping -c 3 -i 0.05 -W 2 -M dont -s 4000 192.0.2.2
if [ -n "${KEEP:-}" ]; then
	echo "# left running: $a $b"
	exit $failed
fi
# with policies, what they cover would stay shut off
xfrm "$a" policy flush
xfrm "$b" policy flush
for pid in $pids; do
	kill "$pid"
done
wait
pids=
check "rules are taken down" sh -c "! ip -n $a rule | grep 5210 && ! ip -n $a -6 rule | grep 5210"
check "routes are taken down" sh -c "! ip -n $a route show table 5210 | grep ."
echo "1..$count"
exit $failed
