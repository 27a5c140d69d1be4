# SPDX-License-Identifier: BSD-2-Clause
"""Selectors that name an interface: of the host's own packets, and of those it forwards, the one they would leave by."""
import contextlib

from cells import INNER, NETS, OUTER, Cell, ping
from clear_tests import answers, must_answer
from lab.namespaces import CommandFailed

TUNNELS = {4: Cell("tunnel", 4, 4, "plain", "gcm128", "esn"), 6: Cell("tunnel", 6, 6, "plain", "gcm128", "esn")}
SECOND = {4: ("198.51.100.1", "198.51.100.2", 24), 6: ("2001:db8:2::1", "2001:db8:2::2", 64)}


@contextlib.contextmanager
def second_link(lab):
    """Another way from left to right, that nobody uses so far. In the end all is as it was."""
    lab.link("left", "d0", "right", "d0")
    for version, (left, right, bits) in SECOND.items():
        nodad = " nodad" if version == 6 else ""
        lab.ip("left", f"address add {left}/{bits} dev d0{nodad}")
        lab.ip("right", f"address add {right}/{bits} dev d0{nodad}")
    try:
        yield
    finally:
        for version in SECOND:
            route_by(lab, "w0", version)
        lab.ip("left", "link delete d0")


def route_by(lab, device, version):
    gateway = SECOND[version][1] if device == "d0" else OUTER["right"][version][0]
    lab.run("left", ["ip", f"-{version}", "route", "replace", NETS["right"][version], "via", gateway, "dev", device])


def sent(daemon):
    return daemon.stats()["packets"]["out_packets"]


def must_protect(lab, daemon, version, protected):
    """Answered, and as many packets went by an SA as @protected says."""
    before = sent(daemon)
    must_answer(lab, INNER["left"][version], INNER["right"][version])
    if sent(daemon) - before != (3 if protected else 0):
        raise CommandFailed(f"of 3 packets {sent(daemon) - before} were protected")


def must_block(lab, daemon, version):
    before = daemon.stats()["drops"].get("out_block", 0)
    if answers(lab, INNER["left"][version], INNER["right"][version]):
        raise CommandFailed("a blocked packet was answered")
    after = daemon.stats()["drops"].get("out_block", 0)
    if after != before + 3:
        raise CommandFailed(f"{after - before} of 3 counted as blocked")


def of_a_device(lab, left, version):
    TUNNELS[version].install(lab)
    ping(lab, TUNNELS[version], sizes=(56, 4000))
    ours, theirs = NETS["left"][version], NETS["right"][version]
    protect = TUNNELS[version].policies("left")[0].replace(" dir out", " dev w0 dir out priority 2")
    lab.xfrm("left", "policy flush", protect)
    lab.xfrm("right", "policy flush", TUNNELS[version].policies("right")[1] + " level use")  # takes both
    must_protect(lab, left, version, True)
    route_by(lab, "d0", version)
    must_protect(lab, left, version, False)
    lab.xfrm("left", f"policy add src {ours} dst {theirs} dev d0 dir out action block priority 1")
    must_block(lab, left, version)
    route_by(lab, "w0", version)
    must_protect(lab, left, version, True)
    lab.xfrm("left", f"policy delete src {ours} dst {theirs} dev w0 dir out",
             f"policy delete src {ours} dst {theirs} dev d0 dir out")
    must_protect(lab, left, version, False)


def policies_of_a_device(lab, daemons):
    """Protected by one interface, in clear or blocked by the other; the route decides, and when it changes, at once."""
    with second_link(lab):
        for version in SECOND:
            of_a_device(lab, daemons["left"], version)


def forwarded(lab):
    lab.add("inner")
    lab.link("left", "i0", "inner", "i0")
    lab.ip("left", "address add 10.4.0.1/24 dev i0")
    lab.ip("inner", "address add 10.4.0.2/24 dev i0", "route add default via 10.4.0.1")
    lab.ip("right", f"route add 10.4.0.0/24 via {OUTER['left'][4][0]}")
    lab.sysctl("left", "net.ipv4.ip_forward=1\n")
    there = INNER["right"][4]

    def through():
        return lab.run("inner", ["ping", "-q", "-c", "2", "-i", "0.05", "-W", "1", there], check=False).returncode == 0

    lab.xfrm("left", f"policy add src 10.4.0.0/24 dst {NETS['right'][4]} dev d0 dir out action block")
    if not through():
        raise CommandFailed("stopped by the policy of another interface")
    route_by(lab, "d0", 4)
    if through():
        raise CommandFailed("not stopped by its policy")
    route_by(lab, "w0", 4)
    if not through():
        raise CommandFailed("stopped by the policy of the interface before")


def policies_of_a_device_forwarded(lab, daemons):
    with second_link(lab):
        forwarded(lab)


TESTS = (policies_of_a_device, policies_of_a_device_forwarded)
