#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_seccomp.sh BUILD CLIENT SUPERVISED: programs that no library is loaded into, supervised by seccomp.
set -u
build=$(cd "$1" && pwd) client=$(realpath "$2") supervised=$(realpath "$3")
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP not root"; exit 77; }

run() { "$build/uxfrm" run --seccomp -- "$@"; }
uxfrm state count >/dev/null
run sh -c 'exit 7'; said=$?
[ $said != 1 ] || [ -n "$(run true 2>&1)" ] && ! run true && { echo "1..0 # SKIP no seccomp notifications here"; exit 77; }
check "the program's exit status is the command's" [ $said = 7 ]
check "a program that is not there" status 127 run "$scratch/none"
check "one that cannot be executed" status 126 run "$scratch"
check "it is the process that was started" sh -c "'$build/uxfrm' run --seccomp -- sh -c 'echo \$\$' >'$scratch/pid' & wait; [ \$! = \$(cat '$scratch/pid') ]"
check "a signal ends it" sh -c "'$build/uxfrm' run --seccomp -- sleep 100 & sleep 0.2; kill \$!; wait \$!; [ \$? = 143 ]"

# tests of the programs: their lines, renumbered
adopt() { # NAME COMMAND...
	name=$1; shift
	"$@" >"$scratch/tap" 2>&1; code=$?
	while IFS= read -r line; do
		case $line in
		"ok "*) check "$name: ${line#ok * - }" true ;;
		"not ok "*) check "$name: ${line#not ok * - }" false ;;
		esac
	done <"$scratch/tap"
	check "$name ends well" [ $code = 0 ]
}
adopt "static client" run "$client" "$(daemon_pid)"
adopt "signals, threads, copies" env UXFRM_RELEASE=7.2.0-test "$build/uxfrm" run --seccomp -- "$supervised" 7.2.0-test

uxfrm state flush
awk 'BEGIN { for (i = 0; i < 1000; i++) printf "xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi %d mode tunnel aead rfc4106(gcm(aes)) 0x4142434445464748494a4b4c4d4e4f5051525354 128\n", 4096 + i }' >"$scratch/batch"
check "a batch of 1,000 SAs" run ip -batch "$scratch/batch"
check "all of them are there" prints "	 SAD count 1000" uxfrm state count
check "a list of them" [ "$(run ip xfrm state list | grep -c '^src')" = 1000 ]
check "uxfrm itself, supervised" prints "	 SAD count 1000" run "$build/uxfrm" state count
check "supervised once more inside" prints "	 SAD count 1000" run "$build/uxfrm" run --seccomp -- ip xfrm state count
check "under the shim inside" prints "	 SAD count 1000" run "$build/uxfrm" run -- ip xfrm state count
check "by a child of a child" prints "	 SAD count 1000" run sh -c 'sh -c "ip xfrm state count; true"; true'

# a daemon that dies: who waits is told, and hears from the next one
"$build/uxfrm" run --seccomp -- ip xfrm monitor >"$scratch/monitor" 2>&1 & monitor=$!
kill_later=$monitor
move() { uxfrm policy update dst 192.0.2.1 dir out priority "$1"; }
heard() { grep -q "priority $1 " "$scratch/monitor"; }
listens() { move 1; heard 1; }
check "the monitor hears" until_true listens
first=$(daemon_pid)
kill -9 "$first"
other() { second=$(daemon_pid); [ -n "$second" ] && [ "$second" != "$first" ]; }
check "there is another daemon" until_true other
again() { move 2; heard 2; }
check "the monitor hears from it, though it is blocked in recvmsg()" until_true again
kill "$monitor"

# supervisors end with their programs
living() { for p in $(pgrep -x uxfrm-supervise --ns $$ --nslist net); do grep -q '^State:.Z' "/proc/$p/status" || return 1; done; }
check "no supervisor is left" until_true living
finish
