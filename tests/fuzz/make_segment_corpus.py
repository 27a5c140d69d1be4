#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the seed corpus of fuzz_segment: make_segment_corpus.py DIRECTORY

Records as fuzz_segment.c reads them: flags, length, bytes; in front of all the length of segments and the kinds.
"""
import pathlib
import struct
import sys

from make_packet_corpus import T4, T6, ip4, ip6, udp

FIX = 1


def start(size, kinds=15):
    return struct.pack("<HB", size, kinds)


def record(packet, flags=FIX):
    return struct.pack("<BH", flags, len(packet)) + packet


def tcp(seq, payload, flags=0x10, options=b"\1\1\x08\x0atimestmp"):
    return struct.pack("!HHIIBBHHH", 1000, 80, seq, 7, (20 + len(options)) << 2, flags, 500, 0, 0) + options + payload


def flow(make, n, size, last=0x18):
    """A burst of one flow, the last of it with other flags."""
    return b"".join(record(make(i, bytes([i]) * size, last if i == n - 1 else 0x10)) for i in range(n))


def seeds():
    def tcp4(i, payload, flags):
        return ip4(T4, 6, tcp(i * len(payload), payload, flags), 0x4000, ident=i)

    def tcp6(i, payload, flags):
        return ip6(T6, 6, tcp(i * len(payload), payload, flags, b""))

    def udp4(i, payload, flags):
        return ip4(T4, 17, udp(1000, 53, payload)[:6] + b"\1\1" + payload, ident=65534 + i & 0xffff)

    def udp6(i, payload, flags):
        return ip6(T6, 17, udp(1000, 53, payload)[:6] + b"\1\1" + payload)

    for make in (tcp4, tcp6, udp4, udp6):
        yield f"flow-{make.__name__}", start(100) + flow(make, 6, 100)
        yield f"super-{make.__name__}", start(30) + record(make(0, bytes(range(200)), 0x99))
        yield f"wrong-{make.__name__}", start(1) + record(make(0, bytes(90), 0x10), 0) + record(make(1, bytes(90), 0x10), 0)
    options = ip6(T6, 60, bytes([6, 0, 1, 4, 0, 0, 0, 0]) + tcp(9, bytes(100)))
    yield "super-extension", start(40) + record(options)
    mixed = record(tcp4(0, bytes(50), 0x10)) + record(udp4(0, bytes(50), 0)) + record(tcp4(1, bytes(50), 0x10))
    yield "mixed", start(500) + mixed + record(ip4(T4, 1, bytes(30))) + mixed


if __name__ == "__main__":
    directory = pathlib.Path(sys.argv[1])
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (directory / name).write_bytes(data)
