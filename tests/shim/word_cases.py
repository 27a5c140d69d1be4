# SPDX-License-Identifier: BSD-2-Clause
"""Command lines for `ip xfrm`: by its grammar, with all its words, and with mistakes in them."""

ADDR4 = ["10.0.0.1", "10.0.0.2", "192.0.2.7", "0.0.0.0", "10.1", "10", "0x0a.1.2.3", "255.255.255.255"]
ADDR6 = ["fd00::1", "fd00::2", "::", "2001:db8::ffff", "::ffff:10.0.0.1"]
PREFIX4 = ["10.0.0.0/8", "10.1.2.0/24", "0.0.0.0/0", "10.0.0.1/32", "192.0.2.0/255.255.255.0", "10/8", "10.0.0.1"]
PREFIX6 = ["fd00::/8", "fd00::1/128", "::/0", "2001:db8::/32", "fd00::1"]
ANY = ["any", "all", "default"]
BAD = ["zz", "", "-1", "0x", "4294967296", "1.2.3.4.5", "10.0.0.1/33", "fd00::/129", "300.1.1.1", "1e3", " 5", "0xgg", "bogus", "::g"]
NUMBERS = ["0", "1", "7", "077", "0x10", "255", "256", "65535", "65536", "4294967295"]
KEYS = ["0x0102030405060708090a0b0c0d0e0f1011121314", "0x1", "0x112", "sixteen-bytes-ok", "0x", "", "0xABcd"]
MODES = ["transport", "tunnel", "beet", "ro", "in_trigger"]
PROTOS = ["esp", "ah", "comp", "route2", "hao", "ipsec-any"]
SPIS = ["0", "5", "0x1000", "0xffffffff", "65536", "256"]
UPPER = ["tcp", "udp", "sctp", "dccp", "icmp", "ipv6-icmp", "mobility-header", "gre", "6", "0", "255", "256", "ospf", "esp"]
STATE_FLAGS = ["noecn", "decap-dscp", "nopmtudisc", "wildrecv", "icmp", "af-unspec", "align4", "esn"]
EXTRA_FLAGS = ["dont-encap-dscp", "oseq-may-wrap"]
POLICY_FLAGS = ["localok", "icmp"]
LIMITS = ["time-soft", "time-hard", "time-use-soft", "time-use-hard", "byte-soft", "byte-hard", "packet-soft", "packet-hard"]
OPTIONS = ["-s", "-s", "-s -s", "-d", "-o", "-4", "-6", "-o -s", "-N", "-r", "-family inet6", "-f inet", "-br", "-stats"]


class Words:
    def __init__(self, random):
        self.random = random
        self.six = random.random() < 0.3  # most addresses of one line are of one family

    def one(self, *choices):
        return self.random.choice(choices)

    def some(self, choices, low=0, high=3):
        return self.random.sample(choices, min(len(choices), self.random.randint(low, high)))

    def maybe(self, chance, words):
        return words if self.random.random() < chance else []

    def address(self):
        roll = self.random.random()
        if roll < 0.03:
            return self.one(*ANY)
        return self.one(*(ADDR6 if self.six != (roll < 0.06) else ADDR4))

    def prefix(self):
        roll = self.random.random()
        if roll < 0.05:
            return self.one(*ANY)
        return self.one(*(PREFIX6 if self.six != (roll < 0.08) else PREFIX4))

    def number(self):
        return self.one(*NUMBERS)

    def shuffled(self, clauses):
        clauses = [c for c in clauses if c]
        self.random.shuffle(clauses)
        return [w for c in clauses for w in c]

    def id(self, spi=True):
        return self.shuffled([
            self.maybe(0.9, ["src", self.address()]), self.maybe(0.95, ["dst", self.address()]),
            self.maybe(0.95, ["proto", self.one("esp", "esp", "esp", *PROTOS)]),
            self.maybe(0.9 if spi else 0.1, ["spi", self.one(*SPIS)])])

    def upper(self):
        words = ["proto", self.one(*UPPER)]
        for name in self.some(["sport", "dport", "type", "code", "key"], 0, 2):
            words += [name, self.one("1.2.3.4", self.number()) if name == "key" else self.number()]
        return words

    def selector(self):
        return self.shuffled([self.maybe(0.8, ["src", self.prefix()]), self.maybe(0.8, ["dst", self.prefix()]),
                              self.maybe(0.2, ["dev", "lo"]), self.maybe(0.4, self.upper())])

    def mark(self, name="mark", chance=0.2):
        return self.maybe(chance, [name, self.number()] + self.maybe(0.5, ["mask", self.number()]))

    def limits(self):
        return [w for _ in range(self.random.choice([0, 0, 0, 1, 3])) for w in ["limit", self.one(*LIMITS), self.number()]]

    def algos(self):
        key = self.one(*KEYS)
        return self.one(["aead", "rfc4106(gcm(aes))", KEYS[0], "128"], ["aead", "rfc4106(gcm(aes))", key, self.number()],
                        ["enc", "cbc(aes)", key, "auth", "hmac(sha1)", key],
                        ["auth-trunc", "hmac(sha256)", key, "96", "enc", "cbc(aes)", key], ["auth", "sha1", key],
                        ["comp", "deflate"], ["enc", "aes", key], ["enc", "aes", key, "enc", "aes", key],
                        ["auth", "md5", key, "auth-trunc", "md5", key, "96"], [])

    def encap(self):
        return self.maybe(0.2, ["encap", self.one("espinudp", "espinudp-nonike", "espintcp"), self.number(), self.number(),
                                self.address()])

    def state_change(self):
        clauses = [self.id(), self.algos(), self.maybe(0.6, ["mode", self.one("tunnel", "tunnel", *MODES)]), self.mark(),
                   self.maybe(0.4, ["reqid", self.number()]), self.maybe(0.1, ["seq", self.number()]),
                   self.maybe(0.3, ["flag", *self.some(STATE_FLAGS, 1, 3)]), self.maybe(0.05, ["flag", self.one("0x20", "0x80", "0x100")]),
                   self.maybe(0.2, ["extra-flag", *self.some(EXTRA_FLAGS, 1, 2)]), self.maybe(0.2, ["sel", *self.selector()]),
                   self.limits(), self.encap(), self.maybe(0.05, ["coa", self.address()]), self.maybe(0.08, ["ctx", self.one("label", "a:b:c")]),
                   self.mark("output-mark"), self.maybe(0.2, ["if_id", self.number()]), self.maybe(0.1, ["tfcpad", self.number()]),
                   self.maybe(0.1, ["offload", *self.maybe(0.9, ["dev", "lo"]), "dir", self.one("in", "out")])]
        for name in ("replay-window", "replay-seq", "replay-oseq", "replay-seq-hi", "replay-oseq-hi"):
            clauses.append(self.maybe(0.15, [name, self.one("0", "16", "32", "33", "64", "300", "4096", "5000")]))
        return self.shuffled(clauses)

    def state_filter(self):
        return self.shuffled([self.maybe(0.3, ["src", self.prefix()]), self.maybe(0.3, ["dst", self.prefix()]),
                              self.maybe(0.3, ["proto", self.one(*PROTOS)]), self.maybe(0.2, ["spi", self.one(*SPIS)]),
                              self.maybe(0.2, ["mode", self.one(*MODES)]), self.maybe(0.2, ["reqid", self.number()]),
                              self.maybe(0.2, ["flag", *self.some(STATE_FLAGS, 1, 2)]), self.maybe(0.2, ["nokeys"])])

    def alloc(self):
        return self.shuffled([self.id(spi=False), self.maybe(0.5, ["mode", self.one(*MODES)]), self.mark(),
                              self.maybe(0.5, ["reqid", self.number()]), self.maybe(0.3, ["seq", self.number()]),
                              self.maybe(0.5, ["min", self.one(*SPIS), "max", self.one(*SPIS)]), self.maybe(0.1, [self.one("min", "max"), "5"])])

    def template(self):
        return ["tmpl", *self.shuffled([self.id(spi=self.random.random() < 0.3), self.maybe(0.5, ["mode", self.one(*MODES)]),
                                        self.maybe(0.5, ["reqid", self.number()]), self.maybe(0.2, ["level", self.one("required", "use")])])]

    def policy_name(self):
        return [self.selector(), self.maybe(0.9, ["dir", self.one("in", "out", "fwd")]), self.mark(),
                self.maybe(0.2, ["index", self.number()]), self.maybe(0.2, ["ptype", self.one("main", "sub")]),
                self.maybe(0.2, ["if_id", self.number()]), self.maybe(0.06, ["ctx", "label"])]

    def policy_property(self):
        return [self.maybe(0.3, ["action", self.one("allow", "block")]), self.maybe(0.3, ["priority", self.number()]),
                self.maybe(0.2, ["flag", *self.some(POLICY_FLAGS, 1, 2)]), self.maybe(0.02, ["flag", "0x3"])]

    def policy_change(self):
        templates = [w for _ in range(self.random.choice([0, 1, 1, 2, 7])) for w in self.template()]
        return self.shuffled(self.policy_name() + self.policy_property() + [self.limits()]) + templates

    def policy_filter(self):
        return self.shuffled(self.maybe(0.7, self.policy_name()) + self.maybe(0.7, self.policy_property()) + [self.maybe(0.2, ["nosock"])])

    def set_default(self):
        return [w for d in self.some(["in", "out", "fwd", "in"], 0, 3) for w in (d, self.one("accept", "block", "accept", "zz"))]

    def thresholds(self):
        return [w for d in self.some(["hthresh4", "hthresh6", "hthresh4"], 0, 2)
                for w in (d, self.one("24", "32", "0", "33", "64"), self.one("24", "32", "128", "129"))]

    def line(self):
        """(words, whether its answer is a dump or a reply)"""
        kinds = [
            (6, "state", ["add", "update", "a"], self.state_change), (3, "policy", ["add", "update", "ad"], self.policy_change),
            (2, "state", ["get", "delete", "del", "g"], lambda: self.shuffled([self.id(), self.mark()])),
            (2, "policy", ["get", "delete", "d"], lambda: self.shuffled(self.policy_name())),
            (2, "state", ["list", "show", "lst", "deleteall", "delall", "l", "sh"], self.state_filter),
            (2, "policy", ["list", "show", "lst", "deleteall", "delall", "li"], self.policy_filter),
            (1, "state", ["allocspi", "allo"], self.alloc), (0.5, "state", ["flush"], lambda: self.maybe(0.7, ["proto", self.one(*PROTOS)])),
            (0.5, "policy", ["flush"], lambda: self.maybe(0.5, ["ptype", self.one("main", "sub")])),
            (0.3, "state", ["count", "c"], list), (0.3, "policy", ["count"], list), (0.4, "policy", ["setdefault"], self.set_default),
            (0.3, "policy", ["getdefault", "getd"], list), (0.4, "policy", ["set"], self.thresholds),
            (0.1, "monitor", ["bogus"], list), (0.1, "state", ["bogus"], list), (0.1, "policy", [""], list)]
        _, what, commands, rest = self.random.choices(kinds, [k[0] for k in kinds])[0]
        words = [self.one(what, what, what[:self.random.randint(1, len(what))]), self.one(*commands), *rest()]
        return self.with_mistake(words)

    def with_mistake(self, words):
        roll = self.random.random()
        at = self.random.randrange(len(words))
        if roll < 0.08 and len(words) > 2:
            words = words[:max(at, 2)]
        elif roll < 0.18 and at > 1:
            words[at] = self.one(*BAD)
        elif roll < 0.22 and at > 1:
            words.insert(at, self.one(*BAD, "src", "proto", "mode", "mark"))  # not "dir": ours takes it for a state
        elif roll < 0.25 and len(words) > 4:
            words += words[2:4]
        elif roll < 0.27 and len(words) > 3 and at > 1:
            del words[at]
        return words

    def options(self):
        return self.one(*OPTIONS).split() if self.random.random() < 0.4 else []
