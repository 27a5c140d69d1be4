#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Random cases for the conformance runner: random_cases.py SEED COUNT

Each is a sequence of additions, deletions and moves among few tuples and marks, so that they meet
often. What the last move must answer comes from the model below: which SA an exact mark finds, and
when another one is in the way.
"""
import random
import sys

DESTINATIONS = ["10.0.0.2", "10.0.0.4", "10.0.0.6", "fd00::2"]
SPIS = ["0x100", "0x101"]
MARKS = [(0, 0), (0, 0), (1, 1), (1, 3), (2, 3), (0, 3), (5, 7)]


def mark_attr(mark):
    return " @MARK=%d/%d" % mark if mark != (0, 0) else ""


class Model:
    def __init__(self, rng):
        self.rng = rng
        self.sas = []  # [destination, SPI, mark]

    def occupied(self, destination, spi, mark, but=None):
        """by a wildcard: would an SA there take packets with this mark?"""
        key = mark[0] & mark[1]
        return any(sa is not but and sa[:2] == [destination, spi] and key & sa[2][1] == sa[2][0]
                   for sa in self.sas)

    def find(self, wanted):
        return next((sa for sa in self.sas if sa == wanted), None)

    def pick(self):
        if self.sas and self.rng.random() < 0.7:
            return list(self.rng.choice(self.sas))
        return [self.rng.choice(DESTINATIONS), self.rng.choice(SPIS), self.rng.choice(MARKS)]

    def add(self):
        sa = [self.rng.choice(DESTINATIONS), self.rng.choice(SPIS), self.rng.choice(MARKS)]
        words = f"sa dst={sa[0]} spi={sa[1]}{mark_attr(sa[2])}"
        if self.occupied(*sa):
            return words, "EEXIST", "-", ""
        self.sas.append(sa)
        return words, "0", "-", ""

    def delete(self):
        wanted = self.pick()
        words = f"delete dst={wanted[0]} spi={wanted[1]}{mark_attr(wanted[2])}"
        sa = self.find(wanted)
        if not sa:
            return words, "ESRCH", "-", ""
        self.sas = [other for other in self.sas if other is not sa]
        return words, "0", "-", ""

    def migrate(self):
        wanted = self.pick()
        to = self.rng.choice(DESTINATIONS + [wanted[0]])
        mark = self.rng.choice(MARKS) if self.rng.random() < 0.4 else None
        words = "migrate dst=%s spi=%s mark=%d/%d new-dst=%s" % (*wanted[:2], *wanted[2], to)
        words += " @MARK=%d/%d" % mark if mark else ""
        sa = self.find(wanted)
        if not sa:
            return words, "ESRCH", "Can not find state", ""
        moves = to != sa[0] or (mark and mark != sa[2])
        if moves and self.occupied(to, sa[1], mark or sa[2], sa):
            return words, "EEXIST", "New SA tuple already occupied", ""
        sa[0] = to
        sa[2] = mark or sa[2]
        facts = ""
        if mark:
            facts = "+MARK=%d/%d" % mark if mark != (0, 0) else "-MARK"
        return words, "0", "-", facts

    def step(self):
        draw = self.rng.random()
        if draw < 0.35 or not self.sas:
            return self.add()
        return self.delete() if draw < 0.45 else self.migrate()


def sequence(rng):
    """steps as text, the last request with what is expected of it"""
    model = Model(rng)
    steps = []
    for _ in range(rng.randrange(4, 13)):
        words, err, _, _ = model.step()
        steps.append(words if err == "0" else words + " fails")
    return "; ".join(steps), model.migrate()


def main():
    rng = random.Random(int(sys.argv[1]))
    for i in range(int(sys.argv[2])):
        setup, (words, err, text, facts) = sequence(rng)
        print(" | ".join((f"sequence {i}", setup, words, err, text, facts)).rstrip())


if __name__ == "__main__":
    main()
