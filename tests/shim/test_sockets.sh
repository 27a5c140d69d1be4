#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_sockets.sh BUILD CLIENT: the habits of real clients on their sockets, under the shim, in a fresh network namespace.
set -eu
build=$(cd "$1" && pwd) client=$(realpath "$2")
if [ -z "${UXFRM_TEST_INNER:-}" ]; then
	unshare -n true 2>/dev/null || { echo "no namespaces here"; exit 77; }
	UXFRM_TEST_INNER=1 exec unshare -n -- sh "$0" "$build" "$client"
fi
ip link set lo up
export UXFRM_DAEMON_ARGS=--no-ports
daemon() { "$build/uxfrm" -j stats | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }
"$build/uxfrm" run -- ip xfrm state count
first=$(daemon)
result=0
"$build/uxfrm" run -- "$client" "$first" || result=1
second=$(daemon)
[ -n "$second" ] && [ "$second" != "$first" ] || { echo "no second daemon"; result=1; }
[ -z "$second" ] || kill "$second"
exit $result
