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
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.cmac import CMAC
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


def header(esn):
    """SPI, sequence number, and the two with the high half of an ESN between them."""
    spi, seq = RANDOM.randrange(256, 2**32), RANDOM.randrange(1, 2**32)
    high = b"" if esn is None else struct.pack("!I", esn)
    return struct.pack("!II", spi, seq), struct.pack("!I", spi) + high + struct.pack("!I", seq), high


def trailer(length, align):
    """A payload with its padding, as ESP encrypts it."""
    pad = -(length + 2) % align
    return rand(length) + bytes(range(1, pad + 1)) + bytes([pad, 4])


def other_aead(name, key_len, icv_len, esn, length):
    key, salt = rand(key_len), rand(3 if "ccm" in name else 4)
    front, aad, _ = header(esn)
    counter = RANDOM.randrange(2**64)
    iv, plain = struct.pack("!Q", counter), trailer(length, 4)
    if "4543" in name:
        packet = front + iv + plain + AESGCM(key).encrypt(salt + iv, b"", aad + iv + plain)
    elif "ccm" in name:
        packet = front + iv + AESCCM(key, icv_len).encrypt(salt + iv, plain, aad)
    else:
        packet = front + iv + ChaCha20Poly1305(key).encrypt(salt + iv, plain, aad)
    show(f"cryptography {name}", [f"aead {name} {(key + salt).hex()} {icv_len * 8}"], esn, counter,
         packet, plain)


def encipher(name, key, counter, plain):
    """IV and ciphertext."""
    if name == "rfc3686(ctr(aes))":
        iv = struct.pack("!Q", counter)
        run = aes(key[:-4], modes.CTR(key[-4:] + iv + struct.pack("!I", 1))).encryptor()
        return iv + run.update(plain)
    algorithm = algorithms.TripleDES(key) if "des3" in name else algorithms.Camellia(key)
    block = algorithm.block_size // 8
    ecb = Cipher(algorithm, modes.ECB()).encryptor()
    iv = ecb.update(bytes(block - 8) + struct.pack("!Q", counter))
    return iv + Cipher(algorithm, modes.CBC(iv)).encryptor().update(plain)


def other_cipher(name, key_len, esn, length):
    front, _, high = header(esn)
    key, auth_key, counter = rand(key_len), rand(16), RANDOM.randrange(2**64)
    plain = trailer(length, {"cbc(camellia)": 16, "cbc(des3_ede)": 8}.get(name, 4))
    packet = front + encipher(name, key, counter, plain)
    packet += hmac.new(auth_key, packet + high, "md5").digest()[:12]
    show(f"cryptography {name}", [f"crypt {name} {key.hex()}", f"auth hmac(md5) {auth_key.hex()} 96"],
         esn, counter, packet, plain)


def cmac(key_len, icv_len, esn, length):
    front, _, high = header(esn)
    key, plain = rand(key_len), trailer(length, 4)
    mac = CMAC(algorithms.AES(key))
    mac.update(front + plain + high)
    packet = front + plain + mac.finalize()[:icv_len]
    show("cryptography cmac(aes)", ["crypt ecb(cipher_null) -",
                                    f"auth cmac(aes) {key.hex()} {icv_len * 8}"], esn, 0, packet, plain)


def others(esn):
    for key_len in (16, 24, 32):
        other_aead("rfc4543(gcm(aes))", key_len, 16, esn, RANDOM.randrange(120))
        for icv_len in (8, 12, 16):
            other_aead("rfc4309(ccm(aes))", key_len, icv_len, esn, RANDOM.randrange(120))
        other_cipher("cbc(camellia)", key_len, esn, RANDOM.randrange(120))
        other_cipher("rfc3686(ctr(aes))", key_len + 4, esn, RANDOM.randrange(120))
        cmac(key_len, 12 if key_len < 32 else 16, esn, RANDOM.randrange(120))
    other_aead("rfc7539esp(chacha20,poly1305)", 32, 16, esn, RANDOM.randrange(120))
    other_cipher("cbc(des3_ede)", 24, esn, RANDOM.randrange(120))


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
    for esn in (None, 0, 0xfffffffe):
        others(esn)


if __name__ == "__main__":
    main()
