#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""nltalk_kernel.py SCRIPT: what nltalk does, but spoken to the kernel this runs on. Needs root, and uses a
new network namespace for each reset. Prints to standard output; see nltalk.c for the script."""
import ctypes
import os
import select
import socket
import sys

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
OPTIONS = {'ext_ack': 11, 'cap_ack': 10}
clients = {}
order = []


def reset():
    for s in clients.values():
        s.close()
    clients.clear()
    if libc.unshare(CLONE_NEWNET):
        sys.exit('unshare: ' + os.strerror(ctypes.get_errno()))
    for i, name in enumerate('AB'):
        s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 6)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind((0x1001 + i, 0xff if name == 'B' else 0))
        clients[name] = s


def drain():
    for name in 'BA':
        s = clients[name]
        while select.select([s], [], [], 0)[0]:
            data, (_, groups) = s.recvfrom(1 << 17)
            print('<', name, groups.bit_length(), data.hex())


def main():
    for line in open(sys.argv[1]):
        words = line.split()
        if not words or words[0] == '#':
            continue
        print(line.rstrip())
        if words[0] == 'reset':
            reset()
        elif words[0] == 'option':
            clients[words[1]].setsockopt(270, OPTIONS[words[2]], int(words[3]))
        elif words[0] == '>':
            clients[words[1]].send(bytes.fromhex(words[2]))
            drain()


main()
