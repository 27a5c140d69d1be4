# SPDX-License-Identifier: BSD-2-Clause
"""Messages as lines of text, without what is volatile: times of day are 1, sequence numbers of ACQUIRE are counted from 1
in each case; counts in events, which uxfrmd makes a moment later, are left out."""
import struct

NAMES = {16: 'NEWSA', 17: 'DELSA', 23: 'ACQUIRE', 24: 'EXPIRE', 30: 'NEWAE', 38: 'MAPPING', 28: 'FLUSHSA'}
HEADERS = {16: 224, 17: 24, 23: 280, 24: 232, 30: 48, 38: 64}
LTIME_VAL, LASTUSED, PAD = 9, 15, 27
KEY_ACQUIRE = 6
KEY_NAMES = {6: 'ACQUIRE', 8: 'EXPIRE', 11: 'NEW_MAPPING'}
KEY_LIFETIME_CURRENT, KEY_PROPOSAL = 2, 13


def messages(datagram):
    while len(datagram) >= 16:
        size = struct.unpack_from('=I', datagram)[0]
        yield datagram[:size]
        datagram = datagram[(size + 3) & ~3:]


class Masks:
    """of one case"""

    def __init__(self):
        self.numbers = {0: 0}

    @staticmethod
    def interface(body, at):
        """that of the selector of a larval SA: the kernel has found a route by then"""
        struct.pack_into('=i', body, at, 0)

    def number(self, body, at):
        """a sequence number as the how manieth of this case"""
        seen = struct.unpack_from('=I', body, at)[0]
        struct.pack_into('=I', body, at, self.numbers.setdefault(seen, len(self.numbers)))

    def lifetime(self, body, at, counts):
        """bytes, packets, added, used"""
        values = list(struct.unpack_from('=4Q', body, at))
        if not counts:
            values[:2] = [0, 0]
        struct.pack_into('=4Q', body, at, *values[:2], *(min(v, 1) for v in values[2:]))

    def sa(self, body, counts):
        self.interface(body, 48)
        self.lifetime(body, 160, counts)
        self.number(body, 204)

    def show(self, message, counts=False):
        kind = struct.unpack_from('=H', message, 4)[0]
        size = HEADERS.get(kind, len(message) - 16)
        body = bytearray(message[16:16 + size])
        if kind in (16, 24):
            self.sa(body, counts)
        elif kind == 23:
            self.interface(body, 88)
            body[216:248] = bytes(32)  # what the policy has counted
            self.number(body, 276)
        text = [NAMES.get(kind, str(kind)), body.hex()]
        at = 16 + ((size + 3) & ~3)
        while at + 4 <= len(message):
            length, attr = struct.unpack_from('=HH', message, at)
            value = bytearray(message[at + 4:at + length])
            if attr == PAD:
                at += length
                continue
            if attr == LTIME_VAL:
                self.lifetime(value, 0, counts)
            elif attr == LASTUSED:
                value = b'\1'
            text.append(f'{attr}:{value.hex()}')
            at += max(4, (length + 3) & ~3)
        return ' '.join(text)

    def show_key(self, message):
        head = bytearray(message[:16])
        if message[1] == KEY_ACQUIRE:
            self.number(head, 8)
        head[4:6] = bytes(2)  # the length; extensions say it
        text = ['PF_KEY', KEY_NAMES.get(message[1], str(message[1])), head.hex()]
        at = 16
        while at + 4 <= len(message):
            length, kind = struct.unpack_from('=HH', message, at)
            value = message[at + 4:at + 8 * length]
            # each proposes what it has
            text.append(str(kind) if kind in (KEY_LIFETIME_CURRENT, KEY_PROPOSAL) else f'{kind}:{value.hex()}')
            at += 8 * length
        return ' '.join(text)
