#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The first process of the guest: two namespaces with a wire between them, uxfrmd in one. Then interop-guest
# takes its place. The kernel's command line gives INTEROP_BUILD and INTEROP_WORK, directories of the host.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs dev /dev &&
	mount -t tmpfs run /run && mkdir /run/work && mount -t hostfs none /run/work -o "$INTEROP_WORK" &&
	cd /run/work || exit 2
exec >console 2>&1
set -e
ln -s /proc/self/fd /dev/fd
echo 0 >/proc/sys/net/core/fb_tunnels_only_for_init_net
echo 2 >/proc/sys/net/core/fb_tunnels_only_for_init_net
ip netns add ours
ip netns add theirs
ip link add w0 netns ours address 02:00:00:00:00:01 type veth peer name w0 netns theirs address 02:00:00:00:00:02

# side NAME OWN OTHER - where OWN and OTHER are 1 and 2. Programs use addresses on lo, and neighbours are known, so
# that nothing but what is protected needs the wire.
side()
{
	local name=$1 own=$2 other=$3 n
	{
		echo "link set lo up"
		# what a program sends as one is cut before the device, so that a capture sees each packet
		echo "link set w0 gso_max_segs 1 up"
		for n in "$own" "1$own"; do
			echo "address add 192.0.2.$n/24 dev w0"
			echo "address add 2001:db8::$n/64 dev w0 nodad"
		done
		echo "address add 10.$own.0.1/32 dev lo"
		echo "address add fd0$own::1/128 dev lo nodad"
		for n in "$other" "1$other"; do
			echo "neigh add 192.0.2.$n lladdr 02:00:00:00:00:0$other nud permanent dev w0"
			echo "neigh add 2001:db8::$n lladdr 02:00:00:00:00:0$other nud permanent dev w0"
		done
		echo "route add 10.$other.0.0/16 via 192.0.2.$other src 10.$own.0.1"
		echo "route add fd0$other::/64 via 2001:db8::$other src fd0$own::1"
	} | ip -n "$name" -batch -
	# errors as often as there is a reason: time stands still here
	ip netns exec "$name" sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit; echo 0 >/proc/sys/net/ipv6/icmp/ratelimit'
}
side ours 1 2
side theirs 2 1

exec 3< <(exec ip netns exec ours "$INTEROP_BUILD/uxfrmd" -f -c /dev/null --ready-fd 1 ${INTEROP_STRICT:+--strict} 2>uxfrmd.log)
read -r -u 3 _ || true
exec "$INTEROP_BUILD/tests/interop/interop-guest" >>console 2>&1
