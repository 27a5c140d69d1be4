#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_socket_policy.sh BUILD [--seccomp]: the policies an IKE daemon gives its sockets take their packets past those of uxfrmd.
set -u
how=${2:-}
build=$(cd "$1" && pwd) here=$(realpath "$(dirname "$0")")
. "$here/lib.sh"
export UXFRM_DAEMON_ARGS=
uxfrm state count >/dev/null 2>&1
uxfrm -j stats | grep -q '"ports": true' || { echo "1..0 # SKIP no TUN device here"; exit 77; }
timeout 60 "$build/uxfrm" run $how -- python3 "$here/socket_policy.py" "$build/uxfrm" $how
