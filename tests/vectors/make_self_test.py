#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Print src/crypto/self_test_answers.h: of each algorithm one of the known packets in these files, the shortest, with
an extended sequence number and made by encryption where there is such a one.

usage: make_self_test.py FILE...
"""
import pathlib
import sys

CIPHERS = {"rfc4106(gcm(aes))": ("AES-%d-GCM", 4), "rfc4543(gcm(aes))": ("AES-%d-GMAC", 4),
           "rfc4309(ccm(aes))": ("AES-%d-CCM", 3), "rfc7539esp(chacha20,poly1305)": ("ChaCha20-Poly1305", 4),
           "cbc(aes)": ("AES-%d-CBC", 0), "cbc(camellia)": ("Camellia-%d-CBC", 0), "cbc(des3_ede)": ("3DES-CBC", 0),
           "rfc3686(ctr(aes))": ("AES-%d-CTR", 4), "ecb(cipher_null)": ("null", 0)}
MACS = {"hmac(md5)": "HMAC-MD5", "hmac(sha1)": "HMAC-SHA-1", "hmac(sha256)": "HMAC-SHA-256",
        "hmac(sha384)": "HMAC-SHA-384", "hmac(sha512)": "HMAC-SHA-512", "hmac(rmd160)": "HMAC-RIPEMD-160",
        "xcbc(aes)": "AES-XCBC-MAC", "cmac(aes)": "AES-CMAC"}


def records(path):
    record = {}
    for line in path.read_text(encoding="utf-8").splitlines() + [""]:
        if line.startswith("#"):
            continue
        if line:
            word, _, value = line.partition(" ")
            record[word] = value
        elif record:
            yield record
            record = {}


def name_of(record):
    cipher, key = (record.get("aead") or record["crypt"]).split()[:2]
    text, salt = CIPHERS[cipher]
    if "%d" in text:
        text %= (len(key.replace("-", "")) // 2 - salt) * 8
    if "auth" in record:
        text += ", " + MACS[record["auth"].split()[0]]
    return text


def is_covered(name):
    """What other rows test already, in parts."""
    cipher, _, mac = name.partition(", ")
    if cipher.startswith(("3DES", "Camellia")):
        return mac != "HMAC-SHA-1"
    return mac == "HMAC-MD5" and cipher.endswith("CTR")


def preference(record):
    return ("counter" not in record, "seq_hi" not in record, len(record["packet"]))


def main(paths):
    best = {}
    for path in paths:
        for record in records(pathlib.Path(path)):
            name = name_of(record)
            if is_covered(name):
                continue
            if len(record["packet"]) <= 400 and (name not in best or preference(record) < preference(best[name])):
                best[name] = record
    print("/* SPDX-License-Identifier: BSD-2-Clause */\n#pragma once\n\n"
          "/* Made by tests/vectors/make_self_test.py. */\n\n#include \"crypto/self_test.h\"\n\n"
          "static const struct ux_known_packet known_packets[] = {")
    for name in sorted(best):
        record = best[name]
        print(f"    {{\n\t.name = \"{name}\",")
        for word, field in (("aead", "aead"), ("crypt", "cipher"), ("auth", "auth")):
            if word not in record:
                continue
            algorithm, key, *icv = record[word].split()
            print(f"\t.{field} = \"{algorithm}\",\n\t.{'auth_key' if word == 'auth' else 'key'} = \"{key.strip('-')}\",")
            if icv:
                print(f"\t.icv_bits = {icv[0]},")
        if "seq_hi" in record:
            print(f"\t.esn = true,\n\t.seq_hi = 0x{record['seq_hi']},")
        if "counter" in record:
            print(f"\t.encrypts = true,\n\t.counter = 0x{record['counter']},")
        for field in ("packet", "plain"):
            text = record[field].strip("-")
            lines = [text[i:i + 80] for i in range(0, len(text), 80)] or [""]
            joined = "\n\t    ".join(f'"{x}"' for x in lines)
            print(f"\t.{field} =\n\t    {joined},")
        print("    },")
    print("};")


if __name__ == "__main__":
    main(sys.argv[1:])
