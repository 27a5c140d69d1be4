# SPDX-License-Identifier: BSD-2-Clause
"""A sequence in which both sides differ, made as short as it can be and still differ; and printed, so that it
can be run again."""
import pathlib
import tempfile

import records as R
import show

KEPT = (R.CLIENT,)


def units(sequence):
    """(what is always needed, [what can be left out]): a request goes with the patches before and the keep behind it"""
    fixed, found, patches = [], [], []
    for record in sequence:
        if record[0] == R.PATCH:
            patches.append(record)
        elif record[0] == R.KEEP and found:
            found[-1].append(record)
        elif record[0] in KEPT:
            fixed.append(record)
        else:
            found.append(patches + [record])
            patches = []
    return fixed, found


def joined(fixed, found):
    return fixed + [record for unit in found for record in unit]


def differing(oracle, variants):
    """which of these sequences differ"""
    with tempfile.TemporaryDirectory(prefix='oracle-') as name:
        work = pathlib.Path(name)
        verdict = oracle.ask(work, b''.join(R.join(str(i), v) for i, v in enumerate(variants)))
        return {int(name): step for name, step, *_ in verdict.differs}


def step_ends(found):
    """which units end a step: SEND, SLEEP, and the last of several MORE without a SEND"""
    ends, in_step = [], False
    for i, unit in enumerate(found):
        kind = next(r[0] for r in unit if r[0] != R.PATCH)
        if in_step and kind not in (R.SEND, R.MORE):
            ends.append(i - 1)
        if kind in (R.SEND, R.SLEEP):
            ends.append(i)
        in_step = kind == R.MORE
    return ends + [len(found) - 1]


def shrink(oracle, sequence):
    fixed, found = units(sequence)
    # what comes after the difference has nothing to do with it
    step = differing(oracle, [sequence]).get(0)
    if step is None:
        return sequence
    ends = step_ends(found)
    found = found[:ends[step - 1] + 1]
    size = max(1, len(found) // 2)
    while True:
        starts = range(0, len(found), size)
        shorter = [found[:s] + found[s + size:] for s in starts]
        works = differing(oracle, [joined(fixed, v) for v in shorter]) if len(found) > 1 else {}
        if works:
            found = shorter[max(works)]
            size = max(1, min(size, len(found) // 2))
        elif size == 1:
            return joined(fixed, found)
        else:
            size //= 2


def transcript(name, sequence):
    """the lines of a transcript that says this"""
    lines = ['= ' + name]
    for kind, client, arg, data in sequence:
        who = chr(ord('A') + client)
        number = int.from_bytes(data[:4], 'little')
        if kind == R.CLIENT:
            lines.append('%s open groups=%#x' % (who, number))
        elif kind == R.CLOSE:
            lines.append('%s close' % who)
        elif kind == R.OPTION:
            lines.append('%s option %d %d' % (who, arg, number))
        elif kind == R.PATCH:
            lines.append('patch %d %d' % (arg, data[0]))
        elif kind == R.KEEP:
            lines.append('%s keep %d %d' % (who, arg, data[0]))
        elif kind == R.SLEEP:
            lines.append('sleep %d.%03d' % divmod(number, 1000))
        elif kind in (R.SEND, R.MORE):
            lines += ['# ' + text for text in show.messages(data)]
            lines.append('%s %shex %s' % (who, 'more ' if kind == R.MORE else '', data.hex()))
    return lines


def report(oracle, name, sequence):
    """the shortest form of a sequence and where the sides differ in it, as lines"""
    short = shrink(oracle, sequence)
    with tempfile.TemporaryDirectory(prefix='oracle-') as directory:
        verdict = oracle.ask(pathlib.Path(directory), R.join(name, short))
    lines = transcript(name, short)
    for _, step, client, *heard in verdict.differs:
        lines.append(f'# step {step}, client {client}')
        for who, data in zip(('kernel', 'engine'), heard):
            lines.append(f'# {who}: {show.message(data) if data else "nothing"}')
        if None not in heard:
            at = [str(i) for i, (a, b) in enumerate(zip(*heard)) if a != b]
            lines.append('# bytes ' + ' '.join(at[:20]) if at else '# one is longer')
    if not verdict.differs:
        lines.append('# does not differ each time')
    return lines
