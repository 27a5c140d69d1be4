#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""pfkey_random.py SEED FIRST COUNT: random but plausible sequences of PF_KEY messages, NETLINK_XFRM requests in between,
as a script for oracle-pfkey-engine and pfkey_kernel.py. SPIs, addresses and selectors come from small pools, so that
requests meet what is there. Left out is what uxfrm has not built, or does differently on purpose (docs/conformance.md):
some protocols and algorithms, marks, limits of time that are reached, moves of SAs in UDP."""
import pathlib
import random
import struct
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'tools')]
import pfkey_wire as w  # noqa: E402
import xfrm_bytes as nl  # noqa: E402

ENDS = [('10.0.0.1', '10.0.0.2'), ('10.0.0.2', '10.0.0.1'), ('10.0.0.11', '10.0.0.12'), w.V6, w.V6[::-1]]
NETS = [w.NET4, w.NET4[::-1], (('10.3.0.0', 16), ('0.0.0.0', 0)), w.NET6]
SPIS = [0x100, 0x101, 0xc0000001]
AUTHS = [w.A_SHA256, w.A_SHA256, w.A_SHA1, w.A_SHA512, w.A_MD5, w.A_XCBC, w.A_RIPEMD, w.A_NULL, 0]
CIPHERS = [w.E_AES, w.E_AES, w.E_AES, w.E_NULL, w.E_CTR, w.E_3DES, w.E_CAMELLIA]
# numbers of what Linux has and uxfrm has not
NOT_BUILT_AUTH, NOT_BUILT_CIPHER = {10}, {2, 6, 7, 24, 252, 253}
LONG = 1000000  # seconds: longer than any sequence


class Sequence:
    """one of them; @timed: time passes, else messages are damaged now and then; @moves: MIGRATE, and no UDP"""

    def __init__(self, rng):
        self.rng, self.lines = rng, []
        self.timed, self.moves = rng.random() < 0.3, rng.random() < 0.4
        # When Linux's tables grow its chains turn round, and with them which of two SAs moves: there is one to choose.
        self.spis = SPIS[:1] if self.moves else SPIS
        self.open = {'P', 'Q', 'N'}
        self.policies = []  # (direction, nets, proto, what its templates name) of those asked for

    def maybe(self, chance, value, otherwise=None):
        return value if self.rng.random() < chance else otherwise

    def pick(self, *choices):
        return self.rng.choice(choices)

    def head(self):
        return dict(seq=self.rng.choice((0, 1, 7, 0xffffffff)), pid=self.rng.choice((0, 77, 4000000000)))

    # ---- PF_KEY about SAs ----

    def limits(self):
        packets, size = self.pick(0, 5, 0xffffffff), self.pick(0, 9, 2**64 - 1)
        times = [self.pick(0, LONG), self.pick(0, LONG)]
        exts = [w.hard(packets, size, *times), w.soft(packets, size, *times)]
        return exts if self.rng.random() < 0.9 else exts[:1]

    def add(self):
        r, ends = self.rng, self.rng.choice(ENDS)
        more = self.maybe(0.3, self.limits(), [])
        if r.random() < 0.15:
            more = more + [w.proxy(r.choice(('10.3.0.0', ends[0], '2001:db8:9::')), 16, r.choice((0, 17)), r.choice((0, 500)))]
        if not self.moves and r.random() < 0.2:
            more = more + [w.nat_type(r.choice((2, 2, 2, 0, 1))), w.nat_sport(r.choice((4500, 1))), w.nat_dport(4501)]
        return w.esp(r.choice((w.ADD, w.ADD, w.UPDATE)), r.choice(self.spis), ends, r.choice(AUTHS), r.choice(CIPHERS),
                     more, r.choice((w.TUNNEL, w.TUNNEL, w.TRANSPORT, 0, None)), r.choice((0, 1, 2)), r.choice((0, 32, 64)),
                     r.choice((0, 0, w.NOECN, w.DECAP_DSCP | w.NOPMTUDISC)), **self.head())

    def named(self):
        return w.named(self.pick(w.GET, w.DELETE), self.rng.choice(self.spis), self.rng.choice(ENDS),
                       satype=self.pick(w.ESP, w.ESP, w.ESP, w.UNSPEC, w.AH), **self.head())

    def getspi(self):
        spi = self.pick(*SPIS, 0x102, 0)
        return w.getspi(spi if self.rng.random() < 0.95 else spi + 1, spi, self.rng.choice(ENDS),
                        self.pick(None, w.TUNNEL, w.TRANSPORT, w.BEET), self.pick(0, 1), satype=self.pick(w.ESP, w.ESP, w.AH, w.IPCOMP),
                        **self.head())

    def about_all(self):
        kind = self.pick(w.DUMP, w.DUMP, w.FLUSH)
        f = self.maybe(0.2, w.addr_filter(self.pick('10.0.0.1', '0.0.0.0'), self.pick('10.0.0.2', '0.0.0.0'), self.pick(0, 2, 10),
                                          self.pick(0, 30, 32), self.pick(0, 32)), b'')
        return w.message(kind, f if kind == w.DUMP else b'', satype=self.pick(w.UNSPEC, w.ESP, w.ESP, w.AH, 5), **self.head())

    def listen(self):
        if self.rng.random() < 0.6:
            return w.message(w.REGISTER, satype=self.pick(0, 2, 3, 9, 10), **self.head())
        return w.message(w.PROMISC, satype=self.pick(0, 0, 1, 2), errno=self.pick(0, 5), **self.head())

    def acquire(self):
        return w.message(w.ACQUIRE, errno=self.pick(0, 111), **self.head())

    # ---- PF_KEY about policies ----

    def template(self):
        r = self.rng
        mode = r.choice((w.TUNNEL, w.TUNNEL, w.TRANSPORT, w.BEET))
        ends = r.choice(ENDS) if mode == w.TUNNEL or r.random() < 0.2 else ()
        return w.request(r.choice((50, 50, 50, 51, 108, 43, 1)), mode, r.choice((w.REQUIRE, w.REQUIRE, w.UNIQUE, w.USE, w.DEFAULT)),
                         r.choice((0, 1, 2, 0x7fff0000)), ends)

    def spd(self):
        r = self.rng
        requests = [self.template() for _ in range(r.choice((0, 1, 1, 1, 2, 3, 7)))]
        direction, nets, proto = r.choice((w.IN, w.OUT, w.OUT, w.FWD)), r.choice(NETS), r.choice((255, 255, 6))
        if self.moves and r.random() < 0.7:
            old, reqid = r.choice(ENDS), r.choice((0, 1, 2))
            requests = [w.request(50, w.TUNNEL, w.UNIQUE if reqid else w.REQUIRE, reqid, old)]
            self.policies.append((direction, nets, proto, (old, reqid)))
        return w.spd(r.choice((w.SPDADD, w.SPDADD, w.SPDUPDATE, w.SPDSETIDX, w.SPDDELETE)), direction, nets, requests, proto, self.maybe(0.2, self.limits(), []), r.choice((0, 0, 500)), 0,
                     what=r.choice((w.IPSEC, w.IPSEC, w.IPSEC, w.DISCARD, w.NONE)), priority=r.choice((0, 0, 5, 0xffffffff)), **self.head())

    def by_index(self):
        return w.by_index(self.pick(w.SPDGET, w.SPDGET, w.SPDDELETE2), 8 * self.rng.randrange(5) + self.rng.randrange(4), **self.head())

    def all_policies(self):
        return w.message(self.pick(w.SPDDUMP, w.SPDDUMP, w.SPDFLUSH), satype=0, **self.head())

    def migrate(self):
        r = self.rng
        direction, nets, proto = r.choice((w.OUT, w.OUT, w.IN)), r.choice(NETS), 255
        moves, names = [], set()
        if self.policies and r.random() < 0.8:
            direction, nets, proto, (old, reqid) = r.choice(self.policies)
            moves, names = [(old, r.choice([e for e in ENDS if e != old]), dict(reqid=reqid))], {old}
            names.add(moves[0][1])
        for _ in range(r.choice((0, 0, 1, 2) if moves else (1, 1, 1, 2))):
            old, words = r.choice(ENDS), dict(reqid=r.choice((0, 1, 1, 2)), mode=r.choice((w.TUNNEL, w.TUNNEL, w.TRANSPORT)))
            if old not in names:  # two that find one SA are refused here
                moves.append((old, r.choice([e for e in ENDS if e not in names]), words))
                names.update((old, moves[-1][1]))
        return w.migration(moves, direction, nets, proto, self.maybe(0.2, [w.kmaddress(*w.V4, 5)], []))

    # ---- NETLINK_XFRM ----

    def netlink(self):
        r, ends, spi = self.rng, self.rng.choice(ENDS), self.rng.choice(self.spis)
        ids = dict(dst=ends[1], src=ends[0], spi=spi, mode=r.choice((nl.TUNNEL, nl.TRANSPORT)), reqid=r.choice((0, 1, 2)))
        family = 10 if ':' in ends[0] else 2
        net = r.choice(NETS)
        sel = nl.selector(net[1][0], net[0][0], net[1][1], net[0][1], 10 if ':' in net[0][0] else 2)
        direction, words = r.choice((0, 1, 1, 2)), dict(seq=r.choice((1, 99)), pid=r.choice((0, 0x77)))
        tmpl = nl.attr(nl.TMPL, nl.template(ends[1], ends[0], mode=nl.TUNNEL, reqid=1, family=family))
        larval = (nl.GETSA, nl.usersa_id(ends[1], spi)) if self.moves else (
            nl.ALLOCSPI, nl.userspi_info(0x103, 0x103, **dict(ids, spi=0)))
        return nl.msg(*r.choice((
            larval, (nl.NEWSA, nl.usersa_info(window=r.choice((0, 32)), **ids), r.choice((nl.gcm(), nl.cbc_sha256()))),
            (nl.UPDSA, nl.usersa_info(lft=nl.limits(5, 6, 7, 8), **ids), nl.cbc_sha256()),
            (nl.DELSA, nl.usersa_id(ends[1], spi)), (nl.FLUSHSA, bytes([r.choice((0, 50, 51, 255))])),
            (nl.EXPIRE, nl.usersa_info(**ids) + bytes([r.choice((0, 1))])),
            (nl.NEWPOLICY, nl.policy_info(sel, direction, r.choice((0, 9))), tmpl), (nl.UPDPOLICY, nl.policy_info(sel, direction, 3)),
            (nl.DELPOLICY, nl.policy_id(sel, direction)), (nl.DELPOLICY, nl.policy_id(nl.selector(), direction, 8 * r.randrange(4) + direction)),
            (nl.GETPOLICY, nl.policy_id(sel, direction)), (nl.FLUSHPOLICY,))), **words)

    # ---- together ----

    def damaged(self, data):
        """the message with a few bytes changed, if what it then asks for can be compared"""
        b = bytearray(data)
        for _ in range(self.rng.choice((1, 1, 2, 4))):
            b[self.rng.randrange(len(b))] = self.rng.choice((0, 1, 2, 3, 5, 9, 255, self.rng.randrange(256)))
        return bytes(b) if is_fair(b) else data

    def step(self):
        r = self.rng
        if self.timed and r.random() < 0.1:
            self.lines.append(f'tick {r.choice((1500, 10000, 31000))}')
            return
        if r.random() < 0.04:
            name = r.choice('QRS')
            self.lines.append(('- ' if name in self.open else '+ ') + name)
            self.open ^= {name}
            return
        if r.random() < 0.2:
            self.lines.append(f'> M {self.netlink().hex()}')
            return
        make = r.choices((self.add, self.named, self.getspi, self.about_all, self.listen, self.acquire, self.spd, self.by_index,
                          self.all_policies, self.migrate), (8, 4, 0 if self.moves else 3, 2, 2, 0.3, 6, 3, 1.5, 4 if self.moves else 0))[0]
        data = make()
        if not self.timed and r.random() < 0.15:
            data = self.damaged(data)
        who = r.choice(sorted(self.open - {'N'})) if r.random() < 0.4 else 'P'
        self.lines.append(f'> {who} {data.hex()}')

    def make(self, steps):
        self.lines.append('+ M')
        while len(self.lines) < steps:
            self.step()
        self.lines += [f'> P {w.message(w.DUMP, satype=0).hex()}', f'> P {w.message(w.SPDDUMP, satype=0).hex()}']
        return self.lines


def extensions(b):
    at = 16
    while at + 8 <= len(b):
        words, kind = struct.unpack_from('=HH', b, at)
        if not words or at + 8 * words > len(b):
            return
        yield kind, bytes(b[at:at + 8 * words])
        at += 8 * words


def is_fair(b):
    """does the message, after some damage, ask for nothing that uxfrm has not built or chooses by itself?"""
    kind, satype = b[1], b[3]
    if kind == w.GETSPI and not any(ext == 16 and data[4:8] == data[8:12] for ext, data in extensions(b)):
        return False
    for ext, data in extensions(b):
        if ext == 1 and len(data) >= 16 and kind in (w.ADD, w.UPDATE):
            if data[10] in NOT_BUILT_AUTH or data[11] in NOT_BUILT_CIPHER:
                return False
        if ext == 19 and len(data) >= 8 and data[4] == w.BEET and kind in (w.ADD, w.UPDATE):
            return False
        if ext == 20 and data[4] not in (0, 1, 2):
            return False
    if kind in (w.ADD, w.UPDATE) and satype in (w.AH, w.IPCOMP):
        return False
    return kind != w.MIGRATE


def main(seed, first, count):
    for i in range(first, first + count):
        rng = random.Random(f'{seed}/{i}')
        print('\n'.join([f'reset {seed}/{i}', *Sequence(rng).make(rng.choice((8, 15, 30)))]))


if __name__ == '__main__':
    main(*map(int, sys.argv[1:4]))
