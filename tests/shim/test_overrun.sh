#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_overrun.sh BUILD CLIENT: who does not read in time loses events, and is told of it.
set -u
build=$(cd "$1" && pwd) client=$(realpath "$2")
. "$(dirname "$0")/lib.sh"

printf '[control]\nqueue_bytes = 65536\n' >"$scratch/conf"
export UXFRM_DAEMON_ARGS="--no-ports --config $scratch/conf"
check "a socket under the shim" uxfrm run -- "$client"
[ "$(id -u)" != 0 ] || check "a supervised socket" uxfrm run --seccomp -- "$client"

# monitors: stopped while events pile up, they say so in ip's words and go on
updates() { seq "$1" "$2" | sed 's/.*/xfrm policy update dst 192.0.2.1 dir out priority &/' | uxfrm run -- ip -batch -; }
heard() { grep -c "^Updated" "$scratch/$1"; }
has_last() { grep -q "priority 77777" "$scratch/$1" || grep -q '"priority": *77777' "$scratch/$1"; }
"$build/uxfrm" monitor >"$scratch/text" 2>"$scratch/text.err" & text=$!
"$build/uxfrm" -j monitor >"$scratch/json" 2>"$scratch/json.err" & json=$!
"$build/uxfrm" run -- ip xfrm monitor >"$scratch/ip" 2>"$scratch/ip.err" & ip=$!
kill_later="$text $json $ip"
sleep 0.5
kill -STOP $text $json $ip
updates 1 8000
kill -CONT $text $json $ip
sleep 0.5
updates 77777 77777
for name in text json ip; do
	check "monitor ($name) hears what comes after a loss" until_true has_last $name
	check "monitor ($name) says once that something was lost" \
		prints "netlink receive error No buffer space available (105)" cat "$scratch/$name.err"
	check "monitor ($name) says nothing else" [ "$(wc -l <"$scratch/$name.err")" = 1 ]
done
check "something was heard, something lost" [ "$(heard text)" -gt 100 -a "$(heard text)" -lt 8000 ]
finish
