#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# with-packages.sh ROOT COMMAND... - run COMMAND where the packages unpacked into ROOT are installed, and /run is its own.
set -eu
if [ "${UXFRM_INSIDE:-}" != yes ]; then
	export UXFRM_INSIDE=yes
	exec unshare -m --propagation private "$0" "$@"
fi
root=$1
shift
unset UXFRM_INSIDE
mount -t overlay none /usr -o "ro,lowerdir=$root/usr:/usr"
mount -t tmpfs none /run
exec "$@"
