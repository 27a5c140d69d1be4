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

cat >"$scratch/poller.py" <<'END'
# Waits by epoll, without calls on its socket.
import errno, select, socket
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 6)
s.bind((0, 8))
e = select.epoll()
e.register(s, select.EPOLLIN)
print("ready", flush=True)
while e.poll():
    try:
        print("type", s.recv(4096)[4], flush=True)
    except OSError as error:
        print("told", error.errno == errno.ENOBUFS, flush=True)
END
cat >"$scratch/waiter.py" <<'END'
# Blocks in recv until it hears that events were lost; its next call must reach the new daemon.
import errno, signal, socket, struct, sys
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
s.bind((0, 4))
port = s.getsockname()[0]
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
print("ready", flush=True)
try:
    s.recv(4096)
    print("got something")
except OSError as e:
    print("told", e.errno == errno.ENOBUFS, flush=True)
signal.sigwait([signal.SIGUSR1])
s.send(struct.pack("=IHHIIB3x", 20, 0x1c, 5, 7, 0, 0))  # FLUSHSA
s.settimeout(5)
length, kind, flags, seq, pid, error = struct.unpack("=IHHIIi", s.recv(4096)[:20])
print("answer", kind == 2 and seq == 7 and error in (0, -3), pid == port, s.getsockname()[0] == port, flush=True)
END

uxfrm state count >/dev/null
"$build/uxfrm" run -- ip xfrm monitor >"$scratch/ip" 2>&1 & ip=$!
"$build/uxfrm" run -- python3 "$scratch/waiter.py" >"$scratch/waiter" 2>&1 & waiter=$!
"$build/uxfrm" monitor >"$scratch/own" 2>&1 & own=$!
"$build/uxfrm" run -- python3 "$scratch/poller.py" >"$scratch/poller" 2>&1 & poller=$!
kill_later="$ip $waiter $own $poller"
until_true grep -q ready "$scratch/waiter"
until_true grep -q ready "$scratch/poller"
until_true move 1
check "ip's monitor hears" until_true heard 1 ip
first=$(daemon_pid)
kill -9 "$first"
check "uxfrm monitor says that its daemon has ended" until_true grep -q "uxfrmd has ended" "$scratch/own"
wait "$own"
check "its exit status" [ $? = 2 ]
check "a program that is blocked in recv() is told that events may be lost" until_true grep -qx "told True" "$scratch/waiter"
check "one that waits by epoll as well" until_true grep -qx "told True" "$scratch/poller"
check "a new request finds or starts a daemon" move 2
second=$(daemon_pid)
check "it is another one" [ -n "$second" -a "$second" != "$first" ]
check "ip's monitor hears from it, without a call of its own" until_true heard 2 ip
check "who waits by epoll as well" until_true sh -c "sed '1,/told/d' '$scratch/poller' | grep -q type"
check "nobody told anybody more than once" [ "$(cat "$scratch/waiter" "$scratch/poller" | grep -c told)" = 2 ]
check "ip's monitor does not spin with a new daemon" idle "$ip"
check "nor who waits by epoll" idle "$poller"
check "a blocked program does not spin with a new daemon" idle "$waiter"
kill -USR1 "$waiter"
check "its next call reaches the new daemon, by the old port id" until_true grep -qx "answer True True True" "$scratch/waiter"
check "no daemon was started beside it" [ "$(daemon_pid)" = "$second" ]

# where none can be started, nobody spins, and all hear from the one that comes at last
mv_daemon() { UXFRM_DAEMON=$1; export UXFRM_DAEMON; }
mv_daemon "$scratch/daemon"
ln -s "$build/uxfrmd" "$scratch/daemon"
"$build/uxfrm" run -- ip xfrm monitor >"$scratch/late" 2>&1 & late=$!
kill_later="$kill_later $late"
listens() { move $((count = count + 1)); heard $count late; }
count=10
check "another monitor hears" until_true listens
kill "$ip" "$poller"
rm "$scratch/daemon"
kill -9 "$(daemon_pid)"
sleep 0.5
check "it does not spin without a daemon" idle "$late"
ln -s "$build/uxfrmd" "$scratch/daemon"
patient() { for _ in 1 2 3 4 5; do until_true "$@" && return; done; return 1; }
found() { "$build/uxfrm" state count >/dev/null; listens; }
check "it hears from the daemon that is there at last" patient found
finish
