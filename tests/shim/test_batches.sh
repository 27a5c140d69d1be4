#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_batches.sh BUILD CLIENT: many requests in a datagram, under the shim and, as the judge, on the kernel's own netlink.
set -u
build=$(cd "$1" && pwd) client=$(realpath "$2")
. "$(dirname "$0")/lib.sh"

check "under the shim" uxfrm run -- "$client"
[ "$(id -u)" != 0 ] || check "supervised" uxfrm run --seccomp -- "$client"
if uxfrm run -- true && python3 -c 'import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)' 2>/dev/null; then
	check "the kernel agrees" "$client"
else
	skip "the kernel agrees" "it has no NETLINK_XFRM"
fi
finish
