# SPDX-License-Identifier: BSD-2-Clause
"""Packets that reach a host in clear, where its inbound policies want them protected."""
import os
import signal

from cells import INNER, NETS, OUTER, Cell, flush, ping
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon

TUNNELS = {4: Cell("tunnel", 4, 4, "plain", "gcm128", "esn"), 6: Cell("tunnel", 6, 6, "plain", "gcm128", "esn")}
UDP = Cell("tunnel", 4, 4, "udp", "gcm128", "esn")
WIDE = {4: "0.0.0.0/0", 6: "::/0"}


def answers(lab, source, destination, count=3):
    done = lab.run("left", ["ping", "-q", "-c", str(count), "-i", "0.02", "-W", "1", "-I", source, destination],
                   check=False)
    return done.returncode == 0


def must_answer(lab, source, destination):
    if not answers(lab, source, destination):
        raise CommandFailed(f"{destination} does not answer {source}")


def must_be_dropped(lab, daemon, reason, source, destination):
    """Not answered, and this counter rises by as many, no other."""
    before = daemon.stats()["drops"]
    if answers(lab, source, destination):
        raise CommandFailed(f"{destination} answered {source}")
    after = daemon.stats()["drops"]
    grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    if grown != {reason: 3}:
        raise CommandFailed(f"expected 3 {reason}, these have grown: {grown}")


def clear_in(lab, daemons, version):
    """The right end protects; the left end, whose policies are gone, sends in clear."""
    TUNNELS[version].install(lab)
    ping(lab, TUNNELS[version], sizes=(56, 4000))
    lab.xfrm("left", "policy flush")
    must_be_dropped(lab, daemons["right"], "in_template", INNER["left"][version], INNER["right"][version])
    # Addresses no policy covers.
    must_answer(lab, OUTER["left"][version][0], OUTER["right"][version][0])


def clear_in_4(lab, daemons):
    clear_in(lab, daemons, 4)


def clear_in_6(lab, daemons):
    clear_in(lab, daemons, 6)


def clear_by_a_better_policy(lab, daemons):
    """Of packets inside a covered prefix the SPD decides one by one, protocol included."""
    TUNNELS[4].install(lab)
    lab.xfrm("left", "policy flush")
    ours, theirs = NETS["right"][4], NETS["left"][4]
    here, there = OUTER["right"][4][0], OUTER["left"][4][0]
    lab.xfrm("right", "policy flush",
             f"policy add src {theirs} dst {ours} proto icmp dir in action allow priority 1",
             f"policy add src {theirs} dst {ours} dir in priority 2 tmpl src {there} dst {here} proto esp mode tunnel")
    must_answer(lab, INNER["left"][4], INNER["right"][4])
    lab.xfrm("right", f"policy delete src {theirs} dst {ours} proto icmp dir in")
    must_be_dropped(lab, daemons["right"], "in_template", INNER["left"][4], INNER["right"][4])
    lab.xfrm("right", "policy flush")
    must_answer(lab, INNER["left"][4], INNER["right"][4])


def clear_blocked(lab, daemons):
    lab.xfrm("right", f"policy add src {NETS['left'][4]} dst {WIDE[4]} dir in action block")
    must_be_dropped(lab, daemons["right"], "in_block", INNER["left"][4], INNER["right"][4])
    must_answer(lab, INNER["left"][6], INNER["right"][6])


def clear_by_default(lab, daemons):
    """SETDEFAULT: what no policy lets in stays out."""
    lab.xfrm("right", "policy setdefault in block")
    try:
        for version in (4, 6):
            must_be_dropped(lab, daemons["right"], "in_no_policy", INNER["left"][version], INNER["right"][version])
        lab.xfrm("right", f"policy add src {NETS['left'][4]} dst {NETS['right'][4]} dir in action allow")
        must_answer(lab, INNER["left"][4], INNER["right"][4])
    finally:
        lab.xfrm("right", "policy setdefault in accept")
    must_answer(lab, INNER["left"][6], INNER["right"][6])


def clear_forwarded(lab, daemons):
    """To a host behind: the fwd policy decides, the in policy has no say."""
    lab.add("behind")
    lab.link("right", "b0", "behind", "b0")
    lab.ip("right", "address add 10.3.0.1/24 dev b0")
    lab.ip("behind", "address add 10.3.0.2/24 dev b0", "route add default via 10.3.0.1")
    lab.ip("left", f"route add 10.3.0.0/24 via {OUTER['right'][4][0]}")
    lab.sysctl("right", "net.ipv4.ip_forward=1\n")
    lab.xfrm("right", f"policy add src {NETS['left'][4]} dst 10.3.0.0/24 dir in action block")
    must_answer(lab, INNER["left"][4], "10.3.0.2")
    here, there = OUTER["right"][4][0], OUTER["left"][4][0]
    lab.xfrm("right", f"policy add src {NETS['left'][4]} dst 10.3.0.0/24 dir fwd tmpl src {there} dst {here} proto esp"
             " mode tunnel")
    must_be_dropped(lab, daemons["right"], "in_template", INNER["left"][4], "10.3.0.2")


def policies_for_everything(lab, daemons):
    """ESP, ESP in UDP and neighbour discovery come in where policies cover every address."""
    for cell in (TUNNELS[4], TUNNELS[6], UDP):
        lab.xfrm("left", "policy flush", "state flush")
        lab.xfrm("right", "policy flush", "state flush")
        cell.install(lab)
        here, there = OUTER["right"][cell.outer][0], OUTER["left"][cell.outer][0]
        lab.xfrm("right", f"policy add src {WIDE[cell.inner]} dst {WIDE[cell.inner]} dir in priority 9"
                 f" tmpl src {there} dst {here} proto esp mode tunnel")
        lab.run("right", ["ip", "neigh", "flush", "dev", "w0"])
        ping(lab, cell, sizes=(56, 4000))
        if answers(lab, there, here):
            raise CommandFailed(f"{here} answered {there} in clear")


def killed_lets_nothing_in(lab, daemons):
    """Nobody there to decide: what policies covered stays out, other packets come in, and the next daemon
    begins with what its own policies say."""
    TUNNELS[4].install(lab)
    lab.xfrm("left", "policy flush")
    os.kill(daemons["right"].process.pid, signal.SIGKILL)
    daemons["right"].end()
    if answers(lab, INNER["left"][4], INNER["right"][4]):
        raise CommandFailed("answered in clear, with nobody to decide")
    must_answer(lab, INNER["left"][6], INNER["right"][6])
    daemons["right"] = Daemon(lab, "right")
    lab.xfrm("right", "policy flush")  # the answers
    must_answer(lab, INNER["left"][4], INNER["right"][4])


def emptied_nftables_does_not_open(lab, daemons):
    """A firewall is reloaded: the filter is there again, with what it held."""
    TUNNELS[4].install(lab)
    lab.xfrm("left", "policy flush")
    lab.run("right", ["nft", "flush", "ruleset"])
    if not until(lambda: "uxfrmd" in lab.run("right", ["nft", "list", "ruleset"]).stdout, 5, 0.1):
        raise CommandFailed("the filter did not come back")
    must_be_dropped(lab, daemons["right"], "in_template", INNER["left"][4], INNER["right"][4])
    must_answer(lab, OUTER["left"][4][0], OUTER["right"][4][0])
    # and a change right after it is not lost
    lab.run("right", ["nft", "flush", "ruleset"])
    TUNNELS[6].install(lab)
    lab.xfrm("left", "policy flush")
    for version in (4, 6):
        must_be_dropped(lab, daemons["right"], "in_template", INNER["left"][version], INNER["right"][version])


def ended_leaves_no_filter(lab, daemons):
    """Nor does one whose configuration wants it so, with all its policies."""
    TUNNELS[4].install(lab)
    lab.xfrm("right", "policy flush")
    daemons["right"].end()
    rules = lab.run("right", ["nft", "list", "ruleset"]).stdout
    config = os.path.join(lab.logs, "open.conf")
    with open(config, "w", encoding="utf-8") as file:
        file.write("[ports]\nfail_closed = no\n")
    daemons["right"] = Daemon(lab, "right", ["--config", config])
    if "uxfrmd" in rules:
        raise CommandFailed(f"left behind: {rules}")
    try:
        flush(lab)
        TUNNELS[4].install(lab)
        lab.xfrm("left", "policy flush")
        daemons["right"].end()
        must_answer(lab, INNER["left"][4], INNER["right"][4])
    finally:
        daemons["right"].end()
        daemons["right"] = Daemon(lab, "right")


def ended_stays_closed(lab, daemons):
    """With policies: nothing of theirs comes in or leaves, other packets do."""
    TUNNELS[4].install(lab)
    lab.xfrm("left", "policy flush")
    daemons["right"].end()
    if answers(lab, INNER["left"][4], INNER["right"][4]):
        raise CommandFailed("answered in clear")
    done = lab.run("right", ["ping", "-q", "-c", "1", "-W", "1", "-I", INNER["right"][4], INNER["left"][4]], check=False)
    if done.returncode == 0:
        raise CommandFailed("left in clear")
    must_answer(lab, INNER["left"][6], INNER["right"][6])
    daemons["right"] = Daemon(lab, "right")
    lab.xfrm("right", "policy flush")
    must_answer(lab, INNER["left"][4], INNER["right"][4])


TESTS = (clear_in_4, clear_in_6, clear_by_a_better_policy, clear_blocked, clear_by_default, clear_forwarded,
         policies_for_everything, killed_lets_nothing_in, emptied_nftables_does_not_open, ended_leaves_no_filter, ended_stays_closed)
