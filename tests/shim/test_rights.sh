#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_rights.sh BUILD: who may use NETLINK_XFRM is decided by what the process is when it makes its socket, under the shim and supervised.
set -u
build=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || { echo "1..0 # SKIP not root, or no setpriv"; exit 77; }
. "$(dirname "$0")/lib.sh"

chmod 755 "$scratch"
mkdir "$scratch/bin"
cp "$build/uxfrm" "$build/uxfrmd" "$build/libuxfrm-preload.so" "$scratch/bin" # where everybody may read
cp "$(command -v ip)" "$scratch/bin/ip-setuid" && chmod u+s "$scratch/bin/ip-setuid"
nobody="setpriv --reuid 65534 --regid 65534 --clear-groups"
sa="src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 aead rfc4106(gcm(aes)) 0x4142434445464748494a4b4c4d4e4f5051525354 128"
refused() { prints "RTNETLINK answers: Operation not permitted" "$@"; }
remains() { prints "	 SAD count 1" "$scratch/bin/uxfrm" state count; }
uxfrm state add $sa

for how in "" --seccomp; do
	run="$scratch/bin/uxfrm run $how --"
	say=${how:-shim}
	check "$say: root may" prints "	 SAD count 1" $run ip xfrm state count
	check "$say: nobody may not" refused $nobody $run ip xfrm state flush
	check "$say: nor list" refused $nobody $run ip xfrm state list
	check "$say: nor may root's program that has become nobody" refused $run $nobody ip xfrm state flush
	check "$say: nor root without CAP_NET_ADMIN" refused $run setpriv --bounding-set -net_admin ip xfrm state flush
	row="$say: nor who has all rights in a user namespace of its own, and this network"
	if unshare -Ur true 2>/dev/null; then
		check "$row" refused $run unshare -Ur ip xfrm state flush
	else
		skip "$row" "no user namespaces here"
	fi
	# from in there root is nobody's number, and no daemon that can be trusted
	check "$say: nor nobody there" status 1 $nobody $run unshare -Ur ip xfrm state flush
	check "$say: nobody with CAP_NET_ADMIN may" prints "	 SAD count 1" \
		setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps +net_admin --ambient-caps +net_admin $run ip xfrm state count
	check "$say: no group of events for nobody" sh -c "! timeout 5 $nobody $run ip xfrm monitor >'$scratch/monitor' 2>&1 &&
		grep -q 'not permitted' '$scratch/monitor'"
	check "$say: no PF_KEY for nobody" $nobody $run python3 -c '
import socket
try: socket.socket(15, socket.SOCK_RAW, 2)
except PermissionError: pass
else: raise AssertionError("it got one")'
	check "$say: nothing has changed" remains
done

run="$scratch/bin/uxfrm run --seccomp --"
check "a set-user-ID program of nobody's, supervised for nobody, gains nothing (no_new_privs)" \
	refused $nobody $run "$scratch/bin/ip-setuid" xfrm state flush
check "supervised for root it does" prints "	 SAD count 1" $run $nobody "$scratch/bin/ip-setuid" xfrm state count
check "the same program without a supervisor reaches the kernel's own, whatever that has" \
	sh -c "! $nobody '$scratch/bin/uxfrm' run -- '$scratch/bin/ip-setuid' xfrm state count | grep -q 'count 1'"
check "nothing has changed" remains
finish
