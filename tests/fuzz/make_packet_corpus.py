#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Write the seed corpus of fuzz_packet: make_packet_corpus.py DIRECTORY

Records as fuzz_packet.c reads them: kind, mark, room, length, bytes.
"""
import pathlib
import socket
import struct
import sys
import zlib

OUT, IN, SEALED, FRAGMENT = range(4)
T4 = ("192.0.2.1", "192.0.2.2")
T6 = ("2001:db8::1", "2001:db8::2")


def record(kind, mark, packet, room=0):
    return struct.pack("<BBBH", kind, mark, room, len(packet)) + packet


def ip4(ends, proto, payload, flags=0, tos=0, ident=7):
    head = struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(payload), ident, flags, 63, proto, 0)
    head += b"".join(socket.inet_pton(socket.AF_INET, e) for e in ends)
    total = sum(struct.unpack("!10H", head))
    total = (total & 0xffff) + (total >> 16)
    total = (total & 0xffff) + (total >> 16)
    return head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + payload


def ip6(ends, proto, payload, tclass=0):
    head = struct.pack("!IHBB", 6 << 28 | tclass << 20 | 0x12345, len(payload), proto, 63)
    return head + b"".join(socket.inet_pton(socket.AF_INET6, e) for e in ends) + payload


def udp(sport, dport, payload):
    return struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload


def esp(spi, seq, inner, next_header, icv=12, iv=0, align=4):
    pad = -(len(inner) + 2) % align
    body = inner + bytes(range(1, pad + 1)) + bytes([pad, next_header])
    return struct.pack("!II", spi, seq) + bytes(iv) + body + bytes(icv)


def ah(spi, seq, inner, next_header, length=24):
    return struct.pack("!BBHII", next_header, length // 4 - 2, 0, spi, seq) + bytes(length - 12) + inner


def comp(cpi, inner, next_header):
    z = zlib.compressobj(9, zlib.DEFLATED, -15)
    return struct.pack("!BBH", next_header, 0, cpi) + z.compress(inner) + z.flush()


def protocols(in4, in6, tr4, tr6):
    """AH and IPComp, alone and in one another"""
    up = udp(4000, 53, b"question" * 30)
    options = ip4(tr4, 51, ah(0x10b, 1, up, 17))
    options = bytes([0x47]) + options[1:20] + bytes([148, 4, 0, 0, 7, 4, 4, 0]) + options[20:]
    options = options[:2] + struct.pack("!H", len(options)) + options[4:]
    yield "in-ah4", record(SEALED, 0, ip4(tr4, 51, ah(0x10b, 1, up, 17)))
    yield "in-ah4-options", record(SEALED, 0, options)
    yield "in-ah6", record(SEALED, 0, ip6(tr6, 0, bytes([43, 0, 0x3e, 4, 1, 2, 3, 4]) +
                                          bytes([51, 2, 0, 1, 0, 0, 0, 0]) + bytes(16) + ah(0x10c, 1, up, 17)))
    yield "in-ah-tunnel", record(SEALED, 0, ip4(T4, 51, ah(0x10d, 1, in4, 4)))
    yield "in-ah-esp", record(SEALED, 0, ip4(tr4, 51, ah(0x10b, 1, esp(0x103, 9, up, 17), 50)))
    yield "in-comp4", record(IN, 0, ip4(tr4, 108, comp(0x10e, up, 17)))
    yield "in-comp-tunnel4", record(IN, 0, ip4(T4, 108, comp(0x10f, in4 * 4, 4)))
    yield "in-comp-tunnel6", record(IN, 0, ip6(T6, 108, comp(0x110, in6 * 4, 41)))
    yield "in-comp-bomb", record(IN, 0, ip4(tr4, 108, comp(0x10e, bytes(70000), 17)))
    yield "in-plain4", record(IN, 0, ip4(T4, 4, in4)) + record(IN, 0, ip4(T4, 41, in6))
    yield "in-plain6", record(IN, 0, ip6(T6, 41, in6)) + record(IN, 0, ip6(T6, 4, in4))
    yield "in-esp-ah-comp", record(SEALED, 0, ip4(tr4, 50, esp(0x103, 9, ah(0x10b, 1, comp(0x10e, up, 17), 108), 51)))
    for mark in range(11, 17):
        yield f"out-protocols4-{mark}", record(OUT, mark, ip4(tr4, 17, up))
        yield f"out-protocols6-{mark}", record(OUT, mark, ip6(tr6, 0, bytes([17, 0, 0x3e, 4, 1, 2, 3, 4]) + up))


def seeds():
    in4 = ip4(("10.1.0.1", "10.2.0.2"), 17, udp(4000, 53, b"question"), tos=0xba)
    in6 = ip6(("2001:db8:1::1", "2001:db8:2::2"), 58, bytes([128, 0, 0, 0, 0, 1, 0, 1]) + b"echo")
    tr4 = ("10.3.0.1", "10.3.0.2")
    tr6 = ("2001:db8:3::1", "2001:db8:3::2")
    for mark in range(0, 19):
        yield f"out4-{mark}", record(OUT, mark, in4) + record(OUT, mark, in4, 0x90)
        yield f"out6-{mark}", record(OUT, mark, in6) + record(OUT, mark, in6, 0xc0)
    yield "out-transport4", record(OUT, 3, ip4(tr4, 6, bytes(40)))
    yield "out-transport6", record(OUT, 4, ip6(tr6, 0, bytes([60, 0, 1, 4, 0, 0, 0, 0]) +
                                               bytes([17, 0, 1, 4, 0, 0, 0, 0]) + udp(1, 2, b"x")))
    yield "out-nested", record(OUT, 17, in4) * 3
    inners = ((4, in4), (41, in6), (59, b"dummy"), (4, in4[:25]), (99, b"what"))
    for i, (nh, inner) in enumerate(inners):
        yield f"in-tunnel4-{i}", record(SEALED, 0, ip4(T4, 50, esp(0x101, 5, inner, nh), tos=3))
        yield f"in-tunnel6-{i}", record(SEALED, 0, ip6(T6, 50, esp(0x102, 5, inner, nh), 3))
        yield f"in-udp4-{i}", record(SEALED, 0, ip4(T4, 17, udp(4500, 4500, esp(0x105, 5, inner, nh))))
        yield f"in-udp6-{i}", record(SEALED, 0, ip6(T6, 17, udp(4500, 4500, esp(0x10a, 5, inner, nh))))
        yield f"in-gcm-{i}", record(SEALED, 0, ip4(T4, 50, esp(0x106, 5, inner, nh, 16, 8)))
        yield f"in-cbc-{i}", record(SEALED, 0, ip4(T4, 50, esp(0x107, 5, inner, nh, 12, 16, 16)))
    up = udp(4000, 53, b"question")
    yield "in-transport4", record(SEALED, 0, ip4(tr4, 50, esp(0x103, 9, up, 17))) * 2
    yield "in-transport6", record(SEALED, 0, ip6(tr6, 60, bytes([50, 0, 1, 4, 0, 0, 0, 0]) +
                                                 esp(0x104, 9, up, 17)))
    yield "in-transport-udp", record(SEALED, 0, ip4(("10.8.0.1", "10.8.0.2"), 17,
                                                    udp(4500, 4500, esp(0x108, 9, bytes(40), 6))))
    yield "in-transport6-udp", record(SEALED, 0, ip6(("2001:db8:9::1", "2001:db8:9::2"), 17,
                                                     udp(4500, 4500, esp(0x109, 9, up, 17, 16, 8))))
    yield from protocols(in4, in6, tr4, tr6)
    yield "in-blocked", record(SEALED, 99, ip4(T4, 50, esp(0x101, 5, in4, 4)))
    yield "in-keepalive", record(IN, 0, ip4(T4, 17, udp(4500, 4500, b"\xff")))
    yield "in-ike", record(IN, 0, ip4(T4, 17, udp(4500, 4500, bytes(20))))
    yield "in-bad-icv", record(IN, 0, ip4(T4, 50, esp(0x101, 5, in4, 4)))
    big = bytes(range(256)) * 4
    first = ip4(tr4, 17, big[:512], 0x2000)
    last = ip4(tr4, 17, big[512:], 64)
    yield "fragments4", record(FRAGMENT, 1, last) + record(FRAGMENT, 1, first)
    yield "fragments4-overlap", record(FRAGMENT, 1, first) + record(FRAGMENT, 1, ip4(tr4, 17, big, 32))
    def frag6(offset, more, data):
        return ip6(tr6, 44, struct.pack("!BBHI", 17, 0, offset | more, 77) + data)
    yield "fragments6", record(FRAGMENT, 2, frag6(512, 0, big[512:])) + record(FRAGMENT, 2, frag6(0, 1, big[:512]))
    yield "cut4", record(FRAGMENT, 9, ip4(tr4, 50, big))
    yield "cut6", record(FRAGMENT, 30, ip6(tr6, 50, big))
    yield "out-fragment", record(OUT, 3, first) + record(OUT, 1, first)


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (directory / name).write_bytes(data)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
