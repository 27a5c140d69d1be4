# SPDX-License-Identifier: BSD-2-Clause
# Sourced by the tests here: a fresh network namespace, daemons that write no packets, TAP. Wants $build; uses "$@" of the script.
if [ -z "${UXFRM_TEST_INNER:-}" ]; then
	# as root without a user namespace, so that tests can become another user
	if [ "$(id -u)" = 0 ]; then enter="unshare -n"; else enter="unshare -rn"; fi
	$enter true 2>/dev/null || { echo "1..0 # SKIP no namespaces here"; exit 77; }
	UXFRM_TEST_INNER=1 exec $enter -- sh "$0" "$@"
fi
ip link set lo up
# the system's python3, which every user may run; another one may stand in front of it
[ ! -x /usr/bin/python3 ] || PATH=/usr/bin:$PATH
scratch=$(mktemp -d) tests=0 failed=0 kill_later=
export UXFRM_DAEMON_ARGS=--no-ports
uxfrm() { "$build/uxfrm" "$@"; }
daemon_pid() { uxfrm -j stats 2>/dev/null | sed -n 's/.*"pid": \([0-9]*\).*/\1/p'; }
clean_up() {
	for p in $kill_later $(daemon_pid); do kill -9 "$p" 2>/dev/null; done
	rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
# check WHAT COMMAND...: one test, passed when the command succeeds
check() {
	tests=$((tests + 1)) what=$1; shift
	if "$@" >"$scratch/check" 2>&1; then echo "ok $tests - $what"
	else failed=$((failed + 1)); echo "not ok $tests - $what"; sed 's/^/# /' "$scratch/check"; fi
}
skip() { tests=$((tests + 1)); echo "ok $tests - $1 # SKIP $2"; }
# status N COMMAND...: ends with N
status() { want=$1; shift; "$@"; got=$?; [ $got = "$want" ] || { echo "status $got, not $want"; return 1; }; }
# prints TEXT COMMAND...: its output and complaints contain the line
prints() { text=$1; shift; "$@" >"$scratch/prints" 2>&1; grep -qxF -- "$text" "$scratch/prints" || { cat "$scratch/prints"; return 1; }; }
# until_true COMMAND...: within 5 seconds
until_true() { for _ in $(seq 100); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done; return 1; }
finish() { echo "1..$tests"; [ $failed = 0 ]; exit; }
