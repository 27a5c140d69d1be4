#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""nlcompare.py KERNEL OURS: compare two outputs of the same nltalk script, case by case. What cannot be
equal is masked: the time at which an SA or a policy was added, an index or an SPI that the answering side
chose (nlrandom.py), the sizes of hash tables, and the padding of NLMSGERR_ATTR_POLICY.

With --mask FILE: print one output, masked and shortened, for test_transcript.c. With --choose N KERNEL OURS: the
same of at most N cases, those that have most to show."""
import re
import struct
import sys
import xfrm_bytes


def mask_time(b, at):
    """curlft.add_time, when it is not one the request gave"""
    add, = struct.unpack_from('=Q', b, at)
    if add and add != 1600000000:
        struct.pack_into('=Q', b, at, 1)


def mask_spi(b, at):
    """an SPI of the range from which the answering side chooses"""
    if b[at:at + 2] == b'\x70\0':
        b[at + 2:at + 4] = b'\0\0'


def mask_index(b, at):
    """the index of a policy, when it is not one the request gave; the direction stays"""
    index, = struct.unpack_from('=I', b, at)
    if 8 <= index < 0x10000000:
        struct.pack_into('=I', b, at, 8 | index & 7)


def mask_info(b, off):
    mask_spi(b, off + 56 + 16)
    mask_time(b, off + 56 + 24 + 16 + 64 + 16)


def mask_policy(b, off):
    mask_time(b, off + 56 + 64 + 16)
    mask_index(b, off + 56 + 64 + 32 + 4)


def attrs(b, off, end):
    while off + 4 <= end:
        n, kind = struct.unpack_from('=HH', b, off)
        if n < 4 or off + n > end:
            return
        yield off, n, kind & 0x3fff
        off += (n + 3) & ~3


def without_pads(b, start):
    """an event of replay state without the attributes by which some machines align 64-bit numbers"""
    keep = b[:start] + b''.join(bytes(b[o:o + ((n + 3) & ~3)]) for o, n, k in attrs(b, start, len(b))
                                if k != xfrm_bytes.PAD)
    struct.pack_into('=I', keep, 0, len(keep))
    return keep


def mask_message(b):
    length, kind, flags, _, _ = struct.unpack_from('=IHHII', b)
    if kind == 30 and length >= 64:
        b = without_pads(b, 64)
        for off, n, k in attrs(b, 64, len(b)):
            if k == 9 and n >= 36:
                mask_time(b, off + 4 + 16)
        return b
    if kind == 23 and length >= 16 + 280:  # the number of an ACQUIRE
        struct.pack_into('=I', b, 16 + 276, 0)
    if kind == 24:
        mask_info(b, 16)
    if kind == 27:
        mask_policy(b, 16)
    if kind in (16, 26) and length >= 16 + 224:
        mask_info(b, 16)
    if kind in (19, 25) and length >= 16 + 168:
        mask_policy(b, 16)
    if kind == 17:
        mask_spi(b, 32)
        for off, n, k in attrs(b, 40, length):
            if k == 6:
                mask_info(b, off + 4)
    if kind == 20:
        mask_index(b, 72)
        for off, n, k in attrs(b, 80, length):
            if k == 7:
                mask_policy(b, off + 4)
    if kind in (34, 36):  # NEWSADINFO and NEWSPDINFO
        for off, n, k in attrs(b, 20, length):
            if k == 2:
                b[off + 4:off + 12] = bytes(8)
    if kind in (2, 3) and flags & 0x200:
        start = 20 if kind == 3 else 36 if flags & 0x100 else 20 + ((struct.unpack_from('=I', b, 20)[0] + 3) & ~3)
        keep = b[:start]
        for off, n, k in attrs(b, start, length):
            if k == 1 and b'MTIMER_THRESH' in b[off:off + n]:
                t = bytearray(xfrm_bytes.attr(1, b'about MTIMER_THRESH'))
                keep += t
            elif k == 4:  # some machines pad 64-bit numbers
                keep += xfrm_bytes.attr(0x8004, b''.join(bytes(b[o:o + m]) for o, m, i in attrs(b, off + 4, off + n)
                                                         if i != 11))
            else:
                keep += b[off:off + ((n + 3) & ~3)]
        struct.pack_into('=I', keep, 0, len(keep))
        return keep
    return b


def messages(hexed, mask=mask_message):
    """the messages of a datagram: dumps are cut differently by each side"""
    b = bytearray.fromhex(hexed)
    while len(b) >= 16:
        n = (struct.unpack_from('=I', b)[0] + 3) & ~3
        if n < 16 or n > len(b):
            break
        yield mask(b[:n]).hex()
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


class Shortener:
    """What one case says, shorter: {n} is n bytes 00, [n] n bytes ff, (k+n) n bytes of what the case has said
    from its byte k on"""
    SEEN = 6

    def __init__(self):
        self.said, self.at = b'', {}

    def repeated(self, b, i):
        """(where, how many bytes) of b[i:] were said before"""
        where = self.at.get(b[i:i + self.SEEN])
        if where is None:
            return 0, 0
        n = self.SEEN
        while i + n < len(b) and where + n < len(self.said) and self.said[where + n] == b[i + n]:
            n += 1
        return where, n

    def short(self, hexed):
        b, out, i = bytes.fromhex(hexed), [], 0
        while i < len(b):
            run = len(re.match(rb'\0+|\xff+|(?s:.)', b[i:])[0])
            where, n = self.repeated(b, i)
            if n > run:
                out.append('(%d+%d)' % (where, n))
            elif run >= 4:
                out.append(('[%d]' if b[i] else '{%d}') % run)
                n = run
            else:
                out.append('%02x' % b[i])
                n = 1
            i += n
        start = max(0, len(self.said) - self.SEEN + 1)
        self.said += b
        for k in range(start, len(self.said) - self.SEEN + 1):
            self.at.setdefault(self.said[k:k + self.SEEN], k)
        return ''.join(out)


def print_masked(lines):
    """all the lines of an output, as test_transcript.c wants them"""
    case = Shortener()
    for line in lines:
        w = line.split()
        if w[0] == '<':
            for x in messages(w[3]):
                print(*w[:3], case.short(x))
        elif w[0] == '>':
            print(*w[:2], case.short(w[2]))
        else:
            if w[0] == 'reset':
                case = Shortener()
            print(line.rstrip())


NAMES = dict((k, n) for n, k in vars(xfrm_bytes).items() if isinstance(k, int) and 16 <= k <= 41 and k == getattr(
    xfrm_bytes, n) and n.startswith(('NEW', 'DEL', 'GET', 'ALLOC', 'UPD', 'FLUSH', 'ACQ', 'EXP',
                                                                                             'POLEXP', 'SETDEF')))
BODY = {16: 224, 26: 224, 17: 24, 18: 24, 22: 232, 19: 168, 25: 168, 20: 64, 21: 64, 28: 1, 34: 4, 35: 4, 36: 4, 37: 4, 23: 280,
        24: 232, 27: 176, 30: 48, 31: 48, 39: 3, 40: 3}


def outline(hexed):
    """a message in one line"""
    b = bytes.fromhex(hexed)
    if len(b) < 16:
        return b.hex()
    length, kind, flags, seq, pid = struct.unpack_from('=IHHII', b)
    if kind in (2, 3):
        return text(hexed)
    body = (BODY.get(kind, 0) + 3) & ~3
    return '%s len %d flags %x | %s | %s' % (NAMES.get(kind, kind), length, flags, b[16:16 + body].hex(), ' '.join(
        '%d:%s' % (k, b[o + 4:o + n].hex()) for o, n, k in attrs(b, 16 + body, min(length, len(b)))))


def where(a, b):
    """what differs between two messages, roughly: for counting"""
    x, y = bytes.fromhex(a), bytes.fromhex(b)
    kx, ky = (struct.unpack_from('=H', z, 4)[0] for z in (x, y))
    if kx != ky or kx in (2, 3):
        return '%s / %s' % (tuple(text(h) if k in (2, 3) else NAMES.get(k, k) for h, k in ((a, kx), (b, ky))))
    body = 16 + ((BODY.get(kx, 0) + 3) & ~3)
    if x[16:body] != y[16:body]:
        return '%s body at %d' % (NAMES.get(kx, kx), next(i for i in range(body) if x[i] != y[i]) - 16)
    both = [[(k, z[o + 4:o + n]) for o, n, k in attrs(z, body, len(z))] for z in (x, y)]
    for p, q in zip(*both):
        if p != q:
            return '%s attribute %s' % (NAMES.get(kx, kx), p[0] if p[0] == q[0] else (p[0], q[0]))
    return '%s number of attributes' % NAMES.get(kx, kx)


def answered(request, answer):
    """the message of a datagram to which this answers, by its sequence number"""
    for m in messages(request, bytes):
        if answer[0] == '<' and m[16:24] == answer[3][16:24]:
            return m
    return request


def difference(kernel, ours):
    """(its kind, the lines to show) of the first difference of a case, None when there is none"""
    request = ''
    for i in range(max(len(kernel), len(ours))):
        x, y = (z[i] if i < len(z) else None for z in (kernel, ours))
        if x and x[0] == '>':
            request = x[2]
        if x == y:
            continue
        if x and y and x[0] == y[0] == '<' and x[1:3] == y[1:3]:
            kind = where(x[3], y[3])
        else:
            kind = '%s / %s' % tuple('silence' if not z or z[0] == '>' else 'event' if z[1] == 'B' else
                                     outline(z[3])[:60] for z in (x, y))
        lines = ['   request ' + outline(answered(request, x or y))]
        for who, z in (('kernel', x), ('ours  ', y)):
            lines.append('   %s %s' % (who, z and '%s %s %s' % (z[1], z[2], outline(z[3])) if z and z[0] == '<' else '-'))
        return kind, lines
    return None


def features(exchange):
    """what is remarkable in a case: answers and events by request, and the attributes in them"""
    found, request = set(), None
    for w in exchange:
        if w[0] == '>':
            request = w[2]
            continue
        asked = bytes.fromhex(answered(request, w))[4:6]
        kind, = struct.unpack_from('=H', bytes.fromhex(w[3]), 4)
        if kind in (2, 3):
            found.add((asked, re.sub(r'; 2: .*', '', text(w[3]))))
            continue
        words = outline(w[3]).split(' | ')
        found |= {(w[1], asked, a.split(':')[0]) for a in words[-1].split(' ')} | {(w[1], asked, words[0][:9])}
    return found


def choose(count, kernel, ours):
    """at most count cases in which both agree, each with something the ones before have not; as --mask"""
    a, b = cases(kernel), cases(ours)
    left = {name: features(e) for name, e in a.items() if difference(e, b.get(name, [])) is None and not any(
        w[0] == '<' and (b'MTIMER' in bytes.fromhex(w[3]) or w[3][8:12] in ('2200', '2400')) for w in e)}
    seen, chosen = set(), set()
    while left and len(chosen) < count:
        # the smallest for what it adds
        name = max(left, key=lambda n: (len(left[n] - seen) / (1 + sum(len(w[-1]) for w in a[n])), n))
        seen |= left.pop(name)
        chosen.add(name)
    name, lines = None, []
    for line in open(kernel):
        if line.startswith('reset'):
            name = line.split()[1]
        if name in chosen:
            lines.append(line)
    print_masked(lines)


def main():
    if sys.argv[1] == '--mask':
        return print_masked(open(sys.argv[2]))
    if sys.argv[1] == '--choose':
        return choose(int(sys.argv[2]), sys.argv[3], sys.argv[4])
    a, b = cases(sys.argv[1]), cases(sys.argv[2])
    kinds = {}
    for name in a:
        d = difference(a[name], b.get(name, []))
        if d:
            kinds.setdefault(d[0], []).append((name, d[1]))
    for kind, found in sorted(kinds.items(), key=lambda k: -len(k[1])):
        print('== %d x %s' % (len(found), kind))
        for name, lines in found[:2]:
            print('  ', name)
            print('\n'.join(lines))
    print('%d of %d cases differ' % (sum(map(len, kinds.values())), len(a)))
    sys.exit(bool(kinds))


if __name__ == '__main__':
    main()
