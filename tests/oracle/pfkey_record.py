# SPDX-License-Identifier: BSD-2-Clause
"""Answers kept in a file: masked, and shortened as nlcompare.Shortener does it, case by case."""
import re

import nlcompare  # pfkey_compare has found it

TOKEN = re.compile(r'\{(\d+)\}|\[(\d+)\]|\((\d+)\+(\d+)\)|([0-9a-f]{2})')


def shorten(line, case):
    """the hexadecimal end of a line, shorter"""
    words = line.split()
    if words[0] not in '<>' or len(words) < 3:
        return line
    return f'{words[0]} {words[1]} {case.short(words[2])}'


def write(path, sequences):
    with open(path, 'w', encoding='ascii') as out:
        out.write('# What Linux 6.12 answers to pfkey_cases.py, masked. Made by: tests/oracle/pfkey --record\n')
        for name, steps in sequences:
            case = nlcompare.Shortener()
            out.write(f'reset {name}\n')
            for request, answers in steps:
                for line in [request, *answers]:
                    out.write(shorten(line, case) + '\n')


def expand(text, said):
    start = len(said)
    for zeros, ones, at, n, byte in TOKEN.findall(text):
        if zeros:
            said += bytes(int(zeros))
        elif ones:
            said += b'\xff' * int(ones)
        elif byte:
            said.append(int(byte, 16))
        else:
            said += said[int(at):int(at) + int(n)]
    return said[start:].hex()


def read(path):
    """(name, [(request, [answer, ...]), ...]) of each case"""
    name, steps, said = None, [], bytearray()
    with open(path, encoding='ascii') as lines:
        for line in lines:
            words = line.split()
            if words[0] == '#':
                continue
            if words[0] == 'reset':
                if name:
                    yield name, steps
                name, steps, said = words[1], [], bytearray()
                continue
            if words[0] in '<>' and len(words) == 3:
                words[2] = expand(words[2], said)
            if words[0] in '<!':
                steps[-1][1].append(' '.join(words))
            else:
                steps.append((' '.join(words), []))
    if name:
        yield name, steps


def script(cases):
    return ''.join(f'reset {name}\n' + ''.join(request + '\n' for request, _ in steps) for name, steps in cases.items())
