# SPDX-License-Identifier: BSD-2-Clause
"""The cells of the matrix: what is combined, the requests both sides get, the traffic, and what is right."""
import itertools
import random
from dataclasses import dataclass

import guest  # noqa: F401 - finds the modules below
import xfrm_bytes as x

OUTER = {4: ('192.0.2.1', '192.0.2.2'), 6: ('2001:db8::1', '2001:db8::2')}
INNER = {4: ('10.1.0.1', '10.2.0.1'), 6: ('fd01::1', 'fd02::1')}
MODES = {'tunnel': x.TUNNEL, 'transport': x.TRANSPORT, 'beet': x.BEET}
FAMILIES = ((4, 4), (4, 6), (6, 4), (6, 6))  # inside, outside
PREFIX = {4: 32, 6: 128}
FAMILY = {4: x.INET, 6: x.INET6}
PROTOCOLS = {'esp': x.ESP, 'ah': x.AH}
IN, OUT = 0, 1
AF_UNSPEC, ESN = 32, 128  # flags of SAs
WIRE_FORMS = {'comp+esp': 'esp'}
SIZES = (2, 3, 7, 15, 16, 31, 64, 90, 256, 511, 1000, 1200, 1280, 1320, 1350, 1372, 1400, 1472, 1473, 1500, 2000,
         2900, 4000, 5555, 7999)
STREAM = 60000
PACKET = 130  # bytes on the wire of one that carries next to nothing

# name: bytes of key, full bits, the lengths asked for
DIGESTS = {
    'hmac(md5)': (16, 128, (96, 128)),
    'hmac(sha1)': (20, 160, (96, 128, 160)),
    'hmac(sha256)': (32, 256, (96, 128, 192, 256)),
    'hmac(sha384)': (48, 384, (192, 256, 384)),
    'hmac(sha512)': (64, 512, (256, 384, 512)),
    'hmac(rmd160)': (20, 160, (96, 160)),
    'xcbc(aes)': (16, 128, (96, 128)),
    'cmac(aes)': (16, 128, (96, 128)),
}
# name: bytes of key
CIPHERS = {'ecb(cipher_null)': (0,), 'cbc(aes)': (16, 24, 32), 'rfc3686(ctr(aes))': (20, 28, 36),
           'cbc(camellia)': (16, 24, 32), 'cbc(des3_ede)': (24,)}
AEADS = {'rfc4106(gcm(aes))': ((20, 28, 36), (64, 96, 128)), 'rfc4309(ccm(aes))': ((19, 27, 35), (64, 96, 128)),
         'rfc4543(gcm(aes))': ((20, 28, 36), (128,)), 'rfc7539esp(chacha20,poly1305)': ((36,), (128,))}
# What no side should take: a length that is not to be had.
ODD = (('aead', 'rfc4106(gcm(aes))', 20, 80), ('aead', 'rfc4543(gcm(aes))', 20, 96),
       ('aead', 'rfc4106(gcm(aes))', 19, 128), ('cipher', 'cbc(aes)', 17, 'hmac(sha256)', 32, 128),
       ('cipher', 'cbc(aes)', 16, 'hmac(sha256)', 32, 264), ('cipher', 'cbc(nothing)', 16, 'hmac(sha256)', 32, 128))
ODD_DIGESTS = (('auth', 'hmac(sha256)', 32, 264), ('auth', 'cmac(aes)', 15, 96))
# Cells of ./check that carry packets, and cells that are refused.
QUICK, QUICK_REFUSED = 600, 100


def key(count, seed):
    return random.Random(seed).randbytes(count)


def with_digest(cipher, length, digest, bits):
    return ('cipher', cipher, length, digest, DIGESTS[digest][0], bits)


def esp_algorithms():
    """Each AEAD and each cipher with one digest, each digest in each of its lengths with two ciphers, either alone."""
    for name, (lengths, icvs) in AEADS.items():
        for length, icv in itertools.product(lengths, icvs):
            yield ('aead', name, length, icv)
    for name, lengths in CIPHERS.items():
        for length in lengths:
            yield with_digest(name, length, 'hmac(sha256)', 128)
            yield ('cipher', name, length, None, 0, 0)
            yield ('cipher', name, length, 'digest_null', 0, 0)
    for name, (_, _, lengths) in DIGESTS.items():
        for bits in lengths:
            if (name, bits) != ('hmac(sha256)', 128):
                yield with_digest('ecb(cipher_null)', 0, name, bits)
                yield with_digest('cbc(aes)', 16, name, bits)
    yield from ODD


def ah_algorithms():
    """Each digest in each of its lengths, and what no side should take."""
    for name, (length, _, icvs) in DIGESTS.items():
        for bits in icvs:
            yield ('auth', name, length, bits)
    yield ('auth', 'digest_null', 0, 0)
    yield from ODD_DIGESTS


def name_of(algorithm):
    kind, name, length, *rest = algorithm
    words = [name, str(length * 8)]
    if kind in ('aead', 'auth'):
        words.append(str(rest[0]))
    elif rest[0]:
        words += [rest[0], str(rest[2])]
    return '-'.join(words)


def attributes(algorithm, seed):
    """of an SA"""
    kind, name, length, *rest = algorithm
    if kind == 'auth':
        return x.algo2(x.ALG_AUTH_TRUNC, name, key(length, seed), rest[0])
    if kind == 'aead':
        return x.algo2(x.ALG_AEAD, name, key(length, seed), rest[0])
    made = x.algo(x.ALG_CRYPT, name, key(length, seed))
    digest, digest_length, bits = rest
    if digest:
        made += x.algo2(x.ALG_AUTH_TRUNC, digest, key(digest_length, seed + 1), bits)
    return made


@dataclass(frozen=True)
class Cell:
    protocol: str
    mode: str
    families: tuple
    algorithm: tuple
    encap: str
    esn: bool

    @property
    def name(self):
        inner, outer = self.families
        return (f'{self.protocol}/{self.mode}/{inner}in{outer}/{name_of(self.algorithm)}/{self.encap}'
                f'/{"esn" if self.esn else "32"}')

    def values(self):
        return ((0, self.protocol), (1, self.mode), (2, self.families), (3, self.algorithm), (4, self.encap),
                (5, self.esn))

    def inside(self):
        """what programs use, at uxfrmd's end and at the kernel's"""
        return OUTER[self.families[1]] if self.is_bare else INNER[self.families[0]]

    @property
    def is_bare(self):
        return self.mode == 'transport' and self.families[0] == self.families[1]

    @property
    def is_refused(self):
        """Linux takes no such SA: transport mode from one family into another, IPComp in BEET mode, AH in UDP, ODD"""
        return (self.algorithm in ODD + ODD_DIGESTS or (self.protocol, self.mode) == ('comp+esp', 'beet') or
                (self.protocol, self.encap) == ('ah', 'udp') or
                (self.mode == 'transport' and self.families[0] != self.families[1]))

    def selector(self, sender):
        family = self.families[0]
        ends = self.inside()
        return x.selector(dst=ends[1 - sender], src=ends[sender], dlen=PREFIX[family], slen=PREFIX[family],
                          family=FAMILY[family])

    def sa(self, sender, spi):
        outer = OUTER[self.families[1]]
        info = x.usersa_info(dst=outer[1 - sender], src=outer[sender], spi=spi, proto=PROTOCOLS[self.protocol],
                             mode=MODES[self.mode], reqid=1, window=0 if self.esn else 32, flags=ESN if self.esn else 0,
                             sel=self.selector(sender))
        attrs = attributes(self.algorithm, spi)
        if self.esn:
            attrs += x.replay_esn(64)
        if self.encap == 'udp':
            attrs += x.encap()
        return x.msg(x.NEWSA, info, attrs)

    def sas(self, sender, number):
        return [self.sa(sender, 0x10000 + 2 * number + sender)]

    def template(self, sender, **kw):
        outer = OUTER[self.families[1]]
        return x.template(dst=outer[1 - sender], src=outer[sender], reqid=1, family=FAMILY[self.families[1]], **kw)

    def templates(self, sender, direction):
        return self.template(sender, proto=PROTOCOLS[self.protocol], mode=MODES[self.mode])

    def policy(self, sender, direction):
        return x.msg(x.NEWPOLICY, x.policy_info(self.selector(sender), direction),
                     x.attr(x.TMPL, self.templates(sender, direction)))

    def sizes(self, number):
        # Linux drops ESP in UDP over IPv6 where the ESP is shorter than an IPv6 header; of 1,473 bytes the last fragment
        # has one, and with neither IV nor ICV its ESP 32.
        short = self.encap == 'udp' and self.families[1] == 6
        least = 24 if short and self.mode != 'tunnel' else 1
        some = random.Random(number).sample([s for s in SIZES if s > least and not (short and s == 1473)], 6)
        return ' '.join(map(str, (least, *sorted(some), 8000)))

    def setting(self, number):
        """requests to both; the same SAs, and policies that differ in their direction"""
        for sender in (0, 1):
            for message in self.sas(sender, number):
                yield f'both {message.hex()}'
        for side, own in (('ours', 0), ('theirs', 1)):
            for sender in (0, 1):
                yield f'{side} {self.policy(sender, OUT if sender == own else IN).hex()}'

    def script(self, number):
        ours, theirs = self.inside()
        yield f'case {self.name}'
        yield from self.setting(number)
        yield f'echo ours {ours} {theirs} {self.sizes(number)}'
        yield f'echo theirs {theirs} {ours} {self.sizes(number)}'
        yield f'stream ours {ours} {theirs} {STREAM}'
        yield f'stream theirs {theirs} {ours} {STREAM}'
        yield 'wire'

    def wrong(self, case):
        """what is wrong with what was answered; nothing when the kernel refuses and uxfrmd says the same"""
        requests = case.requests()
        count = 2 * len(self.sas(0, 0))
        sas, policies = requests[:count], requests[count:]
        for ours, theirs in sas:
            if ours != theirs:
                yield f'uxfrmd says {ours}, the kernel {theirs}'
        refused = any(theirs[0] for _, theirs in sas)
        if refused != self.is_refused:
            yield f'the kernel {"refuses" if refused else "takes"} such SAs: {sas[0][1]}'
        if refused:
            return
        for ours, theirs in policies:
            if (ours or theirs)[0]:
                yield f'a policy is refused: uxfrmd {ours}, the kernel {theirs}'
        yield from case.of('wrong')
        yield from self.wrong_on_wire(case)

    def wrong_on_wire(self, case):
        counts = {w.split('=')[0]: int(w.split('=')[1]) for line in case.of('wire') for w in line.split()}
        form = 'udp' if self.encap == 'udp' else WIRE_FORMS.get(self.protocol, self.protocol)
        if not counts.get(form):
            yield f'no packet had the form asked for: {counts}'
        if any(counts.get(k) for k in ('esp', 'ah', 'comp', 'udp', 'clear', 'unseen') if k != form):
            yield f'packets of another form: {counts} {" ".join(case.of("clear"))}'
        # Both streams can be made small, so either side shows whether it does. How many packets TCP makes of them
        # depends on the moment.
        if (counts['bytes'] - counts.get(form, 0) * PACKET < STREAM) != (self.protocol == 'comp+esp'):
            yield f'compressed or not: {counts}'


@dataclass(frozen=True)
class Compressed(Cell):
    """IPComp in the mode, then ESP in transport mode around it. What does not get smaller is not compressed, so on the
    way in IPComp may be missing."""

    def sas(self, sender, number):
        outer = OUTER[self.families[1]]
        ends = {'dst': outer[1 - sender], 'src': outer[sender], 'reqid': 1}
        cpi = 0x100 + (2 * number + sender) % 0xe000
        comp = x.usersa_info(spi=cpi, proto=x.COMP, mode=MODES[self.mode], sel=self.selector(sender), **ends)
        flags = AF_UNSPEC | (ESN if self.esn else 0)
        esp = x.usersa_info(spi=0x10000 + 2 * number + sender, mode=x.TRANSPORT, flags=flags,
                            window=0 if self.esn else 32, **ends)
        attrs = attributes(self.algorithm, number + sender) + (x.replay_esn(64) if self.esn else b'') + \
            (x.encap() if self.encap == 'udp' else b'')
        return [x.msg(x.NEWSA, comp, x.algo(x.ALG_COMP, 'deflate', b'')), x.msg(x.NEWSA, esp, attrs)]

    def templates(self, sender, direction):
        return self.template(sender, proto=x.COMP, mode=MODES[self.mode], optional=int(direction == IN)) + \
            self.template(sender, mode=x.TRANSPORT)


def everything():
    for mode, families, algorithm, encap, esn in itertools.product(MODES, FAMILIES, esp_algorithms(),
                                                                   ('plain', 'udp'), (False, True)):
        yield Cell('esp', mode, families, algorithm, encap, esn)
    for mode, families, algorithm, esn in itertools.product(MODES, FAMILIES, ah_algorithms(), (False, True)):
        # Linux writes the header of AH in BEET mode over the first eight bytes behind an inner IPv4 header.
        if mode != 'beet' or families[0] == 6:
            yield Cell('ah', mode, families, algorithm, 'plain', esn)
    for mode in MODES:
        yield Cell('ah', mode, (4, 4), ('auth', 'hmac(sha256)', 32, 128), 'udp', False)
    for mode, families, algorithm, encap, esn in itertools.product(MODES, FAMILIES, esp_algorithms(),
                                                                   ('plain', 'udp'), (False, True)):
        yield Compressed('comp+esp', mode, families, algorithm, encap, esn)


def quick():
    """some of everything(), in which all pairs of values occur that any cell with packets has"""
    both = list(everything())
    return (spread((c for c in both if not c.is_refused), QUICK) +
            spread((c for c in both if c.is_refused), QUICK_REFUSED))


def spread(cells, count):
    """@count of them, the same each time: each the one, of some taken at random, that has most pairs of values not seen"""
    chance, seen, chosen = random.Random(4301), set(), []
    left = list(cells)
    while left and len(chosen) < count:
        some = [left[chance.randrange(len(left))] for _ in range(100)]
        best = max(some, key=lambda c: sum(2 if len(p) == 1 else 1 for p in pairs(c) if p not in seen))
        seen.update(pairs(best))
        left.remove(best)
        chosen.append(best)
    return chosen


def pairs(cell):
    values = cell.values()
    return [(v,) for v in values] + list(itertools.combinations(values, 2))
