#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Send one packet and say what came back: an answer, or the error's sender, kind and MTU. A program's eyes:
an ordinary UDP socket and its error queue.

usage: probe.py SOURCE DESTINATION PORT SIZE [--ttl N] [--clear-df]

SIZE is that of the whole IP packet. Prints one JSON line: {"answer": SIZE}, {"error": KIND, "from": ADDRESS,
"mtu": N}, or {} for silence. KIND: too-big, ttl, host, net, port, prohibited, or type/code.
"""
import argparse
import ipaddress
import json
import select
import socket
import struct
import time

IP_MTU_DISCOVER, IP_RECVERR, IPV6_MTU_DISCOVER, IPV6_RECVERR = 10, 11, 23, 25
NO_DISCOVERY, PROBE = 0, 3  # PROBE: DF set, whatever the host believes of the path
KINDS = {4: {(3, 0): "net", (3, 1): "host", (3, 3): "port", (3, 4): "too-big", (11, 0): "ttl",
             (3, 13): "prohibited"},
         6: {(1, 0): "net", (1, 3): "host", (1, 4): "port", (2, 0): "too-big", (3, 0): "ttl", (1, 1): "prohibited"}}
FROM_ICMP = (2, 3)  # ee_origin


def read_error(sock, version):
    """What the error queue holds, None if nothing."""
    try:
        _, control, _, _ = sock.recvmsg(65536, 512, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return None
    for _, _, data in control:
        if len(data) < 16:
            continue
        _, origin, kind, code, _, info, _ = struct.unpack_from("=IBBBBII", data)
        if origin not in FROM_ICMP:
            raise SystemExit(f"the host itself refuses: {data.hex()}")
        at = 16 + (4 if version == 4 else 8)
        size = 4 if version == 4 else 16
        sender = str(ipaddress.ip_address(data[at:at + size]))
        return {"error": KINDS[version].get((kind, code), f"{kind}/{code}"), "from": sender, "mtu": info}
    return None


def open_socket(args, version):
    level = socket.IPPROTO_IP if version == 4 else socket.IPPROTO_IPV6
    sock = socket.socket(socket.AF_INET if version == 4 else socket.AF_INET6, socket.SOCK_DGRAM)
    sock.setblocking(False)
    sock.setsockopt(level, IP_RECVERR if version == 4 else IPV6_RECVERR, 1)
    discover = NO_DISCOVERY if args.clear_df else PROBE
    sock.setsockopt(level, IP_MTU_DISCOVER if version == 4 else IPV6_MTU_DISCOVER, discover)
    if args.ttl:
        option = socket.IP_TTL if version == 4 else socket.IPV6_UNICAST_HOPS
        sock.setsockopt(level, option, args.ttl)
    sock.bind((args.source, 0))
    sock.connect((args.destination, args.port))
    return sock


def probe(args):
    version = ipaddress.ip_address(args.destination).version
    sock = open_socket(args, version)
    payload = bytes(args.size - (28 if version == 4 else 48))
    sock.send(payload)
    end = time.monotonic() + args.patience
    while time.monotonic() < end:
        select.select([sock], [], [sock], 0.05)
        error = read_error(sock, version)
        if error:
            return error
        try:
            return {"answer": len(sock.recv(65536)) + args.size - len(payload)}
        except (BlockingIOError, ConnectionRefusedError, OSError):
            continue
    return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source")
    parser.add_argument("destination")
    parser.add_argument("port", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("--ttl", type=int)
    parser.add_argument("--clear-df", action="store_true")
    parser.add_argument("--patience", type=float, default=1.0)
    print(json.dumps(probe(parser.parse_args())))


if __name__ == "__main__":
    main()
