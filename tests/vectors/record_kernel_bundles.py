#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packets before and behind a running Linux kernel's SAs of AH, IPComp, ESP without encryption, and several of them:
prints kernel_bundles.txt (see test_bundles.c).

Needs root in a network namespace of its own, ip, /dev/net/tun and a kernel with XFRM, AH, ESP and IPComp. Packets are
sent whole by raw sockets and leave by a TUN device, where they are read.
"""
import fcntl
import os
import random
import socket
import struct
import subprocess

RANDOM = random.Random(4302)
PROTOCOL = 253  # for experiments, RFC 3692
INNER = {4: ("10.9.1.1", "10.9.1.2"), 6: ("fd09::1", "fd09::2")}
OUTER = {4: ("10.9.2.1", "10.9.2.2"), 6: ("fd0a::1", "fd0a::2")}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
PREFIX = {4: "/32", 6: "/128"}
DIGESTS = (("hmac(md5)", 16, 96), ("hmac(sha1)", 20, 96), ("hmac(sha1)", 20, 160), ("hmac(sha256)", 32, 96),
           ("hmac(sha256)", 32, 128), ("hmac(sha384)", 48, 192), ("hmac(sha512)", 64, 256), ("hmac(rmd160)", 20, 96),
           ("xcbc(aes)", 16, 96), ("cmac(aes)", 16, 96))

OPTIONS4 = {
    "": b"",
    "router alert": bytes([148, 4, 0, 0]),
    "record route": bytes([7, 7, 4, 0, 0, 0, 0, 0]),
    "timestamp": bytes([68, 8, 5, 0, 0, 0, 0, 0]),
    "security": bytes([130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
    "alert and route": bytes([1, 148, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0]),
}
# chains of (protocol, bytes behind the next header)
EXTENSIONS6 = {
    "": (),
    "hop by hop": ((0, bytes([0, 5, 2, 0, 0, 1, 0])),),
    "hop by hop that changes": ((0, bytes([0, 0x3e, 4, 1, 2, 3, 4])),),
    "destination options": ((60, bytes([0, 0x3e, 2, 7, 7, 1, 0])),),
    "both": ((0, bytes([0, 0x3e, 4, 1, 2, 3, 4])), (60, bytes([0, 0x1e, 2, 7, 7, 1, 0]))),
}


def rand(n):
    return bytes(RANDOM.randrange(256) for _ in range(n))


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def open_tun():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"uxtun0", 0x1001))
    for version in (4, 6):
        for ends in (INNER, OUTER):
            words = ["nodad"] if version == 6 else []
            ip("addr", "add", ends[version][0] + ("/24" if version == 4 else "/64"), "dev", "uxtun0", *words)
    ip("link", "set", "uxtun0", "up")
    return tun


def packet_of(version, extra, payload):
    ends = [socket.inet_pton(FAMILY[version], a) for a in INNER[version]]
    if version == 4:
        options = OPTIONS4[extra]
        head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, 0x28, 20 + len(options) + len(payload), 0x1234,
                           0x4000, 63, PROTOCOL, 0)
        head += b"".join(ends) + options
        total = sum(struct.unpack(f"!{len(head) // 2}H", head))
        total = (total & 0xffff) + (total >> 16)
        total = (total & 0xffff) + (total >> 16)
        return head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + payload
    chain = EXTENSIONS6[extra]
    protocols = [p for p, _ in chain] + [PROTOCOL]
    body = b"".join(bytes([n]) + b for n, (_, b) in zip(protocols[1:], chain))
    head = struct.pack("!IHBB", 6 << 28 | 0x48 << 20 | 0x12345, len(body) + len(payload), protocols[0], 62)
    return head + b"".join(ends) + body + payload


def send(version, packet):
    sock = socket.socket(FAMILY[version], socket.SOCK_RAW, socket.IPPROTO_RAW)
    if version == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, 36, 1)  # IPV6_HDRINCL
    sock.sendto(packet, (INNER[version][1], 0))
    sock.close()


def read(tun, version):
    destinations = [socket.inet_pton(FAMILY[version], e[version][1]) for e in (INNER, OUTER)]
    while True:
        packet = os.read(tun, 4096)
        place = packet[16:20] if version == 4 else packet[24:40]
        if packet[0] >> 4 == version and place in destinations:
            return packet


class Layer:
    def __init__(self, proto, mode, ends, algo, esn=False, flags=(), tfcpad=0):
        self.tfcpad = tfcpad
        self.proto, self.mode, self.ends, self.algo, self.esn, self.flags = proto, mode, ends, algo, esn, list(flags)
        self.spi = RANDOM.randrange(0x100, 0x10000 if proto == "comp" else 2**32)
        self.seq = RANDOM.randrange(1, 2**31) if proto != "comp" else 0

    def words(self):
        return ["src", self.ends[0], "dst", self.ends[1], "proto", self.proto, "spi", hex(self.spi)]

    def add(self, reqid):
        extra, flags = [], self.flags + ["af-unspec"]
        if self.proto != "comp":
            extra = ["replay-oseq", hex(self.seq - 1)]
        if self.esn:
            flags.append("esn")
            extra += ["replay-window", "32", "replay-oseq-hi", "0x1"]
        algo = {"ah": lambda: ["auth-trunc", self.algo[0], "0x" + self.algo[1].hex(), str(self.algo[2])],
                "esp": lambda: ["auth-trunc", self.algo[0], "0x" + self.algo[1].hex(), str(self.algo[2]), "enc",
                                "ecb(cipher_null)", ""],
                "comp": lambda: ["comp", "deflate"]}[self.proto]()
        pad = ["tfcpad", str(self.tfcpad)] if self.tfcpad else []
        ip("xfrm", "state", "add", *self.words(), "mode", self.mode, "reqid", str(reqid), "flag", *flags, *extra, *pad,
           *algo)

    def line(self):
        algo = "- - 0" if self.proto == "comp" else f"{self.algo[0]} {self.algo[1].hex()} {self.algo[2]}"
        return (f"sa {self.proto} {self.mode} {self.ends[0]} {self.ends[1]} {self.spi:x} "
                f"{self.seq + (1 << 32) * self.esn:x} {int(self.esn)} {int('align4' in self.flags)} {algo} {self.tfcpad}")


def digest(number):
    name, length, bits = DIGESTS[number % len(DIGESTS)]
    return name, rand(length), bits


def record(tun, name, version, extra, layers, payload):
    templates = []
    for number, layer in enumerate(layers):
        layer.add(number + 1)
        templates += ["tmpl", "src", layer.ends[0], "dst", layer.ends[1], "proto", layer.proto, "mode", layer.mode,
                      "reqid", str(number + 1)]
    selector = ["src", INNER[version][0] + PREFIX[version], "dst", INNER[version][1] + PREFIX[version], "dir", "out"]
    ip("xfrm", "policy", "add", *selector, *templates)
    packet = packet_of(version, extra, payload)
    send(version, packet)
    outer = layers[-1].ends[0]
    sealed = read(tun, 6 if ":" in outer else 4)
    ip("xfrm", "policy", "delete", *selector)
    ip("xfrm", "state", "flush")
    print(f"name {name}")
    for layer in layers:
        print(layer.line())
    print(f"inner {packet.hex()}\nouter {sealed.hex()}\n")


def all_records(tun):
    number = 0
    for version, extras in ((4, OPTIONS4), (6, EXTENSIONS6)):
        for extra in extras:
            for esn in (False, True):
                number += 1
                record(tun, f"AH transport v{version} {extra} ESN {esn}", version, extra,
                       [Layer("ah", "transport", INNER[version], digest(number), esn)], rand(number))
                record(tun, f"ESP and AH v{version} {extra} ESN {esn}", version, extra,
                       [Layer("esp", "transport", INNER[version], digest(number + 3), esn),
                        Layer("ah", "transport", INNER[version], digest(number + 1), esn)], rand(number + 7))
    for inner in (4, 6):
        for outer in (4, 6):
            for flags in ((), ("align4",)):
                for number in range(len(DIGESTS)):
                    record(tun, f"AH tunnel {inner} in {outer} {flags}", inner, "",
                           [Layer("ah", "tunnel", OUTER[outer], digest(number), number % 2 == 1, flags)], rand(31))
            even = bytes(i // 40 for i in range(600))
            record(tun, f"IPComp tunnel {inner} in {outer}", inner, "", [Layer("comp", "tunnel", OUTER[outer], None)], even)
            record(tun, f"IPComp, ESP and AH tunnel {inner} in {outer}", inner, "",
                   [Layer("comp", "tunnel", OUTER[outer], None), Layer("esp", "transport", OUTER[outer], digest(4)),
                    Layer("ah", "transport", OUTER[outer], digest(5))], even)
        record(tun, f"IPComp transport {inner}", inner, "", [Layer("comp", "transport", INNER[inner], None)], even)
        record(tun, f"IPComp, small, {inner}", inner, "",
               [Layer("comp", "transport", INNER[inner], None), Layer("ah", "transport", INNER[inner], digest(1))],
               b"small")


def all_padded(tun):
    """TFC padding; with AH around it, as Linux forgets it where ESP could be left to a device."""
    for inner in (4, 6):
        for outer in (4, 6):
            for tfcpad, size in ((1, 9), (100, 9), (400, 100), (400, 401), (1400, 700), (1500, 700), (65535, 5)):
                record(tun, f"ESP tunnel {inner} in {outer}, padded to {tfcpad}", inner, "",
                       [Layer("esp", "tunnel", OUTER[outer], digest(4), tfcpad=tfcpad),
                        Layer("ah", "transport", OUTER[outer], digest(0))], rand(size))


def main():
    tun = open_tun()
    print("# SPDX-License-Identifier: BSD-2-Clause")
    print("# Recorded by record_kernel_bundles.py from Linux", os.uname().release + ".", "Format: test_bundles.c.\n")
    all_records(tun)
    all_padded(tun)


if __name__ == "__main__":
    main()
