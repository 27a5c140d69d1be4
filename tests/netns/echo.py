#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Answers each UDP packet to PORT with its own bytes, in fragments if they must be, IPv4 and IPv6.

usage: echo.py PORT
"""
import select
import socket
import sys

IP_MTU_DISCOVER, IPV6_MTU_DISCOVER, NO_DISCOVERY = 10, 23, 0


def main(port):
    socks = []
    for family, level, option in ((socket.AF_INET, socket.IPPROTO_IP, IP_MTU_DISCOVER),
                                  (socket.AF_INET6, socket.IPPROTO_IPV6, IPV6_MTU_DISCOVER)):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(level, option, NO_DISCOVERY)
        sock.bind(("", port))
        socks.append(sock)
    print("ready", flush=True)
    while True:
        for sock in select.select(socks, [], [])[0]:
            data, sender = sock.recvfrom(65536)
            try:
                sock.sendto(data[:64], sender)
            except OSError as error:  # no way back now: as if the packet were lost
                print(error, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
