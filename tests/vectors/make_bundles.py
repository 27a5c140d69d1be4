#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packets before and behind AH and IPComp by another implementation: prints scapy_bundles.txt (see test_bundles.c).

AH is scapy's, with its own idea of which fields change on the way. Scapy has no IPComp: the header is made here from
RFC 3173, the payload is deflated by Python, with the window of RFC 2394. Deterministic: the same text each time.
"""
import random
import struct
import zlib

from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, RouterAlert
from scapy.layers.ipsec import AH, SecurityAssociation
from scapy.packet import Raw

RANDOM = random.Random(4302)
DIGESTS = (("HMAC-MD5-96", "hmac(md5)", 16, 96), ("HMAC-SHA1-96", "hmac(sha1)", 20, 96),
           ("SHA2-256-128", "hmac(sha256)", 32, 128), ("SHA2-384-192", "hmac(sha384)", 48, 192),
           ("SHA2-512-256", "hmac(sha512)", 64, 256), ("AES-CMAC-96", "cmac(aes)", 16, 96))
ENDS = {4: ("10.9.1.1", "10.9.1.2"), 6: ("fd09::1", "fd09::2")}
INSIDE = {4: ("10.9.2.1", "10.9.2.2"), 6: ("fd0a::1", "fd0a::2")}
EXPERIMENT = 253  # RFC 3692


def rand(count):
    return bytes(RANDOM.randrange(256) for _ in range(count))


def packet(version, ends, payload, options=False, flags=0):
    source, destination = ends
    tos = RANDOM.choice((0, 0x28, 0xb8))
    if version == 4:
        extra = [IPOption_Router_Alert()] if options else []
        return IP(src=source, dst=destination, tos=tos, ttl=63, id=RANDOM.randrange(65536), flags=flags, options=extra,
                  proto=EXPERIMENT) / Raw(payload)
    head = IPv6(src=source, dst=destination, tc=tos, hlim=63, fl=0)
    if options:
        return head / IPv6ExtHdrHopByHop(nh=EXPERIMENT, options=[RouterAlert()]) / Raw(payload)
    return IPv6(bytes(head / Raw(payload))[:6] + bytes([EXPERIMENT, 63]) + bytes(head)[8:40] + payload)


def show(name, sa, inner, outer):
    print(f"name scapy {name}\nsa {sa}\ninner {inner.hex()}\nouter {outer.hex()}\n")


def ah_transport(version, digest, options, length):
    scapy_name, kernel_name, key_length, bits = digest
    key, spi, seq = rand(key_length), RANDOM.randrange(256, 2**32), RANDOM.randrange(1, 2**32)
    inner = bytes(packet(version, ENDS[version], rand(length), options))
    sa = SecurityAssociation(AH, spi=spi, auth_algo=scapy_name, auth_key=key)
    outer = bytes(sa.encrypt((IP if version == 4 else IPv6)(inner), seq_num=seq))
    show(f"AH transport v{version} {kernel_name}{' with options' if options else ''}, {length} bytes",
         f"ah transport {' '.join(ENDS[version])} {spi:x} {seq:x} 0 1 {kernel_name} {key.hex()} {bits} 0", inner, outer)


def ah_tunnel(inside, outside, digest, length):
    scapy_name, kernel_name, key_length, bits = digest
    key, spi, seq = rand(key_length), RANDOM.randrange(256, 2**32), RANDOM.randrange(1, 2**32)
    # the identification of an outer header that may not be cut is 0, another one anybody's choice
    inner = packet(inside, INSIDE[inside], rand(length), flags="DF")
    source, destination = ENDS[outside]
    tos = inner.tos if inside == 4 else inner.tc
    header = (IP(src=source, dst=destination, ttl=64, id=0, tos=tos, flags="DF")
              if outside == 4 else IPv6(src=source, dst=destination, hlim=64, tc=tos, fl=0))
    sa = SecurityAssociation(AH, spi=spi, auth_algo=scapy_name, auth_key=key, tunnel_header=header)
    outer = bytes(sa.encrypt(inner, seq_num=seq))
    show(f"AH tunnel {inside} in {outside} {kernel_name}, {length} bytes",
         f"ah tunnel {source} {destination} {spi:x} {seq:x} 0 1 {kernel_name} {key.hex()} {bits} 0", bytes(inner), outer)


def deflated(data):
    squeeze = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED, -11)
    return squeeze.compress(data) + squeeze.flush()


def comp_transport(version, length):
    """of a payload that gets smaller"""
    cpi = RANDOM.randrange(0x100, 0xf000)
    inner = packet(version, ENDS[version], bytes(RANDOM.choice(b"abcd") for _ in range(length)))
    payload = bytes(inner)[20 if version == 4 else 40:]
    made = struct.pack(">BBH", EXPERIMENT, 0, cpi) + deflated(payload)
    outer = inner.copy()
    outer.remove_payload()
    if version == 4:
        outer.proto, outer.len, outer.chksum = 108, None, None
        outer = bytes(outer / Raw(made))
    else:
        outer = bytes(inner)[:4] + struct.pack(">HB", len(made), 108) + bytes(inner)[7:40] + made
    show(f"IPComp transport v{version}, {length} bytes",
         f"comp transport {' '.join(ENDS[version])} {cpi:x} 0 0 0 - - 0 0", bytes(inner), outer)


def main():
    print("# SPDX-License-Identifier: BSD-2-Clause\n# Made by make_bundles.py. Format: test_bundles.c.\n")
    for digest in DIGESTS:
        for version in (4, 6):
            for options in (False, True):
                for _ in range(2):
                    ah_transport(version, digest, options, RANDOM.randrange(1, 200))
        for inside in (4, 6):
            for outside in (4, 6):
                for _ in range(2):
                    ah_tunnel(inside, outside, digest, RANDOM.randrange(1, 200))
    for version in (4, 6):
        for length in (100, 200, 333, 1000, 1337):
            comp_transport(version, length)


if __name__ == "__main__":
    main()
