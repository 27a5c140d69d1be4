#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Ask a running Linux kernel what it answers to each algorithm combination of an ESP SA.

Needs root in a network namespace of its own and a kernel with XFRM, ESP and the
algorithms below. Prints transform_cases.txt: one line for each combination with
the errno and the extended ACK text of XFRM_MSG_NEWSA. test_transform reads it.

An algorithm is NAME:KEY_BITS[:ICV_BITS]; "-" is none. For auth the third field
means that the request came as XFRMA_ALG_AUTH_TRUNC.
"""
import os
import socket
import struct

GCM, CBC, NULL = "rfc4106(gcm(aes))", "cbc(aes)", "ecb(cipher_null)"
SHA1 = "hmac(sha1):160"
NETLINK_XFRM, SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 6, 270, 10, 11


def attr(kind, body):
    return struct.pack("=HH", len(body) + 4, kind) + body + b"\0" * (-len(body) % 4)


def algorithm(text, kind):
    name, bits, *icv = text.split(":")
    bits = int(bits)
    head = struct.pack("=64sI", name.encode(), bits)
    if kind in (18, 20):
        head += struct.pack("=I", int(icv[0]))
    return attr(kind, head + bytes((i + 1) & 255 for i in range((bits + 7) // 8)))


def new_sa(spi, case):
    aead, cipher, auth, esn = case
    sel = struct.pack("=32x8xHBBB3xii", 2, 0, 0, 0, 0, 0)
    address = socket.inet_aton("10.9.0.2") + bytes(12)
    sa_id = address + struct.pack("!IB3x", spi, 50)
    source = socket.inet_aton("10.9.0.1") + bytes(12)
    limits = struct.pack("=8Q", *([2**64 - 1] * 4 + [0] * 4)) + bytes(32)
    tail = struct.pack("=12xIIHBBB7x", 0, 0, 2, 1, 0, 128 if esn else 0)
    body = sel + sa_id + source + limits + tail
    assert len(body) == 224
    if aead != "-":
        body += algorithm(aead, 18)
    if cipher != "-":
        body += algorithm(cipher, 2)
    if auth != "-":
        body += algorithm(auth, 20 if auth.count(":") == 2 else 1)
    if esn:
        body += attr(23, struct.pack("=6I", 1, 0, 0, 0, 0, 32) + bytes(4))
    return struct.pack("=IHHII", len(body) + 16, 0x10, 0x405, spi, 0) + body


def answer(sock):
    data = sock.recv(65536)
    error, = struct.unpack_from("=i", data, 16)
    flags, = struct.unpack_from("=H", data, 6)
    text, at = "", 36
    while flags & 0x200 and at + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, at)
        if kind & 0x7fff == 1:
            text = data[at + 4:at + length - 1].decode()
        at += (length + 3) & ~3
    return -error, text


def cases():
    for bits in (0, 8, 24, 32, 96, 128, 152, 153, 159, 160, 161, 168, 192, 224, 256, 288, 320,
                 512):
        yield f"{GCM}:{bits}:128", "-", "-", 0
    for icv in (0, 8, 32, 63, 64, 65, 88, 96, 104, 112, 120, 128, 136, 160, 256):
        yield f"{GCM}:160:{icv}", "-", "-", 0
    for esn in (0, 1):
        for bits in (160, 224, 288):
            for icv in (64, 96, 128):
                yield f"{GCM}:{bits}:{icv}", "-", "-", esn
    for name in ("gcm(aes)", "aes", CBC, "rfc4106", "RFC4106(gcm(aes))", "nosuch", ""):
        yield f"{name}:160:128", "-", "-", 0
    for bits in (0, 8, 64, 120, 121, 128, 129, 136, 160, 192, 200, 224, 256, 264, 512):
        yield "-", f"{CBC}:{bits}", SHA1, 0
        yield "-", f"{CBC}:{bits}", "-", 0
    for name in ("aes", "cbc(nosuch)", "gcm(aes)", GCM, "nosuch", "", "AES", "cbc(aes) "):
        yield "-", f"{name}:128", SHA1, 0
        yield "-", f"{name}:128", "-", 1
    for bits in (0, 8, 128):
        for name in (NULL, "cipher_null"):
            for auth in (SHA1, "-", "digest_null:0"):
                yield "-", f"{name}:{bits}", auth, 0
    for auth in ("sha1:160", "sha256:256", "sha384:384", "sha512:512", "hmac(sha224):224",
                 "md5sum:128", "hmac(nosuch):160", "nosuch:0", ":0", "digest_null:0",
                 "digest_null:128", "HMAC(SHA1):160", "hmac(sha1 ):160", "sha1:160:96",
                 "sha384:384:192", "nosuch:160:96", ":160:96", "digest_null:0:0",
                 "digest_null:0:8", "digest_null:0:96"):
        for esn in (0, 1):
            yield "-", f"{CBC}:128", auth, esn
    for digest, full in (("sha1", 160), ("sha256", 256), ("sha384", 384), ("sha512", 512)):
        name = f"hmac({digest})"
        for bits in (0, 8, 80, full - 8, full, full + 8, full + 5, 1024, 1032, 2048):
            yield "-", f"{CBC}:128", f"{name}:{bits}", 0
        for icv in (0, 1, 7, 8, 9, 16, 24, 31, 32, 64, 96, 100, 128, full // 2, full - 8, full - 1,
                    full, full + 1, full + 8, 1024, 2**32 - 1):
            for esn in (0, 1):
                yield "-", f"{CBC}:128", f"{name}:{full}:{icv}", esn
                yield "-", f"{NULL}:0", f"{name}:{full}:{icv}", esn
    for auth in (SHA1, "hmac(sha256):256:128", "digest_null:0", "nosuch:0", "hmac(sha1):160:200"):
        yield "-", "-", auth, 0
        yield "-", "-", auth, 1
    yield from other_aeads()
    yield from other_ciphers()
    yield from other_digests()
    # which of two mistakes is told
    yield "-", "nosuch:7", "nosuch:7", 0
    yield "-", "nosuch:7", "hmac(sha1):160:200", 0
    yield "-", "nosuch:128", "nosuch:160:96", 0
    yield "-", f"{CBC}:7", "hmac(sha1):160:200", 0
    yield "-", f"{CBC}:7", "hmac(sha1):160:4", 0
    yield "-", "nosuch:7", "hmac(sha1):160:4", 0
    yield "-", f"{CBC}:7", "nosuch:160", 0
    yield "nosuch:7:7", "-", "-", 0
    yield f"{GCM}:7:7", "-", "-", 0
    yield f"{GCM}:7:64", "-", "-", 1


def other_aeads():
    for name in ("rfc4543(gcm(aes))", "rfc4309(ccm(aes))", "rfc7539esp(chacha20,poly1305)"):
        for bits in (0, 8, 24, 32, 96, 120, 128, 144, 151, 152, 153, 159, 160, 161, 168, 192, 216,
                     224, 232, 248, 256, 280, 281, 288, 289, 296, 320, 512):
            yield f"{name}:{bits}:128", "-", "-", 0
        for icv in (0, 8, 32, 64, 65, 96, 104, 112, 128, 136, 256):
            for bits in (152, 160, 288):
                for esn in (0, 1):
                    yield f"{name}:{bits}:{icv}", "-", "-", esn


def other_ciphers():
    for name in ("cbc(camellia)", "camellia", "cbc(des3_ede)", "des3_ede", "rfc3686(ctr(aes))",
                 "ctr(aes)", "rfc3686"):
        for bits in (0, 8, 64, 120, 128, 129, 136, 152, 160, 161, 184, 185, 192, 193, 200, 224, 256,
                     264, 288, 289, 296, 320, 512):
            yield "-", f"{name}:{bits}", SHA1, 0
        yield "-", f"{name}:192", "-", 0
        yield "-", f"{name}:160", "-", 1
        yield "-", f"{name}:192", "digest_null:0", 0


def other_digests():
    for name, full in (("hmac(md5)", 128), ("md5", 128), ("hmac(rmd160)", 160), ("rmd160", 160),
                       ("xcbc(aes)", 128), ("cmac(aes)", 128)):
        for bits in (0, 8, 64, 120, 121, 127, 128, 129, 136, 160, 192, 200, 256, 264, 512):
            yield "-", f"{CBC}:128", f"{name}:{bits}", 0
        for icv in (0, 1, 8, 24, 31, 32, 64, 96, 100, 128, full, full + 1, 256):
            for esn in (0, 1):
                yield "-", f"{CBC}:128", f"{name}:128:{icv}", esn
        yield "-", f"{NULL}:0", f"{name}:128", 0
        yield "-", "-", f"{name}:128", 0


def main():
    sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_XFRM)
    sock.bind((0, 0))
    sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
    sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
    print("# Recorded by record_transform_cases.py from Linux", os.uname().release)
    print("# aead\tcrypt\tauth\tesn\terrno\ttext")
    seen = set()
    for case in cases():
        if case in seen:
            continue
        seen.add(case)
        sock.send(new_sa(0x1000 + len(seen), case))
        print(*case, *answer(sock), sep="\t")


if __name__ == "__main__":
    main()
