#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""`ip xfrm` and `uxfrm`, given the same random words, send the same requests; given the same random answers and events,
they print the same, complain the same and end with the same status. Prints TAP.

usage: same_words.py BUILD [--cases N] [--seed N] [--verbose]      in a network namespace without a uxfrmd
"""
import argparse
import os
import pathlib
import random
import re
import struct
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tools"))

import peer  # noqa: E402
import xfrm_bytes as x  # noqa: E402
from random_messages import Messages  # noqa: E402
from word_cases import Words  # noqa: E402

HEADER = struct.Struct("=IHHII")
ERRORS = [(1, None), (2, None), (3, None), (17, None), (22, None), (38, None), (95, None), (105, None), (12, None), (61, None),
          (22, "Something is wrong"), (3, "It is not there."), (0, "Be warned"), (0, None), (0, None), (0, None), (0, None)]
DUMP_ERRORS = [(0, None)] * 12 + [(1, None), (2, None), (12, None), (95, None), (22, "A dump is wrong")]


def acknowledge(datagram, seq, port_id, error, text):
    flags = 0 if error else 0x100
    body = struct.pack("=i", -error) + (datagram if error else datagram[:16])
    body += bytes(-len(body) % 4)
    if text:
        flags |= 0x200
        body += x.attr(1, text.encode() + b"\0")
    return HEADER.pack(16 + len(body), 2, flags, seq, port_id) + body


def with_header(message, flags, seq, port_id):
    length, kind, _, _, _ = HEADER.unpack_from(message)
    return HEADER.pack(length, kind, flags, seq, port_id) + message[16:]


class Answers:
    """The same for both programs: everything comes from the seed and the number of the request."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.messages = Messages(self.random)

    def reply(self, kind):
        counts = [self.random.randrange(1000) for _ in range(6)]
        if kind == x.GETSADINFO:
            return x.msg(x.NEWSADINFO, struct.pack("=I", 0), x.u32(1, counts[0]) + x.attr(2, struct.pack("=II", *counts[:2])))
        if kind == x.GETSPDINFO:
            return x.msg(x.NEWSPDINFO, struct.pack("=I", 0), x.attr(1, struct.pack("=6I", *counts)) + x.attr(2, struct.pack("=II", *counts[:2])) +
                         x.attr(3, bytes([24, 32])) + x.attr(4, bytes([64, 128])))
        if kind == x.GETDEFAULT:
            return x.msg(x.GETDEFAULT, struct.pack("=3B", *[1 + c % 2 for c in counts[:3]]))
        return self.messages.sa() if kind in (x.GETSA, x.ALLOCSPI) else self.messages.policy()

    def dump(self, kind, seq, port_id):
        make = self.messages.sa if kind == x.GETSA else self.messages.policy
        error, text = self.random.choice(DUMP_ERRORS)
        interrupted = 0x10 if self.random.random() < 0.05 else 0
        if error and self.random.random() < 0.5:
            return [acknowledge(HEADER.pack(16, kind, 0x300, seq, port_id), seq, port_id, error, text)]
        out = [with_header(make(), x.MULTI | interrupted, seq, port_id) for _ in range(self.random.randrange(4))]
        tail = struct.pack("=i", -error) + (x.attr(1, text.encode() + b"\0") if text else b"")
        return out + [HEADER.pack(16 + len(tail), 3, x.MULTI | (0x200 if text else 0), seq, port_id) + tail]

    def __call__(self, datagram, port_id):
        answers, at = [], 0
        while len(datagram) - at >= 16:
            length, kind, flags, seq, _ = HEADER.unpack_from(datagram, at)
            answers += self.one(datagram[at:at + length], kind, flags, seq, port_id)
            at += length + -length % 4
        return answers

    def one(self, message, kind, flags, seq, port_id):
        if flags & x.DUMP == x.DUMP:
            return self.dump(kind, seq, port_id)
        error, text = self.random.choice(ERRORS)
        if not flags & x.ACK and not error and kind not in (x.DELSA, x.DELPOLICY):
            return [with_header(self.reply(kind), 0, seq, port_id)]
        if not flags & x.ACK and not error:
            return []
        return [acknowledge(message, seq, port_id, error, text)]


def attributes(data):
    out = []
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        value = data[4:max(length, 4)]
        out.append((kind, value[:8 if kind == x.MARK else None].hex()))  # ip's deleteall copies beyond the mark
        data = data[length + -length % 4 if length >= 4 else 4:]
    return sorted(out)


FIXED = {x.NEWSA: 224, x.UPDSA: 224, x.DELSA: 24, x.GETSA: 24, x.NEWPOLICY: 168, x.UPDPOLICY: 168, x.DELPOLICY: 64,
         x.GETPOLICY: 64, x.ALLOCSPI: 232, x.FLUSHSA: 1, x.FLUSHPOLICY: 0, x.GETSADINFO: 4, x.GETSPDINFO: 4, x.NEWSPDINFO: 4,
         x.SETDEFAULT: 3, x.GETDEFAULT: 3}


def told(datagrams):
    """What they say: numbers and the order of attributes, padding and how they are put into datagrams do not matter."""
    out = []
    for datagram in datagrams:
        at = 0
        while len(datagram) - at >= 16:
            length, kind, flags, _, _ = HEADER.unpack_from(datagram, at)
            fixed = 0 if flags & x.DUMP == x.DUMP else FIXED[kind]
            body = datagram[at + 16:at + length]
            flags &= ~x.ACK if kind in (x.DELSA, x.DELPOLICY) else ~0  # ip's deleteall asks for none
            given = attributes(body[fixed + -fixed % 4:])
            if kind == x.DELPOLICY and not flags & x.ACK and len(out):  # ip's deleteall forgets the type
                given = [a for a in given if a[0] != x.POLICY_TYPE]
            out.append((kind, flags, body[:fixed].hex(), given))
            at += length + -length % 4
    return out


def difference(a, b):
    """Of two lists of requests, what differs."""
    if len(a) != len(b):
        return a, b
    for one, other in zip(a, b):
        for part, counterpart in zip(one, other):
            if part != counterpart:
                return (one[0], part), (other[0], counterpart)
    return None


class Compare:
    def __init__(self, build, verbose):
        self.build, self.verbose, self.peer = build, verbose, peer.Peer()
        self.number = self.failed = 0
        self.environment = {**os.environ, "TZ": "UTC", "UXFRM_DAEMON": "/nonexistent"}

    def say(self, good, what, *lines):
        self.number += 1
        self.failed += not good
        if good and not self.verbose:
            return
        print(f"{'' if good else 'not '}ok {self.number} - {what}".replace("#", "number"))
        for line in lines if not good else ():
            print("\n".join(f"# {part}" for part in str(line).splitlines()))

    def run(self, seed, command, text=None):
        self.peer.requests.clear()
        self.peer.answer = Answers(seed)
        p = subprocess.run(command, capture_output=True, text=True, env=self.environment, timeout=20, input=text, check=False)
        errors = p.stderr.replace('try "ip xfrm', 'try "uxfrm').replace('try "ip ', 'try "uxfrm ')
        out = p.stdout
        if errors.startswith("Usage:") or "Usage:" in errors:  # the help is our own
            errors = "Usage"
        return p.returncode, out, errors, told(self.peer.requests)

    def both(self, seed, options, words, text=None):
        theirs = self.run(seed, [self.build / "uxfrm", "run", "--", "ip", *options, "xfrm", *words], text)
        ours = self.run(seed, [self.build / "uxfrm", *options, *words], text)
        if theirs[3] != ours[3]:
            theirs, ours = ((*r[:3], d) for r, d in zip((theirs, ours), difference(theirs[3], ours[3])))
        lines = [f"{name}:\n ip:   {a!r}\n ours: {b!r}" for name, a, b in
                 zip(("status", "output", "complaint", "requests"), theirs, ours) if a != b]
        self.say(theirs == ours, " ".join([*options, "xfrm", *(w if w and " " not in w else repr(w) for w in words)]), *lines)

    def batch(self, seed, options, text):
        theirs = self.run(seed, [self.build / "uxfrm", "run", "--", "ip", *options], text)
        ours = self.run(seed, [self.build / "uxfrm", *options], text)
        self.say(theirs == ours, f"{' '.join(options)} {text!r}", *zip(theirs, ours))

    def monitor(self, seed, options, words):
        """Both are given the same events; the last one ends it."""
        messages = Messages(random.Random(seed))
        end = x.msg(x.FLUSHSA, struct.pack("=B", 108), flags=0)
        self.peer.events = [messages.event() for _ in range(60)] + [end]
        said = []
        for program in ([self.build / "uxfrm", "run", "--", "ip", *options, "xfrm"], [self.build / "uxfrm", *options]):
            with subprocess.Popen([*program, "monitor", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  env=self.environment) as p:
                text = ""
                for line in p.stdout:
                    text += line
                    if "Flushed state proto comp" in line:
                        break
                p.terminate()
            said.append(re.sub(r"(Timestamp: |\[20)[^\n\]]*(usec|\])", "TIME", text))
        self.peer.events = []
        differing = [(a, b) for a, b in zip(said[0].splitlines(), said[1].splitlines()) if a != b]
        self.say(said[0] == said[1] and said[0].count("\n") > 60, " ".join([*options, "xfrm monitor", *words]),
                 *[f"ip:   {a!r}\nours: {b!r}" for a, b in differing[:5]], f"{len(said[0])} and {len(said[1])} characters")


MONITORS = [([], []), (["-s"], []), (["-o"], []), (["-s", "-o"], []), ([], ["all"]), (["-t"], []), (["-ts"], []),
            (["-s", "-s"], ["all-nsid"]), ([], ["acquire", "expire"]), ([], ["SA", "policy", "aevent", "report"]), (["-6"], [])]
# Not among them: a list, behind which ip ends whatever follows.
BATCHES = ["xfrm state count\nxfrm policy count\n", "# nothing\n\n  xfrm state count # or so\n", "xfrm state \\\ncount\n",
           "xfrm state add bogus\nxfrm state count\n", "xfrm state bogus\nxfrm state count\n",
           "xfrm state delete dst 10.0.0.1 proto esp spi 5\nxfrm state count\n", 'xfrm "state" \'count\'\n', "xfrm\nxfrm state count\n",
           "xfrm policy getdefault\nxfrm policy bogus\nxfrm policy count\n"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--cases", type=int, default=800)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true")
    a = parser.parse_args()
    compare = Compare(a.build.resolve(), a.verbose)
    for case in range(a.seed * 1000000, a.seed * 1000000 + a.cases):
        words = Words(random.Random(case))
        compare.both(case, words.options(), words.line())
    for number, (options, words) in enumerate(MONITORS):
        compare.monitor(a.seed + number, options, words)
    for number, text in enumerate(BATCHES):
        compare.batch(a.seed + number, ["-batch", "-"], text)
    print(f"1..{compare.number}")
    print(f"# {compare.number} compared, {compare.failed} different", file=sys.stderr)
    return 1 if compare.failed else 0


if __name__ == "__main__":
    sys.exit(main())
