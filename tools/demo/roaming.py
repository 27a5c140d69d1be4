# SPDX-License-Identifier: BSD-2-Clause
"""How the roadwarrior moves: a list of roams, gone through over and over, each four MIGRATE_STATE calls.

Order of the calls, so that nothing is lost: who receives moves before who sends. The receiver goes on
to accept the old form for its grace time, the new one from the moment of the call. Before the gateway
sends through the NAT box, a keepalive has made the mapping.
"""
import time
from dataclasses import dataclass, replace

from lab.namespaces import CommandFailed

from .topology import GATEWAY, MAPPED_PORT, PLACES, PORT
from .tunnel import REQID, SPI, START

NO_MARK, MARK = "0/0", "7/0xff"


@dataclass(frozen=True)
class Position:
    """Everything a migration can change here."""
    place: object = START
    reqid: int = REQID
    mark: str = NO_MARK


@dataclass(frozen=True)
class Roam:
    kind: str
    place: str
    new_reqid: bool = False
    mark: str = None  # None: as it is


ROUND = (
    Roam("other IPv4 address", "B4"),
    Roam("IPv4 to IPv6", "A6"),
    Roam("other IPv6 address", "B6"),
    Roam("IPv6 to IPv4", "A4"),
    Roam("into UDP, behind the NAT", "NAT"),
    Roam("out of UDP", "B4"),
    Roam("new reqid", "B4", new_reqid=True),
    Roam("new mark", "B4", mark=MARK),
    Roam("into UDP, behind the NAT", "NAT"),
    Roam("out of UDP, IPv4 to IPv6", "A6"),
    Roam("mark removed", "A6", mark=NO_MARK),
    Roam("IPv6 to IPv4, into UDP, new reqid", "NAT", new_reqid=True),
    Roam("out of UDP", "A4"),
)


def _addresses(position, end, direction):
    """(source, destination) of the SA @direction, as @end has it."""
    place = position.place
    warrior = place.address if end == "rw" else place.seen
    gateway = GATEWAY[place.family]
    return (warrior, gateway) if direction == "up" else (gateway, warrior)


def _encap(position, end, direction):
    if not position.place.behind_nat:
        return "none"
    theirs = PORT if end == "rw" else MAPPED_PORT
    return f"{theirs}:{PORT}" if direction == "up" else f"{PORT}:{theirs}"


def _command(old, new, end, direction):
    _, old_dst = _addresses(old, end, direction)
    src, dst = _addresses(new, end, direction)
    line = (f"migrate dst {old_dst} spi {SPI[direction]:#x} mark {old.mark} new-dst {dst} new-src {src}"
            f" reqid {new.reqid}")
    if new.mark != old.mark:
        line += f" new-mark {new.mark}"
    # Left out, the encapsulation stays: said only where it changes.
    if new.place.behind_nat or old.place.behind_nat:
        line += f" encap {_encap(new, end, direction)}"
    return line


class Roamer:
    """Moves both ends and keeps the time of every call."""

    def __init__(self, ends):
        self.ends = ends  # {"rw": LineProcess, "gw": LineProcess}
        self.position = Position()
        self.times_us = []
        self.kinds = {}
        self.places = {START.name}
        self.roams = 0

    def _call(self, end, direction, new):
        answer = self.ends[end].ask(_command(self.position, new, end, direction))
        word, *rest = answer.split(" ")
        if word != "ok":
            raise CommandFailed(f"{end}: {_command(self.position, new, end, direction)}\n{answer}")
        self.times_us.append(float(rest[0]))

    def _open_mapping(self, place):
        answer = self.ends["rw"].ask(f"keepalive src {place.address}:{PORT} dst {GATEWAY[4]}:{PORT}")
        if answer != "ok":
            raise CommandFailed(f"rw: {answer}")

    def move(self, new):
        if new.place.behind_nat:
            self._open_mapping(new.place)
        self._call("rw", "down", new)
        self._call("gw", "up", new)
        self._call("rw", "up", new)
        self._call("gw", "down", new)
        self.position = new
        self.places.add(new.place.name)
        self.roams += 1

    def roam(self):
        step = ROUND[self.roams % len(ROUND)]
        new = replace(self.position, place=PLACES[step.place])
        if step.new_reqid:
            new = replace(new, reqid=new.reqid + 1)
        if step.mark is not None:
            new = replace(new, mark=step.mark)
        self.move(new)
        self.kinds[step.kind] = self.kinds.get(step.kind, 0) + 1

    def roam_many(self, count, interval, check=lambda: None):
        """@count roams, one every @interval seconds; @check is called between them."""
        due = time.monotonic()
        for _ in range(count):
            self.roam()
            check()
            now = time.monotonic()
            due = max(due + interval, now + MINIMUM_PAUSE)
            time.sleep(due - now)

    def calls_per_roam(self):
        """Of one end: each has its own two SAs."""
        return len(self.times_us) / (2 * self.roams) if self.roams else 0


MINIMUM_PAUSE = 0.005
