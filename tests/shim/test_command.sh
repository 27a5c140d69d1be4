#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_command.sh BUILD: what `uxfrm` does that ip does not: state migrate, run, -n, -j, exit status. Then see command_cases.py.
set -u
build=$(cd "$1" && pwd) here=$(realpath "$(dirname "$0")")
. "$here/lib.sh"

check "uname without a release set" [ "$(uxfrm run -- uname -r)" = "$(uname -r)" ]
check "uname with UXFRM_RELEASE" [ "$(UXFRM_RELEASE=7.2.0 "$build/uxfrm" run -- uname -r)" = 7.2.0 ]
check "nobody else is told that release" [ "$(UXFRM_RELEASE=7.2.0 uname -r)" = "$(uname -r)" ]
check "run: the program's exit status" status 42 uxfrm run -- sh -c 'exit 42'
check "run: no such program" status 127 uxfrm run -- /nonexistent
check "run: not a program" status 126 uxfrm run -- /etc/passwd
check "version" sh -c "'$build/uxfrm' --version | grep -Eq '^uxfrm [0-9.]+$'"
check "stats starts no daemon" prints "uxfrm: no uxfrmd runs here" uxfrm stats
check "stats without a daemon: status" status 2 uxfrm stats
check "no daemon to start: status" sh -c "UXFRM_DAEMON=/nonexistent '$build/uxfrm' state list; [ \$? = 1 ]"
example() { uxfrm state count >/dev/null; LD_LIBRARY_PATH="$build/src" "$build/examples/move"; }
check "the example of the client library" prints "SPI 0x00001000 moved from 192.0.2.2 to 198.51.100.7" example
check "  twice: refused, in words" sh -c "\"$build/uxfrm\" state migrate dst 198.51.100.7 proto esp spi 0x1000 new-dst 192.0.2.2 new-src 192.0.2.1 new-reqid 0 && \"$build/examples/move\" | grep -qx 'add: .*exists'"
uxfrm state flush
check "help of all sorts" sh -c "for w in state policy monitor migrate stats; do '$build/uxfrm' \$w help 2>&1 | grep -q '^Usage: uxfrm' || exit 1; done"
python3 "$here/command_cases.py" "$build/uxfrm" >"$scratch/cases" || failed=$((failed + 1))
sed "s/ok [0-9]* /ok /" "$scratch/cases" | while read -r line; do echo "$line"; done
tests=$((tests + $(grep -Ec '^(not )?ok' "$scratch/cases")))

# other namespaces: ip -n, ip netns exec, uxfrm -n; each has its own daemon and databases
other=shimtest$$
if mkdir -p /run/netns 2>/dev/null && ip netns add $other 2>/dev/null; then
	end_other() { kill -9 "$("$build/uxfrm" -n $other -j stats | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')"; ip netns del $other; clean_up; }
	trap end_other EXIT
	policy() { seq "$1" | sed 's/.*/xfrm policy add dst 192.0.2.& dir out/'; }
	uxfrm policy deleteall
	policy 1 | uxfrm run -- ip -batch -
	policy 2 | uxfrm run -- ip -n $other -batch -
	check "ip -n: its own database" prints "	 SPD IN  0 OUT 2 FWD 0" uxfrm run -- ip -n $other xfrm policy count
	check "ip netns exec" prints "	 SPD IN  0 OUT 2 FWD 0" uxfrm run -- ip netns exec $other ip xfrm policy count
	check "uxfrm -n" prints "	 SPD IN  0 OUT 2 FWD 0" uxfrm -n $other policy count
	check "here it is another" prints "	 SPD IN  0 OUT 1 FWD 0" uxfrm policy count
	check "two daemons" [ "$(daemon_pid)" != "$("$build/uxfrm" -n $other -j stats | sed -n 's/.*"pid": \([0-9]*\).*/\1/p')" ]
	check "uxfrm -n with a name that is none" status 255 uxfrm -n nonexistent state list
else
	skip "other namespaces" "no right to name one"
fi
finish
