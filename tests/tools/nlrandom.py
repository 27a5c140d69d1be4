#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""nlrandom.py SEED COUNT: a script for nltalk with COUNT random sequences of requests, made to meet each other:
few addresses, SPIs, marks and selectors, used again and again. About one message in six has a defect.

What the two sides are known to answer differently (docs/conformance.md) is not asked for: an SA is always
looked up with its own mark or one that fits none, crypto offload is only asked for wrongly, an index that the
other side chose is not named, and nothing expires."""
import random
import struct
import sys
from xfrm_bytes import *

V4 = ('10.0.0.1', '10.0.0.2', '10.0.1.9', '0.0.0.0', '224.0.0.5')
V6 = ('fd00::1', 'fd00::2', '::', 'fe80::7')
NETS4 = (('10.1.0.0', 16), ('10.2.3.0', 24), ('0.0.0.0', 0), ('10.1.0.77', 16), ('10.9.9.9', 32))
NETS6 = (('fd01::', 64), ('fd02::1', 128), ('::', 0), ('fd01::9', 17))
SPIS = (0x100, 0x101, 0x1000, 0xc0ffee01)
ANY_SPI = 0x70000000  # ALLOCSPI ranges from here on are masked
INDEX = 0x20000000
KEYS = {'rfc4106(gcm(aes))': (20, 28, 36), 'cbc(aes)': (16, 24, 32), 'hmac(sha1)': (20,), 'hmac(sha256)': (32,),
        'hmac(sha384)': (48,), 'hmac(sha512)': (64,), 'ecb(cipher_null)': (0,), 'digest_null': (0,)}
ALIASES = {'cbc(aes)': 'aes', 'hmac(sha1)': 'sha1', 'hmac(sha256)': 'sha256', 'hmac(sha384)': 'sha384',
           'hmac(sha512)': 'sha512', 'ecb(cipher_null)': 'cipher_null'}
PATTERN = bytes(range(1, 251))
SPECIAL32 = (0, 1, 2, 31, 32, 33, 64, 255, 256, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff)


class World:
    """one sequence"""

    def __init__(self, seed):
        self.r = random.Random(seed)
        self.seq = self.r.choice((0, 1, 1000, 0xfffffff0))
        self.mask = self.r.choice((0xffffffff, 0xff, 0xf0, 0x80000001))
        self.marked = self.p(0.4)
        self.marks = {}
        self.sas, self.policies = [], []
        self.v6 = self.r.random()
        self.mixed = self.r.random() < 0.2

    def p(self, chance):
        return self.r.random() < chance

    def one(self, *values):
        return self.r.choice(values)

    def u32(self):
        return self.r.choice(SPECIAL32) if self.p(0.7) else self.r.getrandbits(32)

    # --- SAs
    def address(self, family):
        a = self.r.choice((V4 if family == INET else V6)[:3 if self.p(0.9) else None])
        return a

    def address_pair(self):
        family = INET6 if self.p(self.v6) else INET
        return self.address(family), self.address(family), family

    def mark_of(self, dst, spi, proto):
        """(v, m) of all SAs of this tuple, or None"""
        key = (dst, spi, proto)
        if key not in self.marks:
            v = self.r.getrandbits(32) & self.mask
            self.marks[key] = (v or self.mask, self.mask) if self.marked and self.p(0.6) else None
        return self.marks[key]

    def mark_attr(self, key, miss=0.1, wide=0.0):
        m = self.mark_of(*key)
        if m is None:
            return mark(0, 0) if self.p(0.05) else b''
        if self.p(miss):
            return b'' if self.p(0.5) else mark(m[0] ^ (m[1] & -m[1]), m[1])
        return mark(m[0] | (~m[1] & 0xff00 if self.p(wide) else 0), m[1])

    def sa_tuple(self):
        if self.sas and self.p(0.75):
            return self.r.choice(self.sas)
        dst, src, _ = self.address_pair()
        proto = ESP if self.p(0.94) else self.one(AH, COMP, ROUTING, DSTOPTS, 0, 255, 6)
        return dst, src, self.r.choice(SPIS) if self.p(0.95) else 0, proto

    def key(self, name, bad=0.0):
        n = self.r.choice(KEYS.get(name, (20,)))
        if self.p(bad):
            n = self.one(0, 1, n + 1, max(0, n - 1), 15, 64, 70)
        at = self.one(0, 0, 3, 91)
        return PATTERN[at:at + n] if self.p(0.9) else self.r.randbytes(n)

    def algorithms(self, bad):
        kind = self.r.random()
        if kind < 0.45:
            name = 'rfc4106(gcm(aes))' if not self.p(bad) else self.one('gcm(aes)', 'rfc4106', '', 'x' * 63)
            icv = self.one(64, 96, 128) if not self.p(bad) else self.one(0, 8, 32, 120, 136, 256)
            k = self.key('rfc4106(gcm(aes))', bad)
            return [algo2(ALG_AEAD, name, k, icv, max(0, len(k) * 8 - self.one(*([0] * 20), 1, 7)))]
        crypt = self.one('cbc(aes)', 'cbc(aes)', 'ecb(cipher_null)')
        auth = self.one('hmac(sha1)', 'hmac(sha256)', 'hmac(sha384)', 'hmac(sha512)', 'digest_null')
        out = []
        enc, mac = self.key(crypt, bad), self.key(auth, bad)
        if self.p(0.96):
            out.append(algo(ALG_CRYPT, self.spell(crypt, bad), enc))
        if self.p(0.5):
            out.append(algo(ALG_AUTH, self.spell(auth, bad), mac))
        if not out or self.p(0.5):
            trunc = self.one(96, 128, 160, 192, 256) if not self.p(bad) else self.one(0, 8, 95, 512, 520)
            out.append(algo2(ALG_AUTH_TRUNC, self.spell(auth, bad), mac, trunc))
        return out

    def spell(self, name, bad):
        if self.p(bad):
            return self.one('nope', '', name + ' ', name.upper())
        return ALIASES.get(name, name) if self.p(0.2) else name

    def replay(self, flags, direction):
        """the attribute, the legacy window"""
        esn = flags & 0x80
        if not esn and self.p(0.7):
            if self.p(0.5):
                return b'', self.one(0, 0, 0, 1, 31, 32, 33, 64, 255) if direction != 2 or self.p(0.1) else 0
            seq = 0 if direction == 2 and self.p(0.8) else self.u32()
            window = self.one(0, 8, 32) if direction != 2 else 0
            return replay(self.u32(), seq, self.u32() if seq and window else 0), window
        if not esn and self.p(0.6):
            return b'', 0
        if direction == 2 and self.p(0.85):
            o = self.r.choice((0, 1, 0xffffffff, 1 << 32, self.r.getrandbits(40)))
            return replay_esn(0, oseq=o if esn or self.p(0.1) else o & 0xffffffff), 0
        w = self.one(1, 8, 31, 32, 33, 64, 65, 128, 1024, 4096)
        if self.p(0.05):
            w = self.one(0, 4097, 1 << 31)
        n = min((w + 31) // 32, 129) + (self.one(1, 2, 10) if self.p(0.15) else 0) - self.p(0.03)
        n = max(n, 0)
        bits = [self.one(0, 0, 0xffffffff, 0x13579bdf, self.r.getrandbits(32) if self.p(0.2) else 1) & (1 << min(32, max(0, w - 32 * i))) - 1 for i in range(n)]
        top = self.r.choice((0, 1, 5, w - 1, w, w + 1, 0xffffffff, 1 << 32, self.r.getrandbits(36))) % (1 << 64)
        o = 0 if direction == 1 and self.p(0.9) else self.r.getrandbits(33)
        if not esn:
            top, o = top & 0xffffffff, o & 0xffffffff
        return replay_esn(w, n, o, top, bits, short=self.p(0.03)), 0 if self.p(0.97) else 32

    def selector(self, family=None, plain=0.4):
        family = family if family is not None else INET6 if self.p(self.v6) else INET
        if self.p(plain):
            return selector(family=family if self.p(0.5) else 0)
        nets = NETS6 if family == INET6 else NETS4
        d, s = self.r.choice(nets), self.r.choice(nets)
        proto = self.one(0, 0, 6, 17, 1, 58, 255)
        ports = (self.one(0, 53, 65535), self.one(0, 1024)) if proto else (0, 0)
        sel = bytearray(selector(d[0], s[0], d[1], s[1], family, proto, *ports, self.one(0, 0, 0, 1, 99)))
        if self.p(0.03):
            sel[34:36] = self.r.randbytes(2)
        if self.p(0.03):
            sel[52:56] = struct.pack('=I', self.u32())
        return bytes(sel)

    def limits(self):
        if self.p(0.6):
            return limits()
        return limits(*(self.one(INF, 1 << 40, INF - 1, 1 << 33) for _ in range(4)),
                      *(self.one(0, 1000, 86400, 1 << 33) for _ in range(4)))

    def sa_extra(self, direction):
        """the rarer attributes of NEWSA, each with a small chance"""
        table = (
            (0.15, lambda: u32(IF_ID, self.one(0, 1, 77))),
            (0.12, lambda: encap(self.one(2, 2, 2, 2, 2, 9, 0), self.one(4500, 500, 0), self.one(4500, 1025),
                                 self.one('', '192.0.2.9'))),
            (0.10, lambda: u32(SET_MARK, self.u32())),
            (0.07, lambda: u32(SET_MARK_MASK, self.u32())),
            (0.06, lambda: u32(TFCPAD, self.one(0, 1, 100, 1500, 0xffffffff))),
            (0.10, lambda: u32(SA_EXTRA_FLAGS, self.one(0, 1, 2, 3, 4, 0xffffffff))),
            (0.08, lambda: attr(COADDR, addr(self.r.choice(V4 + V6)))),
            (0.06, lambda: attr(LTIME_VAL, struct.pack('=4Q', self.one(0, 5), self.one(0, 9), 1600000000,
                                                       self.one(0, 1600000001)))),
            (0.06, lambda: u64(LASTUSED, self.one(0, 1600000002))),
            (0.08, lambda: u32(ETIMER_THRESH, self.u32())),
            (0.08, lambda: u32(REPLAY_THRESH, self.u32())),
            (0.05, lambda: u32(MTIMER_THRESH, self.one(0, 9, 0xffffffff))),
            (0.05, lambda: u32(NAT_KEEPALIVE_INTERVAL, self.one(0, 20, 0xffffffff))),
            (0.03, lambda: u32(SA_PCPU, self.one(0, 70000, 0xffffffff))),
            (0.03, lambda: attr(SEC_CTX, struct.pack('=HHBBH', 8, 8, 1, 1, self.one(0, 0, 1)))),
            (0.02, lambda: attr(OFFLOAD_DEV, struct.pack('=iB3x', self.one(0, 1, 4711), self.one(4, 8, 255)))),
            (0.02, lambda: u8(PROTO, ESP)), (0.02, lambda: attr(SRCADDR, addr('10.0.0.1'))),
            (0.01, lambda: attr(KMADDRESS, bytes(40))), (0.01, lambda: attr(POLICY_TYPE, bytes(6))),
            (0.02, lambda: algo(ALG_COMP, 'deflate', b'')), (0.01, lambda: attr(TMPL, bytes(64))),
        )
        out = [make() for chance, make in table if self.p(chance)]
        if direction is not None:
            out.append(u8(SA_DIR, direction))
        return out

    def newsa(self):
        kind = NEWSA if self.p(0.65) else UPDSA
        dst, src, spi, proto = self.sa_tuple()
        if kind == NEWSA and self.p(0.4):
            spi = self.r.choice(SPIS)
        if self.p(0.05):
            src = self.address(family_of(dst) if not self.p(0.3) else INET)
        direction = self.one(None, None, 1, 2)
        flags = self.one(0, 0, 0, 0x80, 0x20, self.r.getrandbits(8)) if direction != 1 else self.one(0, 0x80, 2)
        if direction == 2:
            flags &= ~0x1a
        bad = 0.15 if self.p(0.1) else 0
        family = family_of(dst)
        if proto in (AH, COMP, ROUTING, DSTOPTS) and self.p(0.9):
            proto = ESP
        mode = TUNNEL if self.p(0.75) else TRANSPORT if self.p(0.85) else self.one(3, 6, 255)
        sel_family = family if not self.p(0.15) else self.one(INET, INET6)
        r, window = self.replay(flags, direction)
        seq = self.one(0, 0, 0, 1, 2)
        out = self.algorithms(bad) + [r, self.mark_attr((dst, spi, proto), 0, 0.1 * (kind == NEWSA))] + self.sa_extra(direction)
        if self.p(0.4):
            self.r.shuffle(out)
        body = usersa_info(dst, src, spi, proto, mode, self.one(0, 1, 1, 2, 0xffffffff), window, flags, seq, None,
                           self.selector(sel_family, 0.6), self.limits())
        if (dst, src, spi, proto) not in self.sas:
            self.sas.append((dst, src, spi, proto))
        return kind, body, out

    def sa_id(self):
        dst, src, spi, proto = self.sa_tuple()
        family = family_of(dst) if not self.p(0.05) else self.one(INET, INET6, 0, 7)
        out = [self.mark_attr((dst, spi, proto))]
        if self.p(0.1 if proto == ESP else 0.6):
            out.append(attr(SRCADDR, addr(src)))
        return usersa_id(dst, spi, proto if not self.p(0.03) else self.one(0, AH, 43, 255), family), out

    def getsa(self):
        return (GETSA, *self.sa_id())

    def delsa(self):
        return (DELSA, *self.sa_id())

    def allocspi(self):
        dst, src, spi, proto = self.sa_tuple()
        spi = self.r.choice(SPIS) if self.p(0.7) else ANY_SPI
        low, high = (spi, spi) if spi != ANY_SPI else (spi, spi + 0xffff)
        if self.p(0.05):
            low, high = self.one((5, 4), (0, 0), (0xffffffff, 0xffffffff))
        direction = self.one(None, None, None, 1, 2)
        out = [self.mark_attr((dst, spi, proto), 0)] + [a for a in self.sa_extra(direction) if self.p(0.4)]
        if direction and self.p(0.5):
            out.append(u8(SA_DIR, direction))
        if spi != ANY_SPI and (dst, src, spi, proto) not in self.sas:
            self.sas.append((dst, src, spi, proto))
        body = userspi_info(low, high, dst=dst, src=src, spi=self.one(0, 0, 77), proto=proto,
                            mode=self.one(TUNNEL, TUNNEL, TRANSPORT, 9), reqid=self.one(0, 1, 2),
                            seq=self.one(0, 0, 1, 2), sel=self.selector())
        return ALLOCSPI, body, out

    def flushsa(self):
        return FLUSHSA, bytes([self.one(0, ESP, ESP, AH, 255, COMP, 6)]), []

    def dumpsa(self):
        out = []
        if self.p(0.4):
            out.append(u8(PROTO, self.one(0, ESP, ESP, AH, 255, COMP)))
        if self.p(0.5):
            d, s, family = self.address_pair()
            family = family if not self.p(0.2) else self.one(0, INET, INET6, 77)
            top = 128 if family == INET6 else 32
            out.append(filter_(s, d, family, self.one(0, 0, 8, top, 31, 129), self.one(0, 8, 24, top, 32)))
        if self.p(0.05):
            out.append(self.r.choice((u8(SA_DIR, 1), mark(1), u32(IF_ID, 1), u32(SA_PCPU, 1))))
        return GETSA, b'', out

    # --- policies
    def policy_name(self):
        """selector, direction, index, attributes"""
        if self.policies and self.p(0.75):
            return self.r.choice(self.policies)
        sel = self.selector(plain=0.1)
        direction = self.one(0, 1, 2)
        index = (INDEX + 8 * self.r.randrange(6)) | direction if self.p(0.4) else 0
        out = [make() for chance, make in (
            (0.2, lambda: mark(self.one(0, 5, 0x1ff), self.one(0, 0xff, 0xffffffff))),
            (0.15, lambda: u32(IF_ID, self.one(0, 1, 77))),
            (0.2, lambda: attr(POLICY_TYPE, struct.pack('=BxHBx', self.one(0, 0, 1), 0, 0)))) if self.p(chance)]
        self.policies.append((sel, direction, index, out))
        return self.policies[-1]

    def template(self, family):
        d, s = self.address(family), self.address(family)
        t = template(d, s, self.one(0, 0, 0x100), ESP if self.p(0.85) else self.one(AH, COMP, 43, 60, 0, 255),
                     self.one(TUNNEL, TUNNEL, TRANSPORT, *([2, 4, 9] if self.p(0.1) else [])), self.one(0, 1, 2),
                     family if not self.p(0.1) else self.one(0, INET, INET6, 7))
        t = bytearray(t)
        if self.p(0.2):
            t[49:51] = self.r.randbytes(2) if self.p(0.3) else bytes((self.one(0, 3), self.one(0, 1)))
        if self.p(0.1):
            t[52:64] = self.r.randbytes(12)
        return bytes(t)

    def newpolicy(self):
        sel, direction, index, out = self.policy_name()
        out = list(out)
        family = INET6 if struct.unpack_from('=H', sel, 40)[0] == INET6 else INET
        if self.p(0.8):
            n = self.one(1, 1, 1, 2, 3, 6) if not self.p(0.03) else 7
            t = b''.join(self.template(family if not self.p(0.1) else self.one(INET, INET6)) for _ in range(n))
            out.append(attr(TMPL, t + (b'abc' if self.p(0.02) else b'')))
        if self.p(0.03):
            out.append(attr(SEC_CTX, struct.pack('=HHBBH', 8, 8, 1, 1, self.one(0, 1))))
        if self.p(0.02):
            out.append(attr(OFFLOAD_DEV, struct.pack('=iB3x', 1, self.one(0, 1, 8))))
        out += [a for a in self.sa_extra(None) if self.p(0.1) and struct.unpack_from('=H', a, 2)[0] not in (
            IF_ID, OFFLOAD_DEV, SA_PCPU, TMPL, POLICY_TYPE, SEC_CTX)]
        if self.p(0.3):
            self.r.shuffle(out)
        lft = self.limits()
        body = sel + lft + (bytes(32) if self.p(0.9) else self.r.randbytes(32)) + struct.pack(
            '=IIBBBB4x', self.one(0, 0, 1, 1, 5, 0xffffffff), index, direction, self.one(0, 0, 0, 1), self.one(
                0, 0, 1, 2, 3, 255), self.one(0, 0, 0, 3))
        if self.p(0.03):
            body = bytearray(body)
            body[self.one(160, 161, 163)] = self.r.getrandbits(8)
        return NEWPOLICY if self.p(0.65) else UPDPOLICY, bytes(body), out

    def policy_id(self):
        sel, direction, index, out = self.policy_name()
        out = [a for a in out if not self.p(0.1)]
        index = 0 if self.p(0.4) else index
        if index and self.p(0.3):
            sel = self.selector()
        if self.p(0.05):
            direction = self.one(0, 1, 2, 3, 255)
        return policy_id(sel, direction, index), out

    def getpolicy(self):
        return (GETPOLICY, *self.policy_id())

    def delpolicy(self):
        return (DELPOLICY, *self.policy_id())

    def dumppolicy(self):
        return GETPOLICY, b'', [mark(5, 0xff)] if self.p(0.1) else []

    def flushpolicy(self):
        return FLUSHPOLICY, b'', [attr(POLICY_TYPE, bytes([self.one(0, 1, 2, 255), 0, 0, 0, 0, 0]))] if self.p(
            0.5) else []

    def info(self):
        return self.one(GETSADINFO, GETSPDINFO), struct.pack('=I', self.u32()), []

    # --- replay state, default policies, events
    def aevent(self):
        kind = NEWAE if self.p(0.6) else GETAE
        dst, src, spi, proto = self.sa_tuple()
        out = [self.mark_attr((dst, spi, proto))]
        if kind == NEWAE or self.p(0.1):
            r, _ = self.replay(self.one(0, 0, 0x80), self.one(None, 1, 2))
            if len(r) > 24 and not self.p(0.3):  # one of the sizes that are there
                w = self.one(1, 8, 32, 64)
                r = replay_esn(w, oseq=self.u32(), seq=self.u32(), bitmap=[1, 0][:(w + 31) // 32])
            out.append(r)
            if self.p(0.3):
                out.append(attr(LTIME_VAL, struct.pack('=4Q', self.one(0, 5, INF), self.one(0, 9), 1600000000,
                                                       self.one(0, 1600000001))))
            out += [u32(t, self.u32()) for t in (REPLAY_THRESH, ETIMER_THRESH) if self.p(0.2)]
        if self.p(0.05):
            self.r.shuffle(out)
        # not ETHR, which Linux counts in its own ticks
        flags = self.one(0, 2, 0xf7, 0xffffffff & ~8)
        return kind, usersa_id(dst, spi, proto) + addr(src) + struct.pack('=II', flags, self.one(0, 1)), out

    def default(self):
        return self.one(SETDEFAULT, GETDEFAULT), bytes(self.one(0, 1, 2, 3) for _ in range(3)), []

    def expire(self):
        dst, src, spi, proto = self.sa_tuple()
        body = usersa_info(dst, src, spi, proto) + bytes([self.one(0, 0, 0, 1)]) + bytes(7)
        return EXPIRE, body, [self.mark_attr((dst, spi, proto))]

    def polexpire(self):
        _, body, out = self.newpolicy()
        return POLEXPIRE, body + bytes([self.one(0, 0, 0, 1, 255)]) + self.r.randbytes(7), out

    def acquire(self):
        _, body, out = self.newpolicy()
        dst, src, spi, proto = self.sa_tuple()
        ident = addr(dst) + struct.pack('>I', spi) + bytes([proto]) + self.r.randbytes(3)
        return ACQUIRE, ident + addr(src) + self.selector() + body + struct.pack(
            '=4I', self.u32(), self.u32(), self.u32(), self.u32()), out

    # --- defects
    def defect(self, kind, body, out):
        """changes one thing in the parts of a message; returns the bytes of it, too"""
        body, out = bytearray(body), list(out)
        what = self.r.randrange(12)
        if self.marked and kind in (NEWSA, UPDSA, ALLOCSPI):
            what = self.one(6, 9, 10)  # no SA without its mark
        if what == 0:
            kind = self.one(15, 16, 17, 18, 19, 20, 21, 25, 26, 28, 29, 32, 34, 35, 36, 37, 38, 42, 60)
        elif what == 1 and body and not (kind == ALLOCSPI and out):
            del body[self.r.randrange(len(body)):]
        elif what == 2 and body:
            at = self.r.randrange(min(len(body), 224))  # not the range of ALLOCSPI
            body[at] = self.one(0, 1, 2, 10, 255, self.r.getrandbits(8))
            if kind in (NEWPOLICY, UPDPOLICY, GETPOLICY, DELPOLICY):
                self.tame_index(kind, body)
        elif what == 3 and out:
            i = self.r.randrange(len(out))
            if len(out[i]) >= 4:
                n = self.one(0, 1, 3, 4, 5, len(out[i]) - 1, len(out[i]) + 1, len(out[i]) + 4, 0xffff)
                out[i] = struct.pack('=H', n) + out[i][2:]
        elif what in (4, 5) and out:
            i = self.r.randrange(len(out))
            if len(out[i]) >= 4:
                n, t = struct.unpack_from('=HH', out[i])
                data = out[i][4:n]
                data = data[:self.r.randrange(len(data) + 1)] if self.p(0.6) else data + self.r.randbytes(
                    self.one(1, 4, 8, 64))
                out[i] = attr(t, data)
        elif what == 6:
            out.insert(self.r.randrange(len(out) + 1), attr(self.one(0, 42, 60, 900, 0x3fff), b'xyz'))
        elif what == 7 and out:
            i = self.r.randrange(len(out))
            if len(out[i]) >= 4:
                n, t = struct.unpack_from('=HH', out[i])
                out[i] = struct.pack('=HH', n, t | self.one(0x8000, 0x4000)) + out[i][4:]
        elif what == 8 and out:
            out.append(self.r.choice(out))
        elif what == 9:
            out.append(self.r.randbytes(self.one(1, 2, 3, 4)))
        elif what == 10:
            out.append(self.r.choice((u8(SA_DIR, self.one(0, 1, 2, 3)), attr(PROTO, b''), attr(SA_DIR, b'\1\1'),
                                      attr(IF_ID, b'1'), attr(COADDR, bytes(15)), attr(REPLAY_VAL, bytes(8)))))
        elif what == 11 and out:
            del out[self.r.randrange(len(out))]
        return kind, bytes(body), out

    @staticmethod
    def tame_index(kind, body):
        at = 156 if kind in (NEWPOLICY, UPDPOLICY) else 56
        if len(body) >= at + 4:
            index, = struct.unpack_from('=I', body, at)
            if index and index < INDEX // 2:
                struct.pack_into('=I', body, at, index | INDEX)

    # --- datagrams
    def message(self):
        make = self.r.choices(
            (self.newsa, self.getsa, self.delsa, self.allocspi, self.flushsa, self.dumpsa, self.newpolicy,
             self.getpolicy, self.delpolicy, self.dumppolicy, self.flushpolicy, self.info, self.aevent, self.default,
             self.expire, self.polexpire, self.acquire),
            (34, 12, 7, 6, 2, 5, 22, 9, 7, 3, 2, 1, 12, 1, 3, 3, 3))[0]
        kind, body, out = make()
        dump = make in (self.dumpsa, self.dumppolicy)
        flags = REQUEST | (ACK if self.p(0.9) else 0)
        if dump:
            flags = REQUEST | self.one(DUMP, DUMP, ROOT, MATCH, DUMP | ACK)
        elif self.p(0.1):
            flags |= self.one(8, 0x10, 0x20, 0x400, 0x800, 2)
        elif self.p(0.02):
            flags &= ~REQUEST
        if self.p(0.16):
            kind, body, out = self.defect(kind, body, out)
        self.seq = (self.seq + 1) & 0xffffffff
        length = None
        b = msg(kind, body, b''.join(out), flags, self.seq, self.one(0, 0, 0x1001, 77))
        if self.p(0.02) and not (self.marked and kind in (NEWSA, UPDSA, ALLOCSPI)):
            length = self.one(0, 15, 16, 17, len(b) - 1, len(b) - 4, len(b) + 1, len(b) + 4, 0xffffffff)
            b = struct.pack('=I', length & 0xffffffff) + b[4:]
        return b, dump or bool(flags & DUMP and kind in (GETSA, GETPOLICY))

    def datagram(self):
        out = b''
        for _ in range(self.one(1, 1, 1, 1, 1, 1, 1, 2, 3, 5)):
            b, dump = self.message()
            out += b + bytes(-len(b) % 4)
            if dump and self.p(0.6):
                return out
        return out[:-self.one(1, 2, 3)] if self.p(0.005) and len(out) > 4 else out

    def sequence(self, name):
        lines = ['reset ' + name]
        on = self.r.random()
        if on < 0.85:
            lines.append('option A ext_ack 1')
        if on < 0.7 or on > 0.95:
            lines.append('option A cap_ack 1')
        for _ in range(self.r.randrange(5, 18)):
            lines.append('> A ' + self.datagram().hex())
            if self.p(0.01):
                lines.append('option A %s %d' % (self.one('ext_ack', 'cap_ack'), self.p(0.5)))
        lines.append('> A ' + msg(GETSA, flags=REQUEST | DUMP, seq=1).hex())
        lines.append('> A ' + msg(GETPOLICY, flags=REQUEST | DUMP, seq=2).hex())
        return lines


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    for i in range(count):
        print('\n'.join(World('%d/%d' % (seed, i)).sequence('%d/%d' % (seed, i))))


if __name__ == '__main__':
    main()
