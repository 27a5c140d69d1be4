#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs each line of a file of `ip xfrm` commands and writes what is said and the exit status, then what
# `ip xfrm monitor` saw meanwhile. The same script runs on a real kernel (the recorded answers) and under
# `uxfrm run` (the test).
# usage: ip_xfrm.sh COMMANDS SCRATCH-FILE
commands=$1 seen=$2
: >"$seen"
ip xfrm monitor >"$seen" 2>&1 &
monitor=$!
# The monitor is ready when it shows an event.
until [ -s "$seen" ]; do
	ip xfrm policy add src 192.0.2.99 dst 192.0.2.98 dir out action block 2>/dev/null
	ip xfrm policy delete src 192.0.2.99 dst 192.0.2.98 dir out 2>/dev/null
done
sleep 0.3
mark=$(wc -c <"$seen")
grep -v '^#' "$commands" | while IFS= read -r line; do
	[ -n "$line" ] || continue
	printf '$ %s\n' "$line"
	sh -c "$line" 2>&1
	printf '= %s\n' "$?"
done
sleep 0.3
kill "$monitor"
wait "$monitor" 2>/dev/null
echo "monitor:"
tail -c "+$((mark + 1))" "$seen"
