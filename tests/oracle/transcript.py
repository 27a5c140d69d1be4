# SPDX-License-Identifier: BSD-2-Clause
"""Written transcripts: from lines to records. README.md says how they are written."""
import itertools
import re

import records as R
import words

GROUPS = {'all': 0xff, 'none': 0, 'acquire': 1, 'expire': 2, 'sa': 4, 'policy': 8, 'aevents': 16, 'report': 32,
          'migrate': 64, 'mapping': 128}
OPTIONS = {'ext_ack': 11, 'cap_ack': 10, 'strict': 12}
ALL = 0xff
# After whole seconds, so that no timer is due at the same moment.
MORE_MS = 37


class Transcript:
    """one transcript being read"""

    def __init__(self):
        self.records = []
        self.opened = set()
        self.seq = 0

    def ensure(self, client):
        """A and B are there unless the transcript opens them itself."""
        for c in (0, 1):
            if c not in self.opened:
                self.open(c, ALL if c else 0, ('ext_ack',))
        if client not in self.opened:
            raise words.Unknown('a client that is not open')

    def open(self, client, groups, options):
        self.opened.add(client)
        self.records.append((R.CLIENT, client, 0, groups.to_bytes(4, 'little')))
        for option in options:
            self.records.append((R.OPTION, client, OPTIONS[option], (1).to_bytes(4, 'little')))

    def line(self, text):
        first, *rest = text.split()
        if first == 'sleep':
            seconds, _, ms = rest[0].partition('.')
            ms = int(seconds) * 1000 + (int(ms.ljust(3, '0')) if ms else MORE_MS)
            self.ensure(0)
            self.records.append((R.SLEEP, 0, 0, ms.to_bytes(4, 'little')))
        elif first == 'patch':
            self.records.append((R.PATCH, 0, int(rest[0]), bytes([int(rest[1])])))
        else:
            self.client_line(ord(first) - ord('A'), rest[0], rest[1:])

    def client_line(self, client, verb, rest, kind=R.SEND):
        if verb == 'open':
            groups = 0
            for name in [w for w in rest if w.startswith('groups=')]:
                rest = [w for w in rest if w != name]
                for part in name[7:].split(','):
                    groups |= GROUPS[part] if part in GROUPS else int(part, 0)
            self.open(client, groups, rest)
            return
        self.ensure(client)
        if verb == 'more':
            self.client_line(client, rest[0], rest[1:], R.MORE)
        elif verb == 'close':
            self.records.append((R.CLOSE, client, 0, b''))
            self.opened.discard(client)
        elif verb == 'option':
            option = OPTIONS[rest[0]] if rest[0] in OPTIONS else int(rest[0])
            self.records.append((R.OPTION, client, option, int(rest[1]).to_bytes(4, 'little')))
        elif verb == 'hex':
            self.records.append((kind, client, 0, bytes.fromhex(''.join(rest))))
        elif verb == 'keep':
            at, n = rest if len(rest) == 2 else (88, rest[0])
            self.records.append((R.KEEP, client, int(at), bytes([int(n)])))
        else:
            self.datagram(client, [verb] + rest, kind)

    def datagram(self, client, line, kind):
        data, cut = b'', 0
        for is_plus, group in itertools.groupby(line, lambda w: w == '+'):
            if is_plus:
                continue
            group = list(group)
            if group[0].startswith('datagram-cut='):
                cut = int(group[0][13:])
                continue
            self.seq += 1
            # spi=$N: a number that was kept
            for i, w in enumerate(group):
                kept = re.fullmatch(r'spi=\$(\d+)', w)
                if kept:
                    group[i] = 'spi=0x71000000'
                    at = {'getsa': 16, 'delsa': 16, 'newae': 16, 'getae': 16}.get(group[0], 72) + 16 + len(data)
                    self.records.append((R.PATCH, 0, at, bytes([int(kept[1])])))
            data += words.message(group, self.seq)
            data += bytes(-len(data) % 4)
        self.records.append((kind, client, 0, data[:len(data) - cut]))


def expand(table, name, lines):
    """one transcript, or one for each row of its tables"""
    if not table:
        yield name, lines
        return
    for rows in itertools.product(*(rows for _, rows in table)):
        values = {}
        for (columns, _), row in zip(table, rows):
            values.update(zip(columns, row))

        def fill(text, values=values):
            return re.sub(r'\{(\w+)\}', lambda m: values.get(m[1], m[0]), text)
        yield fill(name), [fill(line) for line in lines]


def blocks(path):
    """(table, name, numbered lines) of each block of a file"""
    table, name, lines = [], None, []
    for line_number, text in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
        text = text.strip()
        if not text or text[0] == '#':
            continue
        if text[0] in '*=' and lines:
            yield table, name, lines
            table, name, lines = [], None, []
        if text[0] == '*':
            columns, _, rows = text[1:].partition(':')
            separator = '|' if '|' in rows else None
            found = [row.split() if separator else [row] for row in rows.split(separator)]
            table.append((columns.split(), found))
        elif text[0] == '=':
            name = text[1:].strip()
        else:
            lines.append(text)
    if lines:
        yield table, name, lines


def read(path):
    """(name, records) of each transcript of a file"""
    for table, name, lines in blocks(path):
        if name is None:
            raise words.Unknown(f'{path.name}: lines without a name: {lines[0]}')
        for full, filled in expand(table, name, lines):
            t = Transcript()
            try:
                for line in filled:
                    t.line(line)
            except (words.Unknown, ValueError, KeyError, IndexError) as problem:
                raise words.Unknown(f'{path.name}: {full}: {line}: {problem}') from problem
            t.ensure(0)
            yield full.replace(' ', '_'), t.records
