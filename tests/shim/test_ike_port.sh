#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_ike_port.sh BUILD [--seccomp]: an IKE daemon under the shim and uxfrmd on one UDP port.
set -u
how=${2:-}
build=$(cd "$1" && pwd) here=$(realpath "$(dirname "$0")")
. "$here/lib.sh"
export UXFRM_DAEMON_ARGS=
uxfrm state count >/dev/null 2>&1
uxfrm -j stats | grep -q '"ports": true' || { echo "1..0 # SKIP no TUN device here"; exit 77; }
timeout 60 "$build/uxfrm" run $how -- python3 "$here/ike_port.py" "$build/uxfrm"
