#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_pfkey.sh BUILD: PF_KEY sockets under the shim.
set -u
build=$(cd "$1" && pwd)
here=$(dirname "$(realpath "$0")")
. "$here/lib.sh"
client=$here/pfkey_client.py

check "sockets, messages, dumps" uxfrm run -- python3 "$client"
if [ "$(id -u)" = 0 ]; then
	check "no privilege, no socket" uxfrm run -- setpriv --reuid 65534 --clear-groups -- python3 -c '
import errno, socket
try:
	socket.socket(15, socket.SOCK_RAW, 2)
except OSError as e:
	raise SystemExit(e.errno != errno.EPERM)
raise SystemExit("it was given one")'
else
	skip "no privilege, no socket" "not root"
fi
finish
