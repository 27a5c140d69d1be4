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


def many(lab, verb, marks):
    words = ["src 0.0.0.0/0 dst 192.0.2.2/32 dir out mark {} mask 0xffff", "src ::/0 dst 2001:db8::2/128 dir out mark {} mask 0xffff"]
    lab.xfrm("left", *(f"policy {verb} " + line.format(mark) + (" action block" if verb == "add" else "")
                       for mark in marks for line in words))


def policies_of_more_marks_than_devices(lab, daemons):
    """What has no device is refused by a rule, also with the daemon gone, until the policies are."""
    marks = [100, *range(101, 170)]
    many(lab, "add", marks)
    for mark in (marks[0], marks[-1]):
        if any(answers(lab, mark, version, "0.2") for version in (4, 6)):
            raise CommandFailed(f"a packet with mark {mark} was not refused")
    if not answers(lab, OTHER, 4, "3"):
        raise CommandFailed("other marks are refused, too")
    many(lab, "delete", marks[-1:])
    if not all(answers(lab, marks[-1], version, "3") for version in (4, 6)):
        raise CommandFailed("still refused without its policy")
    for kill in (False, True):
        stop(daemons["left"], kill)
        if answers(lab, marks[-2], 4, "0.2"):
            raise CommandFailed("not refused with the daemon gone")
        daemons["left"] = Daemon(lab, "left")
        if answers(lab, marks[-2], 4, "0.2"):
            raise CommandFailed("not refused by the next daemon")
    lab.xfrm("left", "policy flush")
    for mark in (marks[0], marks[-2]):
        if not all(answers(lab, mark, version, "3") for version in (4, 6)):
            raise CommandFailed(f"a packet with mark {mark} is refused after a flush")


TESTS = (policies_of_a_mark_stay_shut_off, policies_of_more_marks_than_devices, policies_of_a_mark_come_and_go)
