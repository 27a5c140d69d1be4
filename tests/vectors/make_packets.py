#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whole ESP packets by another implementation: prints packets.txt (see test_vectors.c).

Needs scapy and cryptography. Where scapy lacks a length of the ICV or the ESN, this
script makes the ICV. Deterministic: the same text each time.
"""
import hashlib
import hmac
import random
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from scapy.layers.inet import IP, UDP
from scapy.layers.ipsec import ESP, SecurityAssociation
from scapy.packet import Raw

RANDOM = random.Random(4303)
SCAPY_AUTH = {("sha1", 96): "HMAC-SHA1-96", ("sha256", 128): "SHA2-256-128",
              ("sha384", 192): "SHA2-384-192", ("sha512", 256): "SHA2-512-256"}


def rand(n):
    return bytes(RANDOM.randrange(256) for _ in range(n))


def aes(key, mode):
    return Cipher(algorithms.AES(key), mode)


def scapy_packet(spi, seq, esn, payload, iv, **algos):
    sa = SecurityAssociation(ESP, spi=spi, esn_en=esn is not None, esn=esn or 0, **algos)
    inner = IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2) / Raw(payload)
    outer = sa.encrypt(inner, seq_num=seq, iv=iv, esn_en=esn is not None, esn=esn or 0)
    return bytes(outer[ESP])


def show(name, lines, esn, counter, packet, plain):
    print(f"name {name}, ESN {esn is not None}, {len(plain)} bytes")
    for line in lines:
        print(line)
    if esn is not None:
        print(f"seq_hi {esn:08x}")
    print(f"counter {counter:016x}\npacket {packet.hex()}\nplain {plain.hex()}\n")


def gcm(key_len, icv_len, esn, length):
    key, salt = rand(key_len), rand(4)
    spi, seq = RANDOM.randrange(256, 2**32), RANDOM.randrange(1, 2**32)
    counter = RANDOM.randrange(2**64)
    iv = struct.pack("!Q", counter)
    packet = scapy_packet(spi, seq, esn, rand(length), iv, crypt_algo="AES-GCM",
                          crypt_key=key + salt)
    high = b"" if esn is None else struct.pack("!I", esn)
    aad = struct.pack("!I", spi) + high + struct.pack("!I", seq)
    plain = AESGCM(key).decrypt(salt + iv, packet[16:], aad)
    packet = packet[:len(packet) - 16 + icv_len]
    lines = [f"aead rfc4106(gcm(aes)) {(key + salt).hex()} {icv_len * 8}"]
    show("scapy AES-GCM", lines, esn, counter, packet, plain)


def cbc_hmac(key_len, digest, icv_bits, esn, length):
    full = hashlib.new(digest).digest_size
    key, auth_key = rand(key_len), rand(full)
    spi, seq = RANDOM.randrange(256, 2**32), RANDOM.randrange(1, 2**32)
    counter = RANDOM.randrange(2**64)
    algos = {"auth_algo": SCAPY_AUTH.get((digest, icv_bits), "NULL"), "auth_key": auth_key}
    iv, crypt = b"", "crypt ecb(cipher_null) -"
    if key:
        block = aes(key, modes.ECB()).encryptor()
        iv = block.update(bytes(8) + struct.pack("!Q", counter))
        algos |= {"crypt_algo": "AES-CBC", "crypt_key": key}
        crypt = f"crypt cbc(aes) {key.hex()}"
    # scapy 2.5 leaves the high half of an ESN out of ESP's HMAC
    if algos["auth_algo"] == "NULL" or esn is not None:
        del algos["auth_algo"], algos["auth_key"]
    packet = scapy_packet(spi, seq, esn, rand(length), iv, **algos)
    if "auth_algo" in algos:
        body = packet[8 + len(iv):-(icv_bits // 8)]
    else:
        body = packet[8 + len(iv):]
        covered = packet + (b"" if esn is None else struct.pack("!I", esn))
        packet += hmac.new(auth_key, covered, digest).digest()[:icv_bits // 8]
    plain = aes(key, modes.CBC(iv)).decryptor().update(body) if key else body
    lines = [crypt, f"auth hmac({digest}) {auth_key.hex()} {icv_bits}"]
    show(f"scapy {'AES-CBC' if key else 'null'}, {digest}", lines, esn, counter, packet, plain)


def main():
    print("# SPDX-License-Identifier: BSD-2-Clause")
    print("# Made by make_packets.py. Format: test_vectors.c.\n")
    for esn in (None, 0, 1, 0xfffffffe):
        for key_len in (16, 24, 32):
            for icv_len in (8, 12, 16):
                gcm(key_len, icv_len, esn, RANDOM.randrange(120))
        for digest, icv_bits in (("sha1", 96), ("sha1", 160), ("sha256", 96), ("sha256", 128),
                                 ("sha384", 192), ("sha512", 256), ("sha512", 512)):
            for key_len in (0, 16, 24, 32):
                cbc_hmac(key_len, digest, icv_bits, esn, RANDOM.randrange(120))
    gcm(32, 16, 7, 1400)
    cbc_hmac(32, "sha512", 256, 7, 1400)


if __name__ == "__main__":
    main()
