#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_kernel.sh BUILD: `uxfrm --kernel` against the kernel of this machine, in a namespace of its own. See kernel_cases.py.
set -u
build=$(cd "$1" && pwd) here=$(realpath "$(dirname "$0")")
. "$here/lib.sh"
[ -e /proc/net/xfrm_stat ] || ip xfrm policy count >/dev/null 2>&1 || { echo "1..0 # SKIP this kernel has no XFRM"; exit 77; }
python3 "$here/kernel_cases.py" "$build/uxfrm"
