#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# test_pfkey.sh BUILD [--seccomp]: PF_KEY sockets under the shim.
set -u
how=${2:-}
build=$(cd "$1" && pwd)
here=$(dirname "$(realpath "$0")")
. "$here/lib.sh"
client=$here/pfkey_client.py

check "sockets, messages, dumps" uxfrm run $how -- python3 "$client"
if [ "$(id -u)" = 0 ]; then
	check "no privilege, no socket" uxfrm run $how -- python3 -c '
import errno, os, socket
os.setuid(65534) # here, not before: another user may not be able to read the shim
try:
	socket.socket(15, socket.SOCK_RAW, 2)
except OSError as e:
	raise SystemExit(e.errno != errno.EPERM)
raise SystemExit("it was given one")'
else
	skip "no privilege, no socket" "not root"
fi

cat >"$scratch/registered.py" <<END
# What a socket has registered for is known to the daemon that takes the place of a dead one.
import os, signal, socket, sys, time
sys.dont_write_bytecode = True
sys.path.insert(0, '$here/../oracle')
import pfkey_wire as w
def register(satype):
    s = socket.socket(15, socket.SOCK_RAW, 2)
    s.send(w.message(w.REGISTER, satype=satype))
    s.recv(4096)
    return s
s, deaf = register(w.ESP), socket.socket(15, socket.SOCK_RAW, 2)
def alive(pid):
    try:
        return open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()[0] != 'Z'
    except FileNotFoundError:
        return False
daemon = int(sys.argv[1])
os.kill(daemon, signal.SIGKILL)
while alive(daemon):
    time.sleep(0.001)
try:
    s.recv(4096, socket.MSG_DONTWAIT)
except BlockingIOError:
    pass
register(w.AH)
assert s.recv(4096, socket.MSG_DONTWAIT)[1] == w.REGISTER
try:
    deaf.recv(4096, socket.MSG_DONTWAIT)
except BlockingIOError:
    raise SystemExit(0)
raise SystemExit('who did not register hears of it')
END
uxfrm state count >/dev/null
check "registered with the next daemon too" uxfrm run $how -- python3 "$scratch/registered.py" "$(daemon_pid)"
finish
