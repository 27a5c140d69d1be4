# SPDX-License-Identifier: BSD-2-Clause
"""A program whose UDP socket has policies with templates, for socket_tests.py. Each line it reads is evaluated as Python and its
value printed; `s` is the socket."""
import os
import socket
import struct
import subprocess
import sys

OPTIONS = {4: (socket.AF_INET, socket.IPPROTO_IP, 17), 6: (socket.AF_INET6, socket.IPPROTO_IPV6, 35)}
IN, OUT = 0, 1
ESP = 50
s = None


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text).ljust(16, b"\0")


def new_socket(version, where):
    global s
    family = OPTIONS[version][0]
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind((where, 0))
    return s.getsockname()[1]


def policy(version, direction, here, there, action=0, reqid=1, templates=1):
    family = OPTIONS[version][0]
    info = bytearray(168)
    struct.pack_into("=H", info, 40, family)
    for at in range(56, 88, 8):
        struct.pack_into("=Q", info, at, 2**64 - 1)
    info[160:163] = bytes((direction, action, 0))
    # daddr, spi, proto, pad, family, pad, saddr, reqid, mode, share, optional, pad, aalgos, ealgos, calgos
    one = struct.pack("=16s4xB3xH2x16sIBBBxIII", address(there), ESP, family, address(here), reqid, 0, 0, 0, *[2**32 - 1] * 3)
    return bytes(info) + one * templates


def give(version, value):
    _, level, name = OPTIONS[version]
    try:
        s.setsockopt(level, name, value)
        return 0
    except OSError as error:
        return error.errno


def end_policies(version):
    _, level, name = OPTIONS[version]
    try:
        s.setsockopt(level, name, None, 0)
        return 0
    except OSError as error:
        return error.errno


def ask(there, port, seconds=3):
    """Is a datagram to an echo service answered?"""
    s.settimeout(seconds)
    try:
        s.sendto(b"socket policy", (there, port))
        return s.recv(100) == b"socket policy"
    except OSError:
        return False


def child_asks(there, port):
    """The same by a child that has the socket alone, the parent having closed it."""
    child = os.fork()
    if child:
        s.close()
        return os.waitpid(child, 0)[1] == 0
    os._exit(0 if ask(there, port) else 1)


PROGRAM = """
import socket, sys
s = socket.socket(fileno=int(sys.argv[1]))
s.settimeout(3)
s.sendto(b"socket policy", (sys.argv[2], int(sys.argv[3])))
sys.exit(s.recv(100) != b"socket policy")
"""


def program_asks(there, port):
    """The same by a program that was started with the socket, which was inheritable when it got its policy."""
    child = os.fork()
    if child:
        s.close()
        return os.waitpid(child, 0)[1] == 0
    os.execv(sys.executable, [sys.executable, "-c", PROGRAM, str(s.fileno()), there, str(port)])


print("ready", flush=True)
for line in sys.stdin:
    print(eval(line), flush=True)
