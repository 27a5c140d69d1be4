#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""make_netlink_corpus.py: write the seeds of fuzz_netlink to corpus/netlink: the request sequences of
tests/tools/nlcases.py, nlevents.py and nlmigrate.py, policies, migrations, and other messages full of zeros. The files found_* there come from
libFuzzer (-merge=1 -max_len=400)."""
import os
import struct
import sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, '..', 'tools'))
import nlcases  # noqa: E402
from nlcases import m, newsa, dump, many  # noqa: E402
case_lines = list(nlcases.lines)
import nlevents  # noqa: E402,F401
event_lines = list(nlcases.lines)
import nlmigrate  # noqa: E402
from xfrm_bytes import *  # noqa: E402,F403

SEND_A, SEND_B, TICK, ROOM, RESUME, OPTION, GROUPS, REOPEN = range(8)
folder = os.path.join(here, 'corpus', 'netlink')


def piece(op, data):
    return struct.pack('<BH', op, len(data)) + data


def seed(name, *pieces):
    data = b''.join(piece(SEND_A, p) if isinstance(p, bytes) else piece(*p) for p in pieces)
    if len(data) <= 4000:
        with open(os.path.join(folder, name), 'wb') as f:
            f.write(data)


def from_cases(prefix, lines):
    name, pieces = None, []
    for line in lines + ['reset end']:
        w = line.split()
        if w[0] == 'reset':
            if name:
                seed(prefix + name, *pieces)
            name, pieces = w[1], []
        elif w[0] == '>':
            pieces.append(bytes.fromhex(w[2]))


def policy(kind=NEWPOLICY, direction=1, dst='10.2.0.0', priority=0, n=1, **kw):
    sel = selector(dst, '10.1.0.0', 16, 16, INET)
    tmpl = b''.join(template('10.0.0.2', '10.0.0.1', **kw) for _ in range(n))
    return m(kind, policy_info(sel, direction, priority), *([attr(TMPL, tmpl)] if n else []))


def policies():
    sel = selector('10.2.0.0', '10.1.0.0', 16, 16, INET)
    get = m(GETPOLICY, policy_id(sel, 1))
    seed('policy_all', policy(), policy(), policy(UPDPOLICY, priority=9), get, m(DELPOLICY, policy_id(sel, 1)), get)
    seed('policy_index', policy(), m(GETPOLICY, policy_id(bytes(56), 1, 9)), m(DELPOLICY, policy_id(bytes(56), 1, 9)))
    seed('policy_dump', policy(), policy(direction=0), policy(direction=2), policy(n=0, dst='10.3.0.0'), policy(n=2, dst='10.4.0.0'),
         m(GETPOLICY, b'', flags=REQUEST | DUMP), m(FLUSHPOLICY, b'', attr(POLICY_TYPE, bytes(6))), m(FLUSHPOLICY, b''))
    seed('policy_attrs', m(NEWPOLICY, policy_info(sel, 1), attr(TMPL, template('10.0.0.2', '10.0.0.1')), mark(5, 7), u32(IF_ID, 3)),
         m(GETPOLICY, policy_id(sel, 1), mark(5, 7), u32(IF_ID, 3)), m(GETPOLICY, policy_id(sel, 1), attr(SEC_CTX, bytes(8))))


def migrations():
    ident = usersa_id()
    seed('migrate', newsa(), m(MIGRATE_STATE, migrate_state(ident, '10.0.0.7', '10.0.0.8')),
         m(MIGRATE_STATE, migrate_state(usersa_id(dst='10.0.0.7'), 'fd00::7', 'fd00::8', 5)), dump(),
         (TICK, bytes([255, 255])), dump())
    seed('migrate_attrs', newsa(), m(MIGRATE_STATE, migrate_state(ident, '10.0.0.7', '10.0.0.8'), encap(), mark(1, 3), u32(SET_MARK, 7),
                                     u32(MTIMER_THRESH, 9), attr(OFFLOAD_DEV, struct.pack('=iB3x', 1, 2))), dump())
    seed('migrate_h2h', newsa(sel=selector('10.0.0.2', '10.0.0.1', 32, 32, INET)),
         m(MIGRATE_STATE, migrate_state(ident, '10.0.0.7', '10.0.0.8', flags=2)), m(MIGRATE_STATE, migrate_state(ident, '10.0.0.2', '::', flags=7)))
    seed('migrate_collision', newsa(), newsa(dst='10.0.0.7'), m(MIGRATE_STATE, migrate_state(ident, '10.0.0.7', '10.0.0.8')), dump())
    seed('migrate_policy', newsa(), policy(), m(MIGRATE_STATE, migrate_state(ident, '10.0.0.7', '10.0.0.8', 9)), newsa(),
         m(MIGRATE_STATE, migrate_state(ident, '10.0.0.8', '10.0.0.8', 9)))


def absent():
    for kind in (ACQUIRE, EXPIRE, POLEXPIRE, NEWAE, GETAE, REPORT, MIGRATE, MAPPING, SETDEFAULT, GETDEFAULT):
        seed('absent_%d' % kind, m(kind, bytes(300)), m(kind, bytes(8), flags=REQUEST | DUMP))


def pacing():
    seed('paced_dump', *many, (ROOM, bytes([0, 1])), dump(), (RESUME, bytes([0, 1])), dump(), newsa(spi=9), (RESUME, bytes([0, 9])))
    seed('closed_in_dump', *many, (ROOM, bytes([0, 0])), dump(), (REOPEN, bytes([0, 1])), dump())
    seed('unprivileged', (REOPEN, bytes([0, 0])), newsa(), m(99, b''), (OPTION, bytes([128, 10])), newsa())
    seed('changed_in_dump', *many, (ROOM, bytes([0, 0])), dump(), (SEND_B, m(FLUSHSA, b'\0')), (RESUME, bytes([0, 99])), (GROUPS, bytes([0, 255])), newsa())


os.makedirs(folder, exist_ok=True)
from_cases('case_', case_lines)
from_cases('event_', event_lines)
from_cases('legacy_', [line.replace('7.2:', 'newer') for line in nlmigrate.lines])
policies()
migrations()
absent()
pacing()
