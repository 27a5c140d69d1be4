#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What oracle-pfkey-engine does, but spoken to the kernel this runs on, with a network namespace of its own for each
reset. It is the first and only process of that kernel; the host's directory ORACLE_WORK has the file "script" and gets
the file "kernel"."""
import ctypes
import os
import socket
import sys
import time

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
RB_POWER_OFF = 0x4321fedc
ORDER = 'PQRSMN'
sockets = {}


def open_socket(name):
    if name in 'MN':
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
        s.bind((0x1000 + ord(name), 0xff if name == 'N' else 0))
    else:
        s = socket.socket(15, socket.SOCK_RAW, 2)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    sockets[name] = s


def reset():
    for s in sockets.values():
        s.close()
    sockets.clear()
    if libc.unshare(CLONE_NEWNET):
        sys.exit('unshare: ' + os.strerror(ctypes.get_errno()))
    for name in 'PQN':
        open_socket(name)


def drain(out, failed):
    for name in ORDER:
        s = sockets.get(name)
        if not s:
            continue
        while True:
            try:
                data = s.recv(1 << 17, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            out.write(f'< {name} {data.hex()}\n')
        if failed and failed[0] == name:
            out.write(f'! {name} {failed[1]}\n')


def obey(words):
    """None, or (socket, errno) of a send that failed"""
    if words[0] == 'reset':
        reset()
    elif words[0] == '+':
        open_socket(words[1])
    elif words[0] == '-':
        sockets.pop(words[1]).close()
    elif words[0] == 'tick':
        time.sleep(int(words[1]) / 1000)
    elif words[0] == '>':
        try:
            sockets[words[1]].send(bytes.fromhex(words[2]) if len(words) > 2 else b'')
        except OSError as e:
            return words[1], e.errno
    return None


def talk(script, output):
    with open(script, encoding='ascii') as lines, open(output, 'w', encoding='ascii') as out:
        for line in lines:
            words = line.split()
            if not words or words[0] in '#<!':
                continue
            out.write(line)
            drain(out, obey(words))


def mount(kind, where, data=None):
    if libc.mount(b'none', where.encode(), kind.encode(), 0, data):
        sys.exit(f'mount {where}: ' + os.strerror(ctypes.get_errno()))


def main():
    mount('tmpfs', '/run')
    os.mkdir('/run/work')
    mount('hostfs', '/run/work', os.environ['ORACLE_WORK'].encode())
    talk('/run/work/script', '/run/work/kernel')
    os.sync()
    libc.reboot(RB_POWER_OFF)


main()
