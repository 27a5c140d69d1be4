#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Packets through two daemons in two namespaces: every line of matrix.txt, then the lone tests. Prints TAP.

usage: run.py BUILD [--underlay xdp] [--capture tc] [WORD...]    only tests whose name contains one of the words
--underlay xdp: both daemons by AF_XDP, and every packet of SAs must have gone so that can
"""
import os
import pathlib
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

import cells  # noqa: E402
import clear_tests  # noqa: E402
import device_tests  # noqa: E402
import lone_tests  # noqa: E402
import mark_tests  # noqa: E402
import polling_tests  # noqa: E402
import queue_tests  # noqa: E402
import tc_tests  # noqa: E402
import socket_tests  # noqa: E402
import worker_tests  # noqa: E402
from lab.namespaces import CommandFailed, Lab  # noqa: E402
from lab.processes import Daemon  # noqa: E402


def set_up(lab, underlay="raw", capture="routes"):
    for end in ("left", "right"):
        lab.add(end)
    if underlay == "raw":
        lab.link("left", "w0", "right", "w0")
    else:
        # Inner packets so small that no outer one is in fragments, which go by raw sockets.
        lab.daemon_arguments = ["--underlay", underlay, "--tun-mtu", "1400"]
        lab.tapped_link("left", "w0", "right", "w0")
    if capture != "routes":
        lab.daemon_arguments = lab.daemon_arguments + ["--capture", capture]
    for end in ("left", "right"):
        other = cells.OTHER[end]
        addresses = [f"address add {a}/24 dev w0" for a in cells.OUTER[end][4]]
        addresses += [f"address add {a}/64 dev w0 nodad" for a in cells.OUTER[end][6]]
        addresses += [f"address add {cells.INNER[end][4]}/32 dev lo",
                      f"address add {cells.INNER[end][6]}/128 dev lo"]
        # A packet that should be protected and is not would reach the other end, and be seen.
        routes = [f"route add {cells.NETS[other][f]} via {cells.OUTER[other][f][0]}" for f in (4, 6)]
        lab.ip(end, *addresses, *routes)
    meet(lab)
    return {end: Daemon(lab, end) for end in ("left", "right")}


def meet(lab):
    """Let the ends know each other's link addresses. Packets to a neighbour that is not known yet wait in the kernel,
    and when it is, later ones overtake them."""
    for end in ("left", "right"):
        for address in cells.OUTER[cells.OTHER[end]][4] + cells.OUTER[cells.OTHER[end]][6]:
            lab.run(end, ["ping", "-q", "-c", "1", "-W", "5", address])


def tests(lab, daemons):
    """(name, what to run)"""
    matrix = list(cells.read_matrix(HERE / "matrix.txt"))
    if "--underlay" in lab.daemon_arguments:
        # An SPI of which fragments came is left to raw sockets for a second: those cells come last.
        for cell in sorted(matrix, key=lambda cell: cell.mode != "tunnel"):
            yield cell.name, lambda cell=cell: carry_by_xdp(lab, daemons, cell)
    else:
        for cell in matrix:
            yield cell.name, lambda cell=cell: cells.carry(lab, cell)
    of_selectors = device_tests, mark_tests, socket_tests
    others = [clear_tests, worker_tests, queue_tests, polling_tests, lone_tests]
    if "tc" in lab.daemon_arguments:
        others.append(tc_tests)
    if "--underlay" not in lab.daemon_arguments:  # what packets come and go by does not matter to them
        others.extend(of_selectors)
    for test in (test for module in others for test in module.TESTS):
        yield test.__name__.replace("_", " "), lambda test=test: test(lab, daemons)


def carry_by_xdp(lab, daemons, cell):
    """The same, until hundreds of packets have gone by AF_XDP at both ends."""
    before = {end: daemon.stats()["underlay"] for end, daemon in daemons.items()}
    gains = {}

    def by_xdp(end):
        now, then = daemons[end].stats()["underlay"], before[end]
        gains[end] = {key: now["devices"][0][key] - then["devices"][0][key] for key in ("received", "sent")}
        gains[end]["raw"] = now["sent_raw"] - then["sent_raw"]
        # Other modes have outer packets in fragments; then their others come by raw sockets as well.
        received_enough = cell.mode != "tunnel" or gains[end]["received"] >= 200
        return received_enough and gains[end]["sent"] >= 200

    try:
        cells.carry(lab, cell, lambda: all(by_xdp(end) for end in daemons))
    except CommandFailed as error:
        raise CommandFailed(f"{error}\nby AF_XDP: {gains}") from error
    for end in daemons:
        if cell.mode == "tunnel" and by_xdp(end) and gains[end]["raw"] > gains[end]["sent"]:
            raise CommandFailed(f"{end}: most packets not by AF_XDP: {gains[end]}")


def attempt(lab, daemons, body):
    """None, or why it failed."""
    try:
        cells.flush(lab)
        body()
        for end, daemon in daemons.items():
            if not daemon.alive():
                return f"uxfrmd of {end} ended:\n{daemon.last_words()}"
    except CommandFailed as error:
        state = "".join(f"\n{end}: {daemon.stats() if daemon.alive() else 'dead'}"
                        for end, daemon in daemons.items())
        return f"{error}{state}"
    except Exception:  # a broken test must not pass for the others
        return traceback.format_exc()
    return None


def report_ends(daemons, number):
    """The daemons end well: no leak, nothing a sanitizer has to say. The last test."""
    statuses = {end: daemon.end() for end, daemon in daemons.items()}
    good = not any(statuses.values())
    print(f"{'ok' if good else 'not ok'} {number} - the daemons end well {'' if good else statuses}")
    for daemon in daemons.values():
        for line in [] if good else daemon.last_words().splitlines():
            print(f"#   {line}")
    return good


def main(build, words):
    failed = number = 0
    how = {"--underlay": "raw", "--capture": "routes"}
    while words and words[0] in how:
        how[words[0]], words = words[1], words[2:]
    underlay, capture = how.values()
    with Lab("uxtest", build, pathlib.Path(build) / "logs" / f"netns-{underlay}-{capture}") as lab:
        daemons = set_up(lab, underlay, capture)
        for name, body in tests(lab, daemons):
            if words and not any(word in name for word in words):
                continue
            number += 1
            why = attempt(lab, daemons, body)
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
            for line in (why or "").splitlines():
                print(f"#   {line}")
        number += 1
        failed += not report_ends(daemons, number)
    print(f"1..{number}")
    return 1 if failed or number < 2 else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
