# SPDX-License-Identifier: BSD-2-Clause
"""Which packets were lost, when they were sent, and whether the peer could be reached then.

A packet that is lost counts against the data path, unless the peer could not be reached at all when it was sent.
That is so, in one direction, from the moment the roadwarrior's address is removed, before it has another that
its peer knows, until the first ESP packet of that direction is on the wire between the roadwarrior's new address
and the gateway (the capture is at the gateway's interfaces). A roam whose new address comes up before the old one
goes has no such time. What was under way when the address went, at most IN_FLIGHT before, cannot arrive either: a
packet counts as that only if nothing that was sent after it, and before the address went, has arrived.
"""
import bisect
from dataclasses import dataclass

IN_FLIGHT_NS = 500_000_000


@dataclass(frozen=True)
class Window:
    """When the peer could not be reached, CLOCK_MONOTONIC in ns."""
    begin: int
    end: int


class Log:
    """What `traffic --log` has written at one end."""

    def __init__(self, path):
        self.sent, self.missing = {}, {}
        with open(path, encoding="ascii") as lines:
            for line in lines:
                word, flow, *numbers = line.split()
                getattr(self, word).setdefault(int(flow), []).append(tuple(int(n) for n in numbers))

    def time_of(self, flow, number):
        """When that packet was sent by this end."""
        bursts = self.sent[flow]
        at = bisect.bisect_right(bursts, number, key=lambda burst: burst[0]) - 1
        return bursts[at][2]


def lost_times(sender, receiver):
    """Runs of lost packets, one flow after the other: [[time of each packet of the run], ...]."""
    return [[sender.time_of(flow, number) for number in range(first, first + count)]
            for flow, runs in receiver.missing.items() for first, count in runs]


def window(roam, direction, turns):
    """Of a hard roam in one direction, "up" or "down"; None for others. @turns: of espcheck, in CLOCK_MONOTONIC.
    A roam that never got through has no end."""
    if not roam.gone:
        return None
    key = {"up": "src", "down": "dst"}[direction]
    ends = [turn["ns"] for turn in turns if turn[key] == roam.new.seen and turn["ns"] >= roam.gone]
    return Window(roam.gone, min(ends, default=2 ** 63))


def _unreachable(times, windows):
    """How many packets of one run of lost ones were sent while the peer could not be reached, or were under way then."""
    excused = 0
    for when in times:
        for gap in windows:
            in_flight = gap.begin - IN_FLIGHT_NS <= when < gap.begin and times[-1] >= gap.begin
            if gap.begin <= when <= gap.end or in_flight:
                excused += 1
                break
    return excused


def account(roams, direction, runs, turns):
    """Fills in each roam's directions[direction]; returns {"lost", "unreachable", "reachable"} of all. A loss belongs to the
    last roam that had begun, those before the first to the first."""
    windows = [w for w in (window(roam, direction, turns) for roam in roams) if w]
    begins = [roam.begin for roam in roams]
    for roam in roams:
        gap = window(roam, direction, turns)
        roam.directions[direction] = {"lost": 0, "unreachable": 0, "reachable": 0,
                                      "unreachable_ms": (gap.end - gap.begin) / 1e6 if gap else 0.0}
    for times in runs:
        excused = _unreachable(times, windows)
        place = max(0, bisect.bisect_right(begins, times[-1]) - 1)
        counts = roams[place].directions[direction]
        counts["lost"] += len(times)
        counts["unreachable"] += excused
        counts["reachable"] += len(times) - excused
    return {key: sum(roam.directions[direction][key] for roam in roams) for key in ("lost", "unreachable", "reachable")}
