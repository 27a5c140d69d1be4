#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The first process of the guest: twice a side and its peer with a wire between them; uxfrmd serves one of the sides, the
# kernel all else. The kernel's command line gives EVENTS_BUILD and ORACLE_WORK, directories of the host.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin

mount -t proc proc /proc && mount -t sysfs sysfs /sys && mount -t devtmpfs dev /dev &&
	mount -t tmpfs run /run && mkdir /run/work && mount -t hostfs none /run/work -o "$ORACLE_WORK" &&
	cd /run/work || exit 2
exec >console 2>&1
ln -s /proc/self/fd /dev/fd

# end NAMESPACE OWN OTHER - where OWN and OTHER are 1 and 2. Programs use addresses on lo.
end()
{
	local own=$2 other=$3
	{
		echo "link set lo up"
		echo "link set w0 up"
		echo "address add 192.0.2.$own/24 dev w0"
		echo "address add 192.0.2.1$own/24 dev w0"
		echo "address add 10.$own.0.1/32 dev lo"
		for n in $other 1$other; do
			echo "neigh add 192.0.2.$n lladdr 02:00:00:00:00:0$other nud permanent dev w0"
		done
		echo "route add 10.$other.0.0/16 via 192.0.2.$other src 10.$own.0.1"
	} | ip -n "$1" -batch -
}
for side in ours theirs; do
	ip netns add $side
	ip netns add $side-peer
	ip link add w0 netns $side address 02:00:00:00:00:01 type veth \
		peer name w0 netns $side-peer address 02:00:00:00:00:02
	end $side 1 2
	end $side-peer 2 1
done
exec 3< <(exec ip netns exec ours "$EVENTS_BUILD/uxfrmd" -f -c /dev/null --ready-fd 1 2>uxfrmd.log)
read -r -u 3 _ || true
/usr/bin/python3 "$(dirname "$0")/driver.py" "$EVENTS_BUILD" /run/work
echo 1 >/proc/sys/kernel/sysrq
echo o >/proc/sysrq-trigger
sleep 10
