#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""socket_policy.py UXFRM [--seccomp]: a socket's own policies, as an IKE daemon sets them, under the shim. Runs in a network namespace with a
running uxfrmd. Prints TAP."""
import os
import re
import socket
import struct
import subprocess
import sys

UXFRM, SUPERVISED = sys.argv[1], "--seccomp" in sys.argv
INVALID, UNSUPPORTED = 22, 95
IP_XFRM_POLICY, IPV6_XFRM_POLICY, IP_IPSEC_POLICY = 17, 35, 16
OUT, IN, ALLOW, BLOCK = 1, 0, 0, 1
BIT = 0x10000000
tests = failed = 0


def check(what, good, seen=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {tests} - {what}" + ("" if good else f" ({seen})"))


def policy(family, direction, action, templates=0):
    """struct xfrm_userpolicy_info, 168 bytes, and templates of zeros."""
    info = bytearray(168)
    struct.pack_into("=H", info, 40, family)
    for at in range(56, 88, 8):
        struct.pack_into("=Q", info, at, 2**64 - 1)
    info[160:163] = bytes((direction, action, 0))
    return bytes(info) + bytes(64 * templates)


def real_mark(s):
    """As the kernel has it, told by a program that the shim is not in."""
    port = s.getsockname()[1]
    env = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "UXFRM_SHIM")}
    said = subprocess.run(["ss", "-unae", f"sport = :{port}"], env=env, capture_output=True, text=True).stdout
    found = re.search(r"fwmark:(0x[0-9a-f]+)", said)
    return int(found[1], 16) if found else 0


def shown_mark(s):
    return s.getsockopt(socket.SOL_SOCKET, socket.SO_MARK)


def udp(family):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.bind(("", 0))
    return s


def refused(name, s, level, option, value):
    """Templates of nothing; beside the program none are taken."""
    try:
        s.setsockopt(level, option, value)
        check(f"{name}: templates of nothing are refused", False, "they are not")
    except OSError as error:
        check(f"{name}: templates of nothing are refused", error.errno == (UNSUPPORTED if SUPERVISED else INVALID), error)


def one_family(name, family, level, option):
    s = udp(family)
    s.setsockopt(level, option, policy(family, IN, ALLOW))
    check(f"{name}: a policy for input leaves the mark", real_mark(s) == 0, hex(real_mark(s)))
    s.setsockopt(level, option, policy(family, OUT, ALLOW))
    check(f"{name}: what it sends passes our policies", real_mark(s) == BIT, hex(real_mark(s)))
    check(f"{name}: the program does not see how", shown_mark(s) == 0, hex(shown_mark(s)))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, 7)
    check(f"{name}: a mark of its own keeps that", (real_mark(s), shown_mark(s)) == (BIT | 7, 7), hex(real_mark(s)))
    s.setsockopt(level, option, policy(family, OUT, BLOCK))
    check(f"{name}: a policy that blocks ends it", (real_mark(s), shown_mark(s)) == (7, 7), hex(real_mark(s)))
    s.setsockopt(level, option, policy(family, OUT, ALLOW))
    refused(name, s, level, option, policy(family, IN, ALLOW, templates=1))
    check(f"{name}: for input they change nothing", real_mark(s) == BIT | 7, hex(real_mark(s)))
    refused(name, s, level, option, policy(family, OUT, ALLOW, templates=1))
    if SUPERVISED:
        check(f"{name}: for output nothing passes our policies any more", real_mark(s) == 7, hex(real_mark(s)))
    else:
        check(f"{name}: the policy before stays, as in the kernel", real_mark(s) == BIT | 7, hex(real_mark(s)))
    s.close()


def by_pfkey():
    s = udp(socket.AF_INET)
    bypass = struct.pack("=HHHBBIIHH", 2, 18, 3, 2, 0, 0, 0, 0, 0)[:16]
    s.setsockopt(socket.IPPROTO_IP, IP_IPSEC_POLICY, bypass)
    check("the policy of PF_KEY: the same", real_mark(s) == BIT, hex(real_mark(s)))
    s.close()


check("no policy, no mark", real_mark(udp(socket.AF_INET)) == 0)
one_family("IPv4", socket.AF_INET, socket.IPPROTO_IP, IP_XFRM_POLICY)
one_family("IPv6", socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_XFRM_POLICY)
by_pfkey()
print(f"1..{tests}")
sys.exit(1 if failed else 0)
