#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# openiked.sh BUILD IKED: two unmodified OpenIKED daemons (PF_KEY), each under uxfrm run in a network namespace of its own,
# make an SA, and packets pass. As root. Prints TAP. The package need not be installed: dpkg -x is enough.
set -u
build=$(cd "$1" && pwd) iked=$(realpath "$2")
work=$(mktemp -d) tests=0 failed=0
spaces="uxfrm-iked-1 uxfrm-iked-2"

clean_up() {
	for n in $spaces; do
		for p in $(ip netns pids "$n" 2>/dev/null); do kill "$p" 2>/dev/null; done
		ip netns del "$n" 2>/dev/null
	done
	rm -rf "$work"
}
trap clean_up EXIT
check() {
	tests=$((tests + 1)) what=$1; shift
	if "$@" >"$work/check" 2>&1; then echo "ok $tests - $what"
	else failed=$((failed + 1)); echo "not ok $tests - $what"; sed 's/^/# /' "$work/check"; fi
}
until_true() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.1; done; "$@"; }
inside() { ip netns exec "uxfrm-iked-$1" "${@:2}"; }

# What iked wants of /etc and /run, seen by it alone: $1 is 1 or 2.
start() {
	mkdir "$work/$1"
	inside "$1" unshare -m bash -c '
		mount --make-rprivate /
		mount -t tmpfs none "$1" -o mode=755 && mkdir "$1/up" "$1/work" || exit
		mount -t overlay none /etc -o lowerdir=/etc,upperdir="$1/up",workdir="$1/work" || exit
		echo "_iked:x:9999:9999::/run/iked:/usr/sbin/nologin" >>/etc/passwd
		echo "_iked:x:9999:" >>/etc/group
		mkdir -p /etc/iked/{ca,certs,crls,private} /etc/iked/pubkeys/{fqdn,ipv4,ipv6,ufqdn}
		openssl ecparam -genkey -name prime256v1 -noout -out /etc/iked/private/local.key
		openssl ec -in /etc/iked/private/local.key -pubout -out /etc/iked/local.pub 2>/dev/null
		chmod 600 /etc/iked/private/local.key
		mount -t tmpfs none /run && mkdir /run/iked || exit
		umask 077; echo "$2" >/etc/iked.conf
		exec "$3/uxfrm" run -- "$4" -d -v' bash "$work/$1" "$2" "$build" "$iked" >"$work/log$1" 2>&1 &
}

for n in $spaces; do ip netns add "$n"; ip -n "$n" link set lo up; done
ip link add left netns uxfrm-iked-1 type veth peer name right netns uxfrm-iked-2
for i in 1 2; do
	side=$([ $i = 1 ] && echo left || echo right)
	ip -n uxfrm-iked-$i addr add 192.0.2.$i/24 dev $side
	ip -n uxfrm-iked-$i link set $side up
	ip -n uxfrm-iked-$i addr add 10.$i.0.1/24 dev lo
done
proposal='childsa enc aes-256 auth hmac-sha1'
start 2 "ikev2 passive esp from 10.2.0.0/24 to 10.1.0.0/24 local 192.0.2.2 peer 192.0.2.1 $proposal srcid b dstid a psk secret"
sleep 2
start 1 "ikev2 active esp from 10.1.0.0/24 to 10.2.0.0/24 local 192.0.2.1 peer 192.0.2.2 $proposal srcid a dstid b psk secret"
for i in 1 2; do
	check "daemon $i has two SAs" until_true sh -c "[ \$(ip netns exec uxfrm-iked-$i '$build/uxfrm' state | grep -c 'mode tunnel') = 2 ]"
	check "daemon $i has three policies" sh -c "[ \$(ip netns exec uxfrm-iked-$i '$build/uxfrm' policy | grep -c tmpl) = 3 ]"
done
check "packets pass" inside 1 ping -c 3 -i 0.2 -W 2 -I 10.1.0.1 10.2.0.1
check "by the SAs" sh -c "ip netns exec uxfrm-iked-1 '$build/uxfrm' -s state | grep -q '252(bytes), 3(packets)'"
[ $failed = 0 ] || sed 's/^/# 1: /' "$work/log1"
echo "1..$tests"
[ $failed = 0 ]
