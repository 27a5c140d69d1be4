# SPDX-License-Identifier: BSD-2-Clause
"""What two sides answered to one script, compared message by message. Masked, because it cannot be equal:

* the time at which an SA or a policy was added
* algorithms of REGISTER and ACQUIRE that this build of uxfrm does not have
* sequence numbers of ACQUIRE, and reqids given to templates: Linux counts them for the whole machine
"""
import pathlib
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'tools'))
import nlcompare  # noqa: E402

AUTH, ENCRYPT = 14, 15  # the lists of REGISTER
ACQUIRE, REGISTER = 6, 7
REQID_MANUAL_MAX = 0x3fff
COMB, PROPOSAL, POLICY, CURRENT, SA = 72, 13, 18, 2, 1


def algorithms(register):
    """the numbers that an answer to REGISTER tells, by list"""
    return {kind: {register[i] for i in range(at + 8, at + n, 8)} for at, n, kind in extensions(register)}


class Names:
    """numbers a side has chosen, by the order in which they are first seen in a sequence; @ours: algorithms(), None: all
    are told"""

    def __init__(self, ours):
        self.reqids, self.ours = {}, ours

    def reqid(self, n):
        return n if n <= REQID_MANUAL_MAX else 0x4000 + self.reqids.setdefault(n, len(self.reqids))


def put(fmt, b, at, value):
    struct.pack_into(fmt, b, at, value)


def get(fmt, b, at):
    return struct.unpack_from(fmt, b, at)[0]


def extensions(b):
    """(offset, bytes, type); stops where the message is not sound"""
    at = 16
    while at + 4 <= len(b):
        words, kind = struct.unpack_from('=HH', b, at)
        if not words or at + 8 * words > len(b):
            return
        yield at, 8 * words, kind
        at += 8 * words


def reset_length(b):
    put('=H', b, 4, len(b) // 8)


def only_ours(b, ours):
    """REGISTER's lists without what uxfrm does not have"""
    out = bytearray(b[:16])
    for at, n, kind in extensions(b):
        piece = bytearray(b[at:at + n])
        if kind in ours:
            piece = piece[:8] + b''.join(piece[i:i + 8] for i in range(8, n, 8) if piece[i] in ours[kind])
            put('=H', piece, 0, len(piece) // 8)
        out += piece
    reset_length(out)
    return out


def only_our_proposals(b, ours):
    out = bytearray(b[:16])
    for at, n, kind in extensions(b):
        piece = bytearray(b[at:at + n])
        if kind == PROPOSAL:
            combs = [piece[i:i + COMB] for i in range(8, n, COMB)]
            piece = piece[:8] + b''.join(c for c in combs if c[0] in ours[AUTH] and (not c[1] or c[1] in ours[ENCRYPT]))
            put('=H', piece, 0, len(piece) // 8)
        out += piece
    reset_length(out)
    return out


def mask_templates(b, at, n, names):
    end, at = at + n, at + 16
    while at + 16 <= end:
        length = get('=H', b, at)
        if length < 16:
            return
        put('=I', b, at + 8, names.reqid(get('=I', b, at + 8)))
        at += length


def mask_pfkey(b, names):
    """@b: bytearray of a whole message"""
    if len(b) < 16:
        return b
    kind, is_request = b[1], len(b) == 16
    for at, n, ext in extensions(b):
        if ext == CURRENT and n >= 32 and get('=Q', b, at + 16):
            put('=Q', b, at + 16, 1)
        if ext == POLICY:
            mask_templates(b, at, n, names)
    if kind == ACQUIRE and not is_request:
        put('=I', b, 8, 0)
    if names.ours and not is_request and kind in (REGISTER, ACQUIRE):
        return (only_ours if kind == REGISTER else only_our_proposals)(b, names.ours)
    return b


def mask_netlink(b, names):
    b = nlcompare.mask_message(b)
    kind = get('=H', b, 4)
    start = {19: 16 + 168, 25: 16 + 168, 20: 16 + 64, 23: 16 + 280}.get(kind)
    for at, n, attr in (nlcompare.attrs(b, start, len(b)) if start else ()):
        if attr == 5:
            for t in range(at + 4, at + n - 63, 64):
                put('=I', b, t + 44, names.reqid(get('=I', b, t + 44)))
    return b


def mask_line(line, names):
    """a line of an answer as it is compared"""
    words = line.split()
    if words[0] != '<':
        return [line.strip()]
    if words[1] in 'MN':
        return [f'< {words[1]} {m}' for m in nlcompare.messages(words[2], lambda b: mask_netlink(b, names))]
    return [f'< {words[1]} {mask_pfkey(bytearray.fromhex(words[2]), names).hex()}']


def sequences(path, ours):
    """(name, [(request, [answer, ...]), ...]), masked, for each sequence of an output"""
    name, steps, names = None, [], Names(ours)
    with open(path, encoding='ascii') as lines:
        for line in lines:
            word = line.split(maxsplit=2)
            if word[0] == 'reset':
                if name:
                    yield name, steps
                name, steps, names = word[1], [], Names(ours)
            elif word[0] in '<!':
                steps[-1][1].extend(mask_line(line, names))
            else:
                steps.append((line.strip(), []))
    if name:
        yield name, steps


def mask_again(steps, ours):
    """steps that were masked with all algorithms, with only ours"""
    names = Names(ours)
    return [(request, [m for line in answers for m in mask_line(line, names)]) for request, answers in steps]


def difference(kernel, ours):
    """lines that tell the first step in which two sequences differ; none when they do not"""
    for (request, theirs), (_, mine) in zip(kernel, ours):
        if theirs != mine:
            out = [request]
            for i in range(max(len(theirs), len(mine))):
                k, o = (x[i] if i < len(x) else '(nothing)' for x in (theirs, mine))
                out += ['= ' + k] if k == o else ['kernel ' + k, 'uxfrm  ' + o]
            return out
    return [] if len(kernel) == len(ours) else ['one side has ended early']


def compare(kernel_path, our_path, ours):
    """(name, number of answers, difference) of each sequence"""
    for (name, kernel), (_, ours) in zip(sequences(kernel_path, ours), sequences(our_path, ours)):
        yield name, sum(len(a) for _, a in kernel), difference(kernel, ours)
