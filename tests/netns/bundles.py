#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""AH, IPComp and several SAs for one packet, through two daemons in two namespaces. Prints TAP.

usage: bundles.py BUILD [WORD...]    only tests whose name contains one of the words

Pings of many sizes, large UDP both ways and a TCP stream, compared byte for byte; in tunnel mode the SAs of AH alone then
move while they flow, and nothing is lost.
"""
import os
import pathlib
import sys
import time
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

import cells  # noqa: E402
import run as matrix  # noqa: E402
from lab.namespaces import CommandFailed, Lab, run, until  # noqa: E402

# innermost first; the first in the mode of the cell, the others in transport mode around it
CHAINS = ("ah", "comp", "comp+esp", "esp+ah", "ah+esp", "comp+esp+ah", "esp+ah+esp+ah+esp+ah")
WORDS = {"ah": "auth-trunc hmac(sha256) {auth32} 128", "esp": "aead rfc4106(gcm(aes)) {key} 128", "comp": "comp deflate"}


@dataclass(frozen=True)
class Bundle(cells.Cell):
    chain: str = ""

    @property
    def name(self):
        return f"{self.chain} {self.mode} {self.inner} in {self.outer}"

    def layers(self):
        """(protocol, mode, reqid)"""
        return [(p, "transport" if n else self.mode, n + 1) for n, p in enumerate(self.chain.split("+"))]

    def spi(self, sender, reqid):
        return cells.SPI[sender] + 16 * reqid

    def states(self, sender, keys):
        src, dst = cells.OUTER[sender][self.outer][0], cells.OUTER[cells.OTHER[sender]][self.outer][0]
        for protocol, mode, reqid in self.layers():
            window = "" if protocol == "comp" else "replay-window 32"
            yield (f"state add src {src} dst {dst} proto {protocol} spi {self.spi(sender, reqid):#x} reqid {reqid} "
                   f"mode {mode} {window} flag af-unspec {WORDS[protocol].format(**keys)}")

    def policies(self, end):
        here, there = cells.OUTER[end][self.outer][0], cells.OUTER[cells.OTHER[end]][self.outer][0]
        ours, theirs = self.selector(end), self.selector(cells.OTHER[end])

        def templates(src, dst, inbound):
            # not everything gets smaller
            return " ".join(f"tmpl src {src} dst {dst} proto {p} reqid {r} mode {m}"
                            + (" level use" if inbound and p == "comp" else "") for p, m, r in self.layers())
        return [f"policy add src {ours} dst {theirs} dir out {templates(here, there, False)}",
                f"policy add src {theirs} dst {ours} dir in {templates(there, here, True)}"]

    def install(self, lab):
        keys = {"auth32": "0x" + "5a" * 32, "key": "0x" + "a5" * 20}
        states = [s for sender in cells.SPI for s in self.states(sender, keys)]
        for end in ("left", "right"):
            lab.xfrm(end, *states, *self.policies(end))

    def move(self, lab, end, sender):
        """all SAs of one direction at one end, to the left end's other address"""
        here = {e: cells.OUTER[e][self.outer][0] for e in cells.OUTER}
        moved = dict(here, left=cells.OUTER["left"][self.outer][1])
        receiver = cells.OTHER[sender]
        for protocol, _, reqid in self.layers():
            run(lab.inside(end, [lab.program("uxfrm"), "state", "migrate", "dst", here[receiver], "proto", protocol,
                                 "spi", f"{self.spi(sender, reqid):#x}", "new-dst", moved[receiver], "new-src",
                                 moved[sender], "new-reqid", str(reqid)]))


def carry(lab, cell):
    cell.install(lab)
    # longer ones only when the senders know what the path takes
    cells.ping(lab, cell, sizes=(8, 900))
    cells.ping(lab, cell, "right", 1, (8, 900))
    traffic = cells.Traffic(lab, cell)
    try:
        if not until(traffic.flowing, 10):
            raise CommandFailed("the traffic does not flow")
        # those of a bundle move one after the other, and packets between go astray
        if cell.mode == "tunnel" and cell.chain == "ah":
            for sender in ("left", "right"):
                cell.move(lab, cells.OTHER[sender], sender)
                cell.move(lab, sender, sender)
            time.sleep(0.1)
        traffic.finish()
    finally:
        traffic.end()
    cells.ping(lab, cell)


def everything():
    for chain in CHAINS:
        for mode, inner, outer in (("tunnel", 4, 4), ("tunnel", 6, 4), ("tunnel", 4, 6), ("transport", 6, 6)):
            yield Bundle(mode, inner, outer, "plain", "", "-", chain)


def main(build, words):
    failed = number = 0
    with Lab("uxbundle", build, pathlib.Path(build) / "logs" / "bundles") as lab:
        daemons = matrix.set_up(lab)
        for cell in everything():
            if words and not any(word in cell.name for word in words):
                continue
            number += 1
            problem = matrix.attempt(lab, daemons, lambda cell=cell: carry(lab, cell))
            failed += problem is not None
            print(f"{'not ok' if problem else 'ok'} {number} - {cell.name}", flush=True)
            for line in (problem or "").splitlines():
                print(f"#   {line}", flush=True)
        number += 1
        failed += not matrix.report_ends(daemons, number)
    print(f"1..{number}")
    return 1 if failed or number < 2 else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
