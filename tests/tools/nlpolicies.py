#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""nlpolicies.py SEED COUNT: a script for nltalk with COUNT random sequences that ask which policy decides.

Policies overlap, few priorities are shared by many, and policies come, are replaced and go. MIGRATE changes the
template of the policy that a flow would meet, so a dump behind it tells which one that is; a second MIGRATE puts
the template back. Each policy has a reqid of its own.

A policy that is replaced gets a priority of its own: its place among equals depends in Linux on how it has filed
its neighbours (docs/conformance.md)."""
import ipaddress
import random
import struct
import sys
from xfrm_bytes import *

HERE, THERE = ('192.0.2.2', '192.0.2.1'), ('198.51.100.2', '198.51.100.1')
BITS = {INET: (0, 0, 7, 8, 12, 14, 15, 15, 16, 22, 23, 23, 24, 29, 31, 32, 32),
        INET6: (0, 0, 3, 7, 7, 16, 31, 32, 63, 64, 64, 65, 96, 127, 128, 128)}
PORTS = (1, 2, 3, 0x101)


class World:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.seq = self.reqid = 0
        self.priorities = self.r.choice(((5,), (1, 2), (1, 2, 3, 4), range(1000)))
        self.hosts = self.r.choice((2, 4, 16))
        self.ports = self.r.random() < 0.4
        self.plain = self.r.random() < 0.5
        self.kept = []

    def m(self, kind, body=b'', *attrs, **kw):
        self.seq += 1
        return msg(kind, body, b''.join(attrs), seq=self.seq, **kw)

    def address(self, family):
        r = self.r
        if family == INET:
            return '10.%d.%d.%d' % (r.randrange(2), r.randrange(2), r.randrange(self.hosts))
        return 'fd0%d::%x:0:0:%x' % (r.randrange(2), r.randrange(2), r.randrange(self.hosts))

    def family(self):
        return INET if self.r.random() < 0.7 else INET6

    def prefix(self, family):
        bits = self.r.choice(BITS[family])
        a = self.address(family)
        if self.r.random() < 0.9:
            a = str(ipaddress.ip_network((a, bits), strict=False).network_address)
        return a, bits

    def upper(self, wild):
        """protocol and ports"""
        if not self.ports or (wild and self.r.random() < 0.3):
            return {}
        u = {'proto': self.r.choice((6, 17, 1, 58))}
        for p in 'sport', 'dport':
            if not wild or self.r.random() < 0.5:
                u[p] = self.r.choice(PORTS)
        return u

    def new_name(self):
        family = self.family()
        (dst, dlen), (src, slen) = self.prefix(family), self.prefix(family)
        sel = selector(dst=dst, src=src, dlen=dlen, slen=slen, family=family, **self.upper(True))
        attrs = b''
        if not self.plain and self.r.random() < 0.3:
            attrs += self.r.choice((mark(0, 0xff), mark(0, 0xffffffff), mark(1, 1), u32(IF_ID, 1), u32(IF_ID, 2),
                                    attr(POLICY_TYPE, bytes([1, 0, 0, 0, 0, 0]))))
        return sel, attrs, family, self.r.choice((0, 1, 1, 1, 1, 1, 1, 2))

    def insert(self):
        priority = self.r.choice(self.priorities) * 100000
        if self.kept and self.r.random() < 0.3:
            name = self.r.choice(self.kept)
            priority += 1 + self.reqid
        else:
            name = self.new_name()
            self.kept.append(name)
        sel, attrs, family, direction = name
        self.reqid += 1
        kind = UPDPOLICY if self.r.random() < 0.7 else NEWPOLICY
        return [self.m(kind, policy_info(sel, direction, priority),
                       attr(TMPL, template(*HERE, reqid=self.reqid, family=INET)), attrs)]

    def remove(self):
        if not self.kept:
            return []
        sel, attrs, family, direction = self.kept.pop(self.r.randrange(len(self.kept)))
        return [self.m(DELPOLICY, policy_id(sel, direction), attrs)]

    def thresholds(self):
        r = self.r
        return [self.m(NEWSPDINFO, bytes(4), attr(3, bytes([r.randrange(33), r.randrange(33)])),
                       attr(4, bytes([r.randrange(129), r.randrange(129)])))]

    def move(self, sel, direction, old, new, attrs):
        entry = addr(old[0]) + addr(old[1]) + addr(new[0]) + addr(new[1]) + struct.pack(
            '=BBHIHH', ESP, TUNNEL, 0, 0, INET, INET)
        return self.m(MIGRATE, policy_id(sel, direction), attr(A_MIGRATE, entry), attrs)

    def ask(self):
        family = self.family()
        sel = selector(dst=self.address(family), src=self.address(family), dlen=BITS[family][-1],
                       slen=BITS[family][-1], family=family, **self.upper(False))
        direction = self.r.choice((0, 1, 1, 1, 1, 1, 1, 2))
        attrs = b'' if self.plain or self.r.random() < 0.7 else u32(IF_ID, self.r.randrange(1, 3))
        return [self.move(sel, direction, HERE, THERE, attrs), self.m(GETPOLICY, b'', flags=REQUEST | DUMP),
                self.move(sel, direction, THERE, HERE, attrs)]

    def run(self):
        lines = []
        for _ in range(self.r.randrange(20, 60)):
            step = self.r.choices((self.insert, self.remove, self.ask, self.thresholds), (10, 3, 12, 0.3))[0]
            lines += ['> A ' + b.hex() for b in step()]
        return lines


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    for i in range(count):
        print('reset policies_%d' % (seed + i))
        print('option A cap_ack 1')
        print('\n'.join(World(seed + i).run()))


main()
