#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_daemon_death.sh BUILD: programs that listen or wait when the daemon is killed neither spin nor stay deaf.
set -u
build=$(cd "$1" && pwd)
. "$(dirname "$0")/lib.sh"

# ticks PID: processor time used, in clock ticks
ticks() { sed 's/.*) //' "/proc/$1/stat" | awk '{print $12 + $13}'; }
idle() { # PID: uses next to nothing for a second
	before=$(ticks "$1") && sleep 1 && after=$(ticks "$1") && echo "$before to $after ticks" && [ $((after - before)) -le 5 ]
}
move() { uxfrm run -- ip xfrm policy update dst 192.0.2.1 dir out priority "$1"; }
heard() { grep -q "priority $1 " "$scratch/$2"; }

cat >"$scratch/waiter.py" <<'END'
# Blocks in recv until told to go on; its next call must find the new daemon.
import signal, socket, struct, sys
class GoOn(Exception): pass
def go_on(*_): raise GoOn
signal.signal(signal.SIGUSR1, go_on)
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
s.bind((0, 4))
port = s.getsockname()[0]
print("ready", flush=True)
try:
    s.recv(4096)
    print("got something")
except GoOn:
    pass
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
s.send(struct.pack("=IHHIIB3x", 20, 0x1c, 5, 7, 0, 0))  # FLUSHSA
s.settimeout(5)
length, kind, flags, seq, pid, error = struct.unpack("=IHHIIi", s.recv(4096)[:20])
print("answer", kind == 2 and seq == 7 and error in (0, -3), pid == port, s.getsockname()[0] == port, flush=True)
END

uxfrm state count >/dev/null
"$build/uxfrm" run -- ip xfrm monitor >"$scratch/ip" 2>&1 & ip=$!
"$build/uxfrm" run -- python3 "$scratch/waiter.py" >"$scratch/waiter" 2>&1 & waiter=$!
"$build/uxfrm" monitor >"$scratch/own" 2>&1 & own=$!
kill_later="$ip $waiter $own"
until_true grep -q ready "$scratch/waiter"
until_true move 1
check "ip's monitor hears" until_true heard 1 ip
first=$(daemon_pid)
kill -9 "$first"
check "uxfrm monitor says that its daemon has ended" until_true grep -q "uxfrmd has ended" "$scratch/own"
wait "$own"
check "its exit status" [ $? = 2 ]
check "ip's monitor does not spin without a daemon" idle "$ip"
check "a blocked program does not spin without a daemon" idle "$waiter"
check "a new request finds or starts a daemon" move 2
second=$(daemon_pid)
check "it is another one" [ -n "$second" -a "$second" != "$first" ]
check "ip's monitor does not spin with a new daemon" idle "$ip"
check "a blocked program does not spin with a new daemon" idle "$waiter"
kill -USR1 "$waiter"
check "its next call reaches the new daemon, by the old port id" until_true grep -qx "answer True True True" "$scratch/waiter"
check "no daemon was started beside it" [ "$(daemon_pid)" = "$second" ]
finish
