#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ike_port.py UXFRM: binds the ports of IKE and listens to routes as an IKE daemon does, and looks at what arrives there while
uxfrmd takes ESP off port 4500. Runs under the shim, in a network namespace with a running uxfrmd. Prints TAP."""
import json
import os
import socket
import subprocess
import sys
import time

UXFRM = sys.argv[1]
NETLINK_ROUTE, RTMGRP_IPV4_ROUTE, RTMGRP_IPV6_ROUTE = 0, 0x40, 0x400
tests = failed = 0


def check(what, good, seen=""):
    global tests, failed
    tests += 1
    failed += not good
    print(f"{'' if good else 'not '}ok {tests} - {what}" + ("" if good else f" ({seen})"))


def uxfrm(*words):
    env = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "UXFRM_SHIM")}
    return subprocess.run([UXFRM, *words], env=env, capture_output=True, text=True)


def no_sa_drops():
    return {d["name"]: d["count"] for d in json.loads(uxfrm("-j", "stats").stdout)["drops"]}["in_no_sa"]


def udp(family, address, port):
    s = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    s.bind((address, port))
    s.settimeout(0.3)
    return s


def received(s):
    got = []
    try:
        while True:
            got.append(s.recv(2048))
    except socket.timeout:
        return got


def add_sa(local, remote, zero, spi):
    return uxfrm("state", "add", "src", remote, "dst", local, "proto", "esp", "spi", spi, "mode", "tunnel", "encap", "espinudp",
                 "4500", "4500", zero, "aead", "rfc4106(gcm(aes))", "0x4142434445464748494a4b4c4d4e4f5051525354", "128")


IKE = b"\0\0\0\0" + b"initiator-spi-and-so-on" * 2
ESP = b"\0\0\x77\x77" + b"\0\0\0\1" + b"x" * 40  # SPI 0x7777: there is no such SA
KEEPALIVE = b"\xff"


def share(family, local, zero, spi, ike_first, at=None):
    """@at: the address IKE binds; None: all of them."""
    name = f"{'IPv6' if family == socket.AF_INET6 else 'IPv4'}, {'IKE' if ike_first else 'uxfrmd'} first"
    name += ", one address" if at else ""
    ike = udp(family, at or zero, 4500) if ike_first else None
    added = add_sa(local, local, zero, spi)
    check(f"{name}: an SA with UDP encapsulation", added.returncode == 0, added.stderr)
    time.sleep(2.5 if at else 0.2)  # the port is open already, so that uxfrmd looks at its own time
    if not ike_first:
        ike = udp(family, zero, 4500)
    check(f"{name}: both have the port", ike.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 1)
    before = no_sa_drops()
    for source_port in range(40000, 40020):  # several flows: the kernel must not share them out by hash
        peer = udp(family, local, source_port)
        for packet in (IKE, ESP, KEEPALIVE):
            peer.sendto(packet, (local, 4500))
        peer.close()
    got = received(ike)
    check(f"{name}: IKE gets its messages, each once, and no others", got == [IKE] * 20, f"{len(got)}: {set(got)}")
    drops = no_sa_drops() - before
    check(f"{name}: uxfrmd got the ESP packets, each once", drops == 20, drops)
    answer = udp(family, local, 40030)
    ike.sendto(IKE, (local, 40030))
    data, source = answer.recvfrom(2048)
    check(f"{name}: IKE sends from the port", data == IKE and source[1] == 4500, source)
    answer.close()
    ike.close()


def told_routes(events):
    """{rtm_protocol: messages} of what a socket for route events has."""
    told = {}
    try:
        while True:
            data = events.recv(65536)
            told[data[16 + 5]] = told.get(data[16 + 5], 0) + 1
    except TimeoutError:
        return told


def routes():
    """What an IKE daemon that follows the host's routes sees."""
    events = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_ROUTE)
    events.bind((0, RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE))
    events.settimeout(0.5)
    for net in ("10.77.0.0/16", "fd77::/64"):
        any_net = "::/0" if ":" in net else "0.0.0.0/0"
        ends = ("src", "::1", "dst", "::2") if ":" in net else ("src", "127.0.0.1", "dst", "127.0.0.2")
        added = uxfrm("policy", "add", "src", any_net, "dst", net, "dir", "out", "tmpl", *ends, "proto", "esp", "mode", "tunnel")
        check(f"a policy for {net}", added.returncode == 0, added.stderr)
        subprocess.run(["ip", "route", "add", net, "dev", "lo", "table", "4077", "proto", "77"], check=True)
    told = told_routes(events)
    check("routes of others are told, those of uxfrmd are not", told == {77: 2}, told)
    everything = subprocess.run(["ip", "route", "show", "table", "all", "proto", "201"], capture_output=True, text=True)
    check("asked for they are there", "10.77.0.0/16" in everything.stdout, everything.stdout + everything.stderr)


def main():
    routes()
    families = [(socket.AF_INET, "127.0.0.1", "0.0.0.0"), (socket.AF_INET6, "::1", "::")]
    for family, local, zero in families:
        share(family, local, zero, "0x1001", True)
    for family, local, zero in families:
        share(family, local, zero, "0x1002", False)
    time.sleep(2.5)  # until uxfrmd has looked again at who has the port
    for family, local, zero in families:
        share(family, local, zero, "0x1003", True, at=local)
    time.sleep(2.5)
    for family, local, zero in families:
        share(family, local, zero, "0x1004", True)
    plain = udp(socket.AF_INET, "127.0.0.1", 500)
    check("port 500 is made to be shared too", plain.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 1)
    other = udp(socket.AF_INET, "127.0.0.1", 501)
    check("another port is left alone", other.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 0)
    stream = socket.socket()
    stream.bind(("127.0.0.1", 4500))
    check("TCP is left alone", stream.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 0)
    print(f"1..{tests}")
    return 1 if failed else 0


sys.exit(main())
