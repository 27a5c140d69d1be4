#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""ESP packets made by a running Linux kernel: prints kernel_packets.txt (see test_vectors.c).

Needs root in a network namespace of its own, ip, /dev/net/tun and a kernel with
XFRM and ESP. Packets leave by a TUN device, where they are read.
"""
import fcntl
import os
import random
import socket
import struct
import subprocess

RANDOM = random.Random(4301)
PROTOCOL = 253  # for experiments, RFC 3692
LOCAL, PEER = "10.9.1.1", "10.9.1.2"


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def rand(n):
    return bytes(RANDOM.randrange(256) for _ in range(n))


def open_tun():
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"uxtun0", 0x1001))
    ip("addr", "add", LOCAL + "/24", "dev", "uxtun0")
    ip("link", "set", "uxtun0", "up")
    return tun


def algorithms():
    for key_len in (16, 24, 32):
        for icv_bits in (64, 96, 128):
            key = "0x" + rand(key_len + 4).hex()
            yield ["aead", "rfc4106(gcm(aes))", key, str(icv_bits)]
    for key_len in (0, 16, 24, 32):
        crypt = ["enc", "ecb(cipher_null)", ""]
        if key_len:
            crypt = ["enc", "cbc(aes)", "0x" + rand(key_len).hex()]
        for digest, full, icv_bits in (("sha1", 20, 96), ("sha256", 32, 96), ("sha256", 32, 128),
                                       ("sha384", 48, 192), ("sha512", 64, 256),
                                       ("sha512", 64, 512)):
            key = "0x" + rand(full).hex()
            yield crypt + ["auth-trunc", f"hmac({digest})", key, str(icv_bits)]
        if key_len:
            yield crypt
    yield from other_algorithms()


def other_algorithms():
    for key_len in (16, 24, 32):
        yield ["aead", "rfc4543(gcm(aes))", "0x" + rand(key_len + 4).hex(), "128"]
        for icv_bits in (64, 96, 128):
            yield ["aead", "rfc4309(ccm(aes))", "0x" + rand(key_len + 3).hex(), str(icv_bits)]
    yield ["aead", "rfc7539esp(chacha20,poly1305)", "0x" + rand(36).hex(), "128"]
    sha1 = ["auth-trunc", "hmac(sha1)", "0x" + rand(20).hex(), "96"]
    for name, key_len in (("cbc(camellia)", 16), ("cbc(camellia)", 24), ("cbc(camellia)", 32),
                          ("cbc(des3_ede)", 24), ("rfc3686(ctr(aes))", 20),
                          ("rfc3686(ctr(aes))", 28), ("rfc3686(ctr(aes))", 36)):
        crypt = ["enc", name, "0x" + rand(key_len).hex()]
        yield crypt + sha1
        yield crypt
    for name, key_len, lengths in (("hmac(md5)", 16, (96, 128)), ("hmac(rmd160)", 20, (96, 160)),
                                   ("xcbc(aes)", 16, (96, 128)), ("cmac(aes)", 16, (96, 128))):
        for icv_bits in lengths:
            crypt = ["enc", "cbc(aes)", "0x" + rand(16).hex()]
            yield crypt + ["auth-trunc", name, "0x" + rand(key_len).hex(), str(icv_bits)]
            yield ["enc", "ecb(cipher_null)", "", "auth-trunc", name, "0x" + rand(key_len).hex(),
                   str(icv_bits)]


ALIGN = {"cbc(aes)": 16, "cbc(camellia)": 16, "cbc(des3_ede)": 8}


def as_line(algo):
    words = []
    while algo:
        kind, name, key, *algo = algo
        icv = [algo.pop(0)] if kind != "enc" else []
        kind = {"enc": "crypt", "auth-trunc": "auth"}.get(kind, kind)
        words.append(" ".join([kind, name, key[2:] or "-"] + icv))
    return words


def plain_of(payload, align):
    pad = -(len(payload) + 2) % align
    return payload + bytes(range(1, pad + 1)) + bytes([pad, PROTOCOL])


def read_esp(tun):
    while True:
        packet = os.read(tun, 2048)
        if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_ESP:
            return packet[20:]


def main():
    tun = open_tun()
    sock = socket.socket(socket.AF_INET, socket.SOCK_RAW, PROTOCOL)
    ip("xfrm", "policy", "add", "src", LOCAL, "dst", PEER, "dir", "out",
       "tmpl", "proto", "esp", "mode", "transport")
    print("# SPDX-License-Identifier: BSD-2-Clause")
    print("# Recorded by record_kernel_packets.py from Linux", os.uname().release + ".",
          "Format: test_vectors.c.\n")
    for algo in algorithms():
        for seq_hi in (None, 0, RANDOM.randrange(2**31)):
            seq, spi = RANDOM.randrange(1, 2**31), RANDOM.randrange(256, 2**32)
            words = ["src", LOCAL, "dst", PEER, "proto", "esp", "spi", hex(spi)]
            extra = ["replay-oseq", hex(seq - 1)]
            if seq_hi is not None:
                extra += ["flag", "esn", "replay-window", "32", "replay-oseq-hi", hex(seq_hi)]
            ip("xfrm", "state", "add", *words, "mode", "transport", *extra, *algo)
            payload = rand(RANDOM.randrange(1, 100))
            sock.sendto(payload, (PEER, 0))
            packet = read_esp(tun)
            ip("xfrm", "state", "delete", *words[2:])
            assert packet[:8] == struct.pack("!II", spi, seq)
            print(f"name Linux {algo[1]}, ESN {seq_hi is not None}")
            print("\n".join(as_line(algo)))
            if seq_hi is not None:
                print(f"seq_hi {seq_hi:08x}")
            plain = plain_of(payload, ALIGN.get(algo[1], 4))
            print(f"packet {packet.hex()}\nplain {plain.hex()}\n")


if __name__ == "__main__":
    main()
