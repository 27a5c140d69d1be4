#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_pfkey_corpus.py: write the seeds of fuzz_pfkey to corpus/pfkey: the written cases of tests/oracle/pfkey_cases.py,
some random sequences of pfkey_random.py, and dumps that wait for room. The files found_* there come from libFuzzer
(-merge=1 -max_len=400 -use_counters=0)."""
import os
import random
import struct
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', 'oracle'))
import pfkey_cases  # noqa: E402
import pfkey_random  # noqa: E402
import pfkey_wire as w  # noqa: E402

SEND_P, SEND_Q, NETLINK, TICK, ROOM, RESUME, REOPEN = range(7)
folder = os.path.join(here, 'corpus', 'pfkey')
SOCKETS = {'P': SEND_P, 'Q': SEND_Q, 'R': SEND_Q, 'S': SEND_Q, 'M': NETLINK}


def piece(op, data):
    return struct.pack('<BH', op, len(data)) + data


def pieces(lines):
    for line in lines:
        words = line.split()
        if words[0] == '>':
            data = bytes.fromhex(words[2]) if len(words) > 2 else b''
            yield piece(SOCKETS[words[1]], data)
        elif words[0] == 'tick':
            units = int(words[1]) // 50
            yield piece(TICK, bytes([min(units, 255), max(1, units // 255)]))


def seed(name, data):
    if len(data) <= 4000:
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(data)


def main():
    os.makedirs(folder, exist_ok=True)
    for name, lines in pfkey_cases.all_cases():
        seed(name, b''.join(pieces(lines)))
    for i in range(40):
        seed(f'random_{i}', b''.join(pieces(pfkey_random.Sequence(random.Random(i)).make(12))))
    fill = b''.join(piece(SEND_P, w.esp(spi=0x1000 + i)) for i in range(9))
    for kind, name in ((w.DUMP, 'sad'), (w.SPDDUMP, 'spd')):
        seed(f'dump_waits_{name}', fill + piece(SEND_P, w.spd()) + piece(ROOM, b'\0\2') + piece(SEND_P, w.message(kind, satype=0)) +
             piece(SEND_Q, w.message(w.FLUSH)) + piece(RESUME, b'\0\3') + piece(RESUME, b'\0\x64'))


main()
