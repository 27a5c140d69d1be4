# SPDX-License-Identifier: BSD-2-Clause
"""Answers and events of NETLINK_XFRM with random contents, such as a kernel could send."""
import struct

import xfrm_bytes as x

ADDRS = {x.INET: ["10.0.0.1", "10.0.0.2", "192.0.2.7", "10.1.2.3", "0.0.0.0"],
         x.INET6: ["fd00::1", "fd00::2", "2001:db8::ffff", "::"]}
PROTOS = [x.ESP, x.ESP, x.ESP, x.AH, x.COMP, x.ROUTING, x.DSTOPTS, 255, 99]


class Messages:
    def __init__(self, random):
        self.random = random

    def one(self, *choices):
        return self.random.choice(choices)

    def number(self):
        return self.one(0, 1, 7, 255, 4096, 0x12345678, 0xffffffff)

    def maybe(self, chance, make, *arguments):
        return make(*arguments) if self.random.random() < chance else b""

    def address(self, family):
        return x.addr(self.one(*ADDRS[x.INET6 if family == x.INET6 else x.INET]))

    def selector(self, family):
        family = self.one(family, family, family, 0)
        if self.random.random() < 0.3:
            return bytes(56)
        bits = self.one(0, 8, 24, 32) if family != x.INET6 else self.one(0, 32, 64, 128)
        return self.address(family) + self.address(family) + struct.pack(
            "=HHHHHBBB3xii", self.number() & 0xffff, self.one(0, 0xffff), self.number() & 0xffff, self.one(0, 0xffff),
            family, bits, bits, self.one(0, 0, 6, 17, 1, 58, 135, 47, 132, 255), self.one(0, 0, 0, 1), self.one(0, 0, 1000))

    def limits(self):
        return struct.pack("=8Q", *[self.one(x.INF, x.INF, 0, 1000) for _ in range(4)], *[self.one(0, 0, 60, 3600) for _ in range(4)])

    def usage(self):
        return struct.pack("=4Q", self.one(0, 12345), self.one(0, 99), self.one(0, 1700000000), self.one(0, 1700000100))

    def sa_info(self, family):
        return self.selector(family) + self.address(family) + struct.pack("=I", self.number()) + \
            struct.pack("=B3x", self.one(*PROTOS)) + self.address(family) + self.limits() + self.usage() + \
            struct.pack("=3I", self.number(), self.number(), self.number()) + struct.pack(
                "=IIHBBB7x", self.number(), self.number(), family, self.one(0, 1, 1, 2, 3, 4, 9), self.one(0, 32, 255),
                self.one(0, 0, 0x20, 0x80, 0xff, 0x41))

    def algos(self):
        key = bytes(self.random.randrange(256) for _ in range(self.one(0, 1, 16, 20)))
        icv = self.one(0, 96, 128, 256)
        return b"".join(self.random.sample([
            x.algo(x.ALG_AUTH, "hmac(sha1)", key), x.algo2(x.ALG_AUTH_TRUNC, "hmac(sha256)", key, icv),
            x.algo2(x.ALG_AEAD, "rfc4106(gcm(aes))", key, icv), x.algo(x.ALG_CRYPT, "cbc(aes)", key), x.algo(x.ALG_COMP, "deflate", b"")],
            self.one(0, 1, 2, 3)))

    def esn(self):
        words = self.one(0, 1, 4, 8, 9)
        return x.attr(x.REPLAY_ESN_VAL, struct.pack("=6I", words, *[self.number() for _ in range(4)], words * 32) +
                      struct.pack("=%dI" % words, *[self.number() for _ in range(words)]))

    def context(self):
        label = self.one(b"label\0", b"a:b:c\0", b"x")
        return x.attr(x.SEC_CTX, struct.pack("=HHBBH", 8 + len(label), x.SEC_CTX, 1, 1, len(label)) + label)

    def sa_attrs(self, family):
        return b"".join((
            self.algos(), self.maybe(0.3, x.mark, self.number(), self.number()), self.maybe(0.2, x.u32, x.SET_MARK, self.number()),
            self.maybe(0.1, x.u32, x.SET_MARK_MASK, self.number()), self.maybe(0.2, x.u32, x.IF_ID, self.number()),
            self.maybe(0.2, x.u32, x.TFCPAD, self.number()), self.maybe(0.3, x.u32, x.SA_EXTRA_FLAGS, self.one(0, 1, 2, 3, 0xff)),
            self.maybe(0.2, x.attr, x.ENCAP, struct.pack("=HHH2x", self.one(1, 2, 7, 9), self.number() & 0xffff, 1) + self.address(family)),
            self.maybe(0.1, x.attr, x.COADDR, self.address(family)), self.maybe(0.2, x.u64, x.LASTUSED, self.one(0, 1700000000)),
            self.maybe(0.3, lambda: x.attr(x.REPLAY_VAL, struct.pack("=3I", self.number(), self.number(), self.number()))),
            self.maybe(0.3, self.esn), self.maybe(0.2, x.attr, x.OFFLOAD_DEV, struct.pack("=iB3x", self.one(1, 77), self.one(0, 2, 4, 6))),
            self.maybe(0.1, self.context), self.maybe(0.2, x.u8, x.SA_DIR, self.one(1, 2)), self.maybe(0.1, x.u32, x.SA_PCPU, 1),
            self.maybe(0.1, x.u32, x.MTIMER_THRESH, 5)))

    def policy_info(self, family):
        return self.selector(family) + self.limits() + self.usage() + struct.pack(
            "=IIBBBB4x", self.number(), self.number(), self.one(0, 1, 2, 0, 1, 2, 3, 4, 5), self.one(0, 0, 1, 7),
            self.one(0, 0, 1, 2, 3, 0x80), self.one(0, 0, 1, 2, 3, 9))

    def template(self, family):
        return self.address(family) + struct.pack("=IB3xH2x", self.one(0, 0, 5), self.one(*PROTOS), family) + self.address(family) + \
            struct.pack("=IBBBxIII", self.number(), self.one(0, 1, 2, 4), self.one(0, 0, 1, 3), self.one(0, 0, 1, 2),
                        *[self.one(0xffffffff, 0, 5) for _ in range(3)])

    def policy_attrs(self, family):
        templates = b"".join(self.template(self.one(x.INET, x.INET6)) for _ in range(self.one(0, 1, 2, 6)))
        return b"".join((
            x.attr(x.TMPL, templates) if templates else b"", self.maybe(0.6, x.attr, x.POLICY_TYPE, struct.pack("=B5x", self.one(0, 1, 7))),
            self.maybe(0.2, x.mark, self.number(), self.number()), self.maybe(0.2, x.u32, x.IF_ID, self.number()),
            self.maybe(0.1, self.context)))

    def family(self):
        return self.one(x.INET, x.INET, x.INET6)

    def sa(self, kind=x.NEWSA, **header):
        family = self.family()
        return x.msg(kind, self.sa_info(family), self.sa_attrs(family), **header)

    def policy(self, kind=x.NEWPOLICY, **header):
        family = self.family()
        return x.msg(kind, self.policy_info(family), self.policy_attrs(family), **header)

    def deleted(self):
        family = self.family()
        if self.random.random() < 0.5:
            return x.msg(x.DELSA, bytes(24), x.attr(x.SA, self.sa_info(family)) + self.sa_attrs(family), flags=0)
        return x.msg(x.DELPOLICY, bytes(64), x.attr(x.POLICY, self.policy_info(family)) + self.policy_attrs(family), flags=0)

    def expired(self):
        family = self.family()
        hard = struct.pack("=B7x", self.one(0, 1))
        if self.random.random() < 0.5:
            return x.msg(x.EXPIRE, self.sa_info(family) + hard, self.sa_attrs(family), flags=0)
        return x.msg(x.POLEXPIRE, self.policy_info(family) + hard, self.policy_attrs(family), flags=0)

    def acquire(self):
        family = self.family()
        head = self.address(family) + struct.pack("=IB3x", self.one(0, 0, 7), self.one(*PROTOS)) + self.address(family) + \
            self.selector(family) + self.policy_info(family) + struct.pack("=4I", *[self.number() for _ in range(4)])
        return x.msg(x.ACQUIRE, head, self.policy_attrs(family), flags=0)

    def aevent(self):
        family = self.family()
        head = self.address(family) + struct.pack("=IHBx", self.number(), family, self.one(*PROTOS)) + self.address(family) + \
            struct.pack("=II", self.number() & 0xff, self.number())
        return x.msg(x.NEWAE, head, self.maybe(0.5, self.esn) + self.maybe(0.3, x.mark, 1), flags=0)

    def report(self):
        family = self.family()
        return x.msg(x.REPORT, struct.pack("=B3x", self.one(*PROTOS)) + self.selector(family),
                     self.maybe(0.5, x.attr, x.COADDR, self.address(family)), flags=0)

    def mapping(self):
        family = self.family()
        return x.msg(x.MAPPING, self.address(family) + struct.pack("=IHBx", self.number(), family, x.ESP) + struct.pack("=I", self.number()) +
                     self.address(family) + self.address(family) + struct.pack("=HH", self.number() & 0xffff, self.number() & 0xffff), flags=0)

    def other(self):
        return self.one(x.msg(x.FLUSHSA, struct.pack("=B", self.one(0, 50, 255)), flags=0), x.msg(99, bytes(8), flags=0),
                        x.msg(x.FLUSHPOLICY, b"", self.maybe(0.5, x.attr, x.POLICY_TYPE, bytes([self.one(0, 1)]) + bytes(5)), flags=0),
                        x.msg(x.GETDEFAULT, struct.pack("=3B", self.one(1, 2), self.one(1, 2), self.one(1, 2)), flags=0))

    def event(self):
        return self.one(self.sa, self.policy, self.deleted, self.expired, self.acquire, self.aevent, self.report, self.mapping,
                        self.other, lambda: self.sa(x.UPDSA, flags=0), lambda: self.policy(x.UPDPOLICY, flags=0))()
