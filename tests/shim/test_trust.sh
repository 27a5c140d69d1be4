#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_trust.sh BUILD: whom the clients trust, whom the daemon trusts. As root, since it takes two users.
set -u
build=$(cd "$1" && pwd)
[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || { echo "1..0 # SKIP not root, or no setpriv"; exit 77; }
. "$(dirname "$0")/lib.sh"

chmod 755 "$scratch"
mkdir "$scratch/bin"
cp "$build/uxfrm" "$build/uxfrmd" "$build/libuxfrm-preload.so" "$scratch/bin" # where everybody may read
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
sa="src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x1000 aead rfc4106(gcm(aes)) 0x4142434445464748494a4b4c4d4e4f5051525354 128"

# another user's program got to the name first: it hears nothing, nobody starts a daemon beside it
cat >"$scratch/pretender.py" <<'END'
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("\0uxfrm")
s.listen(16)
print("listening", flush=True)
while True:
    c, _ = s.accept()
    while data := c.recv(65536):
        print("heard", data.hex(), flush=True)
    print("accepted", flush=True)
END
setpriv --reuid 65534 --regid 65534 --clear-groups python3 - <"$scratch/pretender.py" >"$scratch/heard" 2>&1 & pretender=$!
until_true grep -q listening "$scratch/heard"
check "the command refuses it" status 1 uxfrm state add $sa
check "and says why" prints "uxfrm: another user's program poses as uxfrmd here" uxfrm state list
check "stats refuses it" status 2 uxfrm stats
check "a program under the shim gets no socket" \
	prints "Cannot open netlink socket: Protocol not supported" uxfrm run -- ip xfrm state add $sa
check "it was connected to" grep -q accepted "$scratch/heard"
check "it was told nothing" [ "$(grep -c heard "$scratch/heard")" = 0 ]
check "its own user tells it something: nothing else held that back" \
	sh -c "timeout 1 setpriv --reuid 65534 --regid 65534 --clear-groups '$scratch/bin/uxfrm' state list; grep -q heard '$scratch/heard'"
kill $pretender; wait $pretender 2>/dev/null

# a client without the right
uxfrm state add $sa
check "root has a daemon" [ -n "$(daemon_pid)" ]
refused() { prints "RTNETLINK answers: Operation not permitted" nobody "$@"; }
for words in "state add $sa" "state delete ${sa%% aead*}" "state flush" "state list" "state count" "policy list" \
	"policy add dir in" "policy flush" "policy count" \
	"state allocspi src 192.0.2.1 dst 192.0.2.2 proto esp"; do
	check "refused under the shim: $(echo "$words" | cut -c1-40)" refused "$scratch/bin/uxfrm" run -- ip xfrm $words
	check "refused to the command: $(echo "$words" | cut -c1-40)" refused "$scratch/bin/uxfrm" $words
done
move="dst 192.0.2.2 proto esp spi 0x1000 new-dst 192.0.2.3 new-src 192.0.2.1 new-reqid 1"
check "refused: state migrate" refused "$scratch/bin/uxfrm" state migrate $move
check "its exit status" status 2 nobody "$scratch/bin/uxfrm" state flush
check "no events for it" status 1 nobody timeout 5 "$scratch/bin/uxfrm" monitor
check "a socket and its name for it, as from the kernel; no group" nobody "$scratch/bin/uxfrm" run -- python3 -c '
import errno, socket
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
s.bind((0, 0))
assert s.getsockname()[0] > 0
try: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6).bind((0, 4))
except PermissionError: pass
else: raise AssertionError("it got the group")'
check "nor the events of all namespaces, as from the kernel" nobody "$scratch/bin/uxfrm" run -- python3 -c '
import socket
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
for value in (1, 0):
    try: s.setsockopt(270, 8, value)
    except PermissionError: pass
    else: raise AssertionError("it was allowed")
assert s.getsockopt(270, 8) == 0'
check "the SA is still there" sh -c "'$build/uxfrm' state list | grep -q 0x00001000"
check "and only that" prints "	 SAD count 1" uxfrm state count
finish
