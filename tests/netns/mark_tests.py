# SPDX-License-Identifier: BSD-2-Clause
"""Outbound policies with a mark: the host's packets with this mark, also when the daemon is not there."""
import os
import signal

from cells import OUTER
from lab.namespaces import CommandFailed
from lab.processes import Daemon

MARK, OTHER = 7, 9


def answers(lab, mark, version, wait):
    words = ["ping", "-q", "-c", "1", "-W", wait, "-m", str(mark), "-I", OUTER["left"][version][0], OUTER["right"][version][0]]
    return lab.run("left", words, check=False).returncode == 0


def expect(lab, when, marked):
    """Packets with the mark pass in clear or not, as @marked says; others do."""
    for version in (4, 6):
        for mark, expected in ((MARK, marked), (OTHER, True), (0, True)):
            if answers(lab, mark, version, "3" if expected else "0.2") != expected:
                raise CommandFailed(f"{when}: mark {mark} over IPv{version} is {'not ' * expected}answered")


def install(lab):
    for version, bits in ((4, 32), (6, 128)):
        here, there = OUTER["left"][version][0], OUTER["right"][version][0]
        lab.xfrm("left", f"policy add src {here}/{bits} dst {there}/{bits} dir out mark {MARK} mask 0xff"
                 f" tmpl src {here} dst {there} proto esp reqid 1 mode tunnel")


def stop(daemon, kill):
    if kill:
        os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.end()


def policies_of_a_mark_stay_shut_off(lab, daemons):
    """What they covered is refused with the daemon gone and by the next ones, until they are back or flushed."""
    expect(lab, "without policies", True)
    install(lab)
    expect(lab, "with policies", False)
    for kill in (False, True, True):
        stop(daemons["left"], kill)
        expect(lab, "nobody there", False)
        daemons["left"] = Daemon(lab, "left")
        expect(lab, "a new daemon without policies", False)
    install(lab)
    expect(lab, "with policies again", False)
    if not daemons["left"].stats()["drops"].get("out_no_sa"):
        raise CommandFailed("the packets did not come to the daemon")
    lab.xfrm("left", "policy flush")
    expect(lab, "flushed", True)


def policies_of_a_mark_come_and_go(lab, daemons):
    """Rules and devices go with the last policy."""
    def setting():
        return [lab.run("left", words).stdout for words in
                (["ip", "rule"], ["ip", "-6", "rule"], ["ip", "-brief", "link", "show", "type", "tun"])]

    before = setting()
    for _ in range(2):
        install(lab)
        if setting() == before:
            raise CommandFailed("no rule")
        for version, bits in ((4, 32), (6, 128)):
            lab.xfrm("left", f"policy delete src {OUTER['left'][version][0]}/{bits} dst {OUTER['right'][version][0]}/{bits}"
                     f" dir out mark {MARK} mask 0xff")
        if [line.split()[0] for line in setting()[2].splitlines()] != [line.split()[0] for line in before[2].splitlines()]:
            raise CommandFailed(f"devices before: {before[2]}, after: {setting()[2]}")
        if setting()[:2] != before[:2]:
            raise CommandFailed(f"rules before: {before[:2]}, after: {setting()[:2]}")
        expect(lab, "gone", True)


TESTS = (policies_of_a_mark_stay_shut_off, policies_of_a_mark_come_and_go)
