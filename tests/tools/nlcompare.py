#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""nlcompare.py KERNEL OURS: compare two outputs of the same nltalk script, case by case. What cannot be
equal is masked: the time at which an SA was added, and NLMSGERR_ATTR_POLICY, which only a kernel sends.
With --mask FILE: print one output, masked and
with zeros shortened, for test_transcript.c."""
import re
import struct
import sys


def mask_info(b, off):
    """curlft.add_time of an xfrm_usersa_info, when it is not one the request gave"""
    at = off + 56 + 24 + 16 + 64 + 16
    add, = struct.unpack_from('=Q', b, at)
    if add and add != 1600000000:
        struct.pack_into('=Q', b, at, 1)


def attrs(b, off, end):
    while off + 4 <= end:
        n, kind = struct.unpack_from('=HH', b, off)
        if n < 4 or off + n > end:
            return
        yield off, n, kind & 0x3fff
        off += (n + 3) & ~3


def mask_message(b):
    length, kind, flags, _, _ = struct.unpack_from('=IHHII', b)
    if kind in (16, 26) and length >= 16 + 224:
        mask_info(b, 16)
    if kind == 17:
        for off, n, k in attrs(b, 40, length):
            if k == 6:
                mask_info(b, off + 4)
    if kind in (2, 3) and flags & 0x200:
        start = 20 if kind == 3 else 36 if flags & 0x100 else 20 + ((struct.unpack_from('=I', b, 20)[0] + 3) & ~3)
        keep = b[:start]
        for off, n, k in attrs(b, start, length):
            if k != 4:
                keep += b[off:off + ((n + 3) & ~3)]
        struct.pack_into('=I', keep, 0, len(keep))
        return keep
    return b


def messages(hexed):
    """the messages of a datagram: dumps are cut differently by each side"""
    b = bytearray.fromhex(hexed)
    while len(b) >= 16:
        n = (struct.unpack_from('=I', b)[0] + 3) & ~3
        if n < 16 or n > len(b):
            break
        yield mask_message(b[:n]).hex()
        b = b[n:]
    if b:
        yield b.hex()


def text(hexed):
    b = bytes.fromhex(hexed)
    length, kind, flags, seq, _ = struct.unpack_from('=IHHII', b)
    if kind != 2:
        return 'type %d flags %x, %d bytes' % (kind, flags, len(b))
    err, = struct.unpack_from('=i', b, 16)
    start = 36 if flags & 0x100 else 20 + ((struct.unpack_from('=I', b, 20)[0] + 3) & ~3)
    t = ['%d: %s' % (k, b[o + 4:o + n - 1].decode() if k == 1 else b[o + 4:o + n].hex())
         for o, n, k in (attrs(b, start, length) if flags & 0x200 else ())]
    return 'error %d flags %x %s' % (err, flags, '; '.join(t))


def cases(path):
    name, result = None, {}
    for line in open(path):
        w = line.split()
        if w[0] == 'reset':
            name = w[1]
            result[name] = []
        elif w[0] == '<':
            result[name] += [(w[0], w[1], w[2], x) for x in messages(w[3])]
        elif w[0] == '>':
            result[name].append(tuple(w))
    return result


def short(hexed):
    """runs of zero bytes as {n}"""
    b = bytes.fromhex(hexed)
    return re.sub(rb'\0{4,}|(?s:.)', lambda m: b'{%d}' % len(m[0]) if len(m[0]) > 1 else m[0].hex().encode(),
                  b).decode()


def masked(path):
    for line in open(path):
        w = line.split()
        if w[0] == '<':
            for x in messages(w[3]):
                print(*w[:3], short(x))
        elif w[0] == '>':
            print(*w[:2], short(w[2]))
        else:
            print(line.rstrip())


def main():
    if sys.argv[1] == '--mask':
        return masked(sys.argv[2])
    a, b = cases(sys.argv[1]), cases(sys.argv[2])
    bad = 0
    for name in a:
        if a[name] == b.get(name):
            continue
        bad += 1
        print('==', name)
        ours = list(b.get(name, []))
        for i in range(max(len(a[name]), len(ours))):
            x = a[name][i] if i < len(a[name]) else None
            y = ours[i] if i < len(ours) else None
            if x == y:
                continue
            for who, z in (('kernel', x), ('ours  ', y)):
                print('  ', who, z[:3] + ((text(z[3]), z[3]) if z[0] == '<' else (z[2][:80],)) if z else None)
            break
    print('%d of %d cases differ' % (bad, len(a)))
    sys.exit(bad != 0)


main()
