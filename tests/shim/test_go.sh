#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_go.sh BUILD: the tests that Debian's golang-github-vishvananda-netlink-dev has for XFRM, as one static program, supervised.
# Each makes a network namespace of its own in its own thread.
set -u
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"
library=github.com/vishvananda/netlink
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP not root"; exit 0; }
command -v go >/dev/null && [ -d "/usr/share/gocode/src/$library" ] || { echo "1..0 # SKIP no Go, or not that library"; exit 0; }

export GO111MODULE=off GOPATH=/usr/share/gocode CGO_ENABLED=0 GOCACHE="$build/go" HOME="$scratch"
mkdir -p "$build/go"
[ -x "$build/go/netlink.test" ] || go test -c -o "$build/go/netlink.test" "$library" || { echo "1..0 # SKIP it does not build"; exit 0; }
check "it is linked statically" sh -c "! ldd '$build/go/netlink.test'"

# Not those of links that the kernel makes, nor the one with an optional template outbound, which kernels refuse since 6.2.
names='^TestXfrm(MonitorExpire|PolicyAddUpdateDel|PolicyFlush|PolicyBlockWithIfindex|PolicyWithIfid|State.*)$'
cd "/usr/share/gocode/src/$library" || exit 1
# one of them leaves itself out where CI is set
timeout 200 env -u CI "$build/uxfrm" run --seccomp -- "$build/go/netlink.test" -test.run "$names" -test.v >"$scratch/go" 2>&1
code=$?
for name in $(sed -n 's/^=== RUN *//p' "$scratch/go"); do
	check "$name" grep -q -- "^--- PASS: $name " "$scratch/go"
done
check "there were as many as there are" [ "$(grep -c '^--- PASS' "$scratch/go")" -ge 13 ]
check "the program ends well" [ $code = 0 ]
[ $code = 0 ] || sed 's/^/# /' "$scratch/go"
finish
