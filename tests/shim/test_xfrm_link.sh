#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_xfrm_link.sh BUILD: interfaces of type xfrm, made by programs over rtnetlink.
set -u
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
export UXFRM_DAEMON_ARGS= # a daemon with devices

run() { "$build/uxfrm" run -- "$@"; }
listed() { uxfrm link list | grep -qxF -- "$1"; }
refused() { # WHY COMMAND...
	why=$1; shift
	"$@" >"$scratch/refused" 2>&1 && return 1
	grep -q "$why" "$scratch/refused" || { cat "$scratch/refused"; return 1; }
}
ip link add w0 type veth peer name w1 && ip link set w0 up || exit 1

check "by the command" run ip link add ipsec0 type xfrm dev w0 if_id 42
check "it is a link of uxfrmd's" listed "ipsec0 if_id 0x2a dev w0"
check "that the kernel has, too" ip link show ipsec0
check "what else is asked for is set" run ip link add ipsec1 mtu 1321 up type xfrm if_id 0x50
check "without a device below" listed "ipsec1 if_id 0x50"
check "its MTU" sh -c "ip link show ipsec1 | grep -q 'mtu 1321'"
shown() { run ip -d link show "$1" | tee "$scratch/shown" | grep -qE "$2" || { cat "$scratch/shown"; return 1; }; }
check "shown as what it stands for" shown ipsec0 "xfrm dev w0 if_id 0x2a|xfrm parent w0 if_id 0x2a|xfrm if_id 0x2a"
check "also without a device below" shown ipsec1 "xfrm.* if_id 0x50"
check "found by its type" sh -c "'$build/uxfrm' run -- ip -br link show type xfrm | grep -c ipsec | grep -qx 2"
check "other devices are shown as they are" [ "$(run ip -d link show w0)" = "$(ip -d link show w0)" ]
check "all of them by a JSON that can be read" sh -c "'$build/uxfrm' run -- ip -d -j link show | python3 -c 'import json, sys; print(len([d for d in json.load(sys.stdin) if d.get(\"linkinfo\", {}).get(\"info_kind\") == \"xfrm\"]))' | grep -qx 2"
check "addresses as on any other" ip address add 10.9.9.1/24 dev ipsec1
check "a name that is there" refused "File exists" run ip link add ipsec0 type xfrm if_id 43
check "an if_id that is there" refused "File exists" run ip link add ipsec2 type xfrm if_id 42
check "none was made" refused "does not exist" ip link show ipsec2
check "external mode is not done" refused "Unknown device type\|Operation not supported" run ip link add ipsec2 type xfrm external
check "the kernel's own types are made by it" run ip link add br0 type bridge
check "and listed by it" sh -c "ip -d link show br0 | grep -q bridge"
check "without uxfrm run there is no such type" refused "Unknown device type\|Operation not supported" ip link add ipsec2 type xfrm if_id 44
check "deleted by the command" run ip link delete ipsec0
gone() { ! listed "ipsec0 if_id 0x2a dev w0"; }
check "it is no link any more" until_true gone
check "its if_id is free again" run ip link add ipsec2 type xfrm dev w0 if_id 42

# requests the command does not make
netlink() { run python3 -c "
import socket, struct
def attr(kind, value):
    return struct.pack('=HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)
def link(name, if_id, seq, flags=0x605):
    data = attr(2, attr(2, struct.pack('=I', if_id)))
    body = struct.pack('=BxHiII', 0, 0, 0, 0, 0) + (attr(3, name) if name else b'') + attr(18, attr(1, b'xfrm') + data)
    return struct.pack('=IHHII', 16 + len(body), 16, flags, seq, 0) + body
def getlink(seq):
    body = struct.pack('=BxHiII', 0, 0, 1, 0, 0)
    return struct.pack('=IHHII', 16 + len(body), 18, 5, seq, 0) + body
def answers(s):
    while True:
        try: datagram = s.recv(65536, socket.MSG_DONTWAIT)
        except BlockingIOError: return
        while len(datagram) >= 16:
            n, kind, flags, seq, pid = struct.unpack_from('=IHHII', datagram)
            yield seq, kind, struct.unpack_from('=i', datagram, 16)[0] if kind == 2 else None
            datagram = datagram[(n + 3) & ~3:]
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
$1
"; }
check "several requests in one datagram, each with its answer" netlink "
both = link(b'many0', 60, 11) + getlink(12) + link(b'many1', 61, 13) + link(b'many2', 61, 14)
assert s.send(both) == len(both)
got = list(answers(s))
assert (11, 2, 0) in got and (13, 2, 0) in got and (14, 2, -17) in got, got
assert any(seq == 12 and kind == 16 for seq, kind, _ in got), got"
check "both are there" sh -c "'$build/uxfrm' link list | grep -c many | grep -qx 2"
check "an if_id of 0" netlink "
s.send(link(b'zero0', 0, 5))
assert list(answers(s)) == [(5, 2, -22)]"
check "a request for another kind is the kernel's" netlink "
other = link(b'dummy9', 1, 6).replace(b'xfrm', b'nope')
s.send(other)
assert list(answers(s)) == [(6, 2, -95)]"
check "without a name the kernel's is chosen" netlink "
s.sendmsg([link(None, 70, 1)[:20], link(None, 70, 1)[20:]])
assert list(answers(s)) == [(1, 2, 0)]"
check "xfrm0" listed "xfrm0 if_id 0x46"
check "no answer where none is asked for" netlink "
s.sendto(link(b'quiet0', 71, 1, 0x601), (0, 0))
assert list(answers(s)) == []"
check "made all the same" listed "quiet0 if_id 0x47"
check "cut off at any byte: never made, never stuck" netlink "
whole = link(b'cut0', 80, 1)
for n in range(len(whole)):
    try: s.send(whole[:n])
    except OSError: pass
    short = struct.pack('=I', n) + whole[4:n]
    try: s.send(short)
    except OSError: pass
list(answers(s))"
check "none of them" sh -c "! '$build/uxfrm' link list | grep cut0"
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$scratch"
	check "not without CAP_NET_ADMIN" refused "Operation not permitted" run setpriv --bounding-set -net_admin --inh-caps -net_admin ip link add no0 type xfrm if_id 90
fi
finish
