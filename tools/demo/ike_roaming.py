# SPDX-License-Identifier: BSD-2-Clause
"""How the roadwarrior roams when an IKE daemon moves its SAs: only addresses and routes change here.

Gently, as a phone does: the new address comes up and its network becomes the way out, the daemons agree, and
when both have moved the old address goes. Hard: the address goes without a word, and another comes up later, or is
there already (`other_there`).
"""
import time
from dataclasses import dataclass, field

from .topology import PLACES

SETTLE = 0.3  # seconds from when both ends have moved until the old address goes or the next roam begins
NOWHERE = 0.3  # seconds without any address in a hard roam
PATIENCE = 20.0


@dataclass(frozen=True)
class Step:
    kind: str
    place: str
    hard: bool = False
    other_there: bool = False


STRONGSWAN = (
    Step("IPv4 to IPv4", "B4"),
    Step("IPv4 to IPv6", "A6"),
    Step("IPv6 to IPv6", "B6"),
    Step("IPv6 to IPv4", "A4"),
    Step("behind a NAT", "NAT"),
    Step("out from behind it", "B4"),
    Step("hard, IPv4 to IPv4", "A4", True),
    Step("hard, IPv4 to IPv6", "B6", True),
    Step("hard, IPv6 to behind a NAT", "NAT", True),
    Step("hard, out from behind it", "A4", True),
)

# Its MOBIKE looks for another path when the address in use has gone, and only then.
LIBRESWAN = (
    Step("hard, another address is there", "B4", True, True),
    Step("hard, another comes later", "A4", True),
    Step("hard, another comes later", "B4", True),
    Step("hard, another address is there", "A4", True, True),
)


@dataclass
class Roam:
    """One that has happened. Times are CLOCK_MONOTONIC in ns. @gone: before the old address was removed."""
    step: Step
    old: object
    new: object
    begin: int
    gone: int = 0
    moved: int = 0
    directions: dict = field(default_factory=dict)


class Roamer:
    def __init__(self, roadwarrior, ends, steps):
        self.roadwarrior, self.ends, self.steps = roadwarrior, ends, steps
        self.roams = []

    def _gently(self, roam):
        self.roadwarrior.arrive(roam.new)
        if roam.old.family != roam.new.family:
            self.roadwarrior.forget_way(roam.old.family)
        self.ends.wait_moved(roam.new, PATIENCE)
        roam.moved = time.monotonic_ns()
        time.sleep(SETTLE)
        self.roadwarrior.leave(roam.old)

    def _hard(self, roam):
        if roam.step.other_there:
            self.roadwarrior.arrive(roam.new)
        roam.gone = time.monotonic_ns()
        self.roadwarrior.leave(roam.old)
        if not roam.step.other_there:
            self.roadwarrior.forget_way(roam.old.family)
            time.sleep(NOWHERE)
            self.roadwarrior.arrive(roam.new)
        self.ends.wait_moved(roam.new, PATIENCE)
        roam.moved = time.monotonic_ns()

    def roam(self):
        step = self.steps[len(self.roams) % len(self.steps)]
        roam = Roam(step, self.roadwarrior.place, PLACES[step.place], time.monotonic_ns())
        self.roams.append(roam)
        (self._hard if step.hard else self._gently)(roam)
        self.roadwarrior.place = roam.new
        time.sleep(SETTLE)
        self.ends.check_alive()
