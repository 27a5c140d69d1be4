#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Nothing of a protected selector leaves in clear, whatever becomes of SAs, policies and the daemon, while packets
are sent all the time. A decoder listens on the underlay. Prints TAP.

usage: leak.py BUILD [--capture tc] [WORD...]    only tests whose name contains one of the words
"""
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent.parent / "tools"), str(HERE)]

import cells  # noqa: E402
import run as matrix  # noqa: E402
from lab.namespaces import CommandFailed, Lab, until  # noqa: E402
from lab.processes import Daemon, LineProcess  # noqa: E402

CELLS = {v: cells.Cell("tunnel", v, v, "plain", "gcm128", "esn") for v in (4, 6)}
RATE = 2000


class Load:
    """Both ends send all the time, whatever the host says to it."""

    def __init__(self, lab, cell):
        self.ends = {}
        for end in ("left", "right"):
            pair = f"{cell.inside(end)},{cell.inside(cells.OTHER[end])}"
            argv = [lab.program("tests/tools/traffic/traffic"), "--rate", str(RATE), "--udp", pair]
            self.ends[end] = lab.keep(LineProcess(f"traffic in {end}", lab.inside(end, argv),
                                                  os.path.join(lab.logs, f"traffic-{end}.log")))
            self.ends[end].expect("ready")
        for child in self.ends.values():
            child.ask("start")
        if not until(self.flowing, 10):
            raise CommandFailed("the traffic does not flow")

    def flowing(self):
        return all(child.ask_json("counts")["udp"][0]["received"] > 20 for child in self.ends.values())

    def sent(self, end="left"):
        """Also what the host has refused."""
        flow = self.ends[end].ask_json("counts")["udp"][0]
        return flow["sent"] + flow["send_errors"]

    def end(self):
        for child in self.ends.values():
            child.end()


def replace_sa(lab, cell, extra):
    """The sending SA again, with other limits."""
    destination = cells.OUTER["right"][cell.outer][0]
    lab.xfrm("left", f"state delete dst {destination} proto esp spi 0x1001")
    lab.xfrm("left", cell.state("left", cells.algorithm_words("gcm128")) + f" {extra}")


def sa_missing(lab, daemons, cell):
    lab.xfrm("left", "state flush")


def sa_larval(lab, daemons, cell):
    source, destination = (cells.OUTER[end][cell.outer][0] for end in ("left", "right"))
    lab.xfrm("left", "state flush",
             f"state allocspi src {source} dst {destination} proto esp reqid 1 mode tunnel min 0x2000 max 0x3000")


def sa_at_packet_limit(lab, daemons, cell):
    replace_sa(lab, cell, "limit packet-hard 50")


def sa_dying(lab, daemons, cell):
    replace_sa(lab, cell, "limit packet-soft 20 limit time-soft 1")
    time.sleep(1.2)


def sa_expired(lab, daemons, cell):
    replace_sa(lab, cell, "limit time-hard 1")
    time.sleep(1.5)


def sa_moving(lab, daemons, cell):
    cells.migrate_all(lab, cell)


def policies_replaced(lab, daemons, cell):
    for priority in range(20):
        lab.xfrm("left", *[line.replace("policy add", "policy update").replace(" tmpl", f" priority {priority} tmpl")
                           for line in cell.policies("left")])


def device_removed(lab, daemons, cell):
    lab.ip("left", "link delete uxfrm0")


def link_down_and_up(lab, daemons, cell):
    lab.ip("left", "link set w0 down")
    lab.ip("left", "link set w0 up", *what_goes_with_it())
    time.sleep(0.3)


def what_goes_with_it():
    """What goes with the link, so that a packet in clear would find its way."""
    addresses = [f"address replace {a}/64 dev w0 nodad" for a in cells.OUTER["left"][6]]
    return addresses + [f"route replace {cells.NETS['right'][f]} via {cells.OUTER['right'][f][0]}" for f in (4, 6)]


def address_moved(lab, daemons, cell):
    for command in ("delete", "add"):
        lab.ip("left", f"address {command} {cells.INNER['left'][4]}/32 dev lo")


def daemon_stopped_for_a_while(lab, daemons, cell):
    os.kill(daemons["left"].process.pid, signal.SIGSTOP)
    time.sleep(0.5)
    os.kill(daemons["left"].process.pid, signal.SIGCONT)


def daemon_killed(lab, daemons, cell):
    os.kill(daemons["left"].process.pid, signal.SIGKILL)
    daemons["left"].end()


def daemon_ended(lab, daemons, cell):
    daemons["left"].end()


ERRORS = """
import socket, sys
error = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
error.bind((sys.argv[1], 0))
quoted = bytes([0x45, 0, 0x0b, 0xb8, 0, 1, 0, 0, 1, 17, 0, 0]) + socket.inet_aton(sys.argv[2]) + socket.inet_aton(sys.argv[3])
body = bytes([11, 0, 0, 0, 0, 0, 0, 0]) + quoted + bytes(2900)
total = sum(int.from_bytes(body[i:i + 2], "big") for i in range(0, len(body), 2))
while total >> 16:
    total = (total & 0xffff) + (total >> 16)
body = body[:2] + (~total & 0xffff).to_bytes(2, "big") + body[4:]
for _ in range(100):
    error.sendto(body, (sys.argv[2], 0))
"""


def icmp_errors_in_fragments(lab, daemons, cell):
    """From an address that no policy covers, about packets that one with the flag does: only first fragments show that."""
    lab.xfrm("left", cell.policies("left")[0].replace("policy add", "policy update").replace(" tmpl", " flag icmp tmpl"))
    before = daemons["left"].stats()["packets"]["out_packets"]
    lab.run("left", ["python3", "-c", ERRORS, cells.OUTER["left"][4][0], cells.INNER["right"][4], cells.INNER["left"][4]])
    if not until(lambda: daemons["left"].stats()["packets"]["out_packets"] >= before + 100, 5):
        raise CommandFailed("they were not protected")


def daemon_killed_and_started(lab, daemons, cell):
    """Again without policies: nobody has told the new one."""
    daemon_killed(lab, daemons, cell)
    time.sleep(0.2)
    daemons["left"] = Daemon(lab, "left")


def daemon_ended_and_started(lab, daemons, cell):
    daemon_ended(lab, daemons, cell)
    time.sleep(0.2)
    daemons["left"] = Daemon(lab, "left")


EVENTS = (sa_missing, sa_larval, sa_at_packet_limit, sa_dying, sa_expired, sa_moving, policies_replaced,
          device_removed, link_down_and_up, address_moved, icmp_errors_in_fragments, daemon_stopped_for_a_while, daemon_killed,
          daemon_ended, daemon_killed_and_started, daemon_ended_and_started)


class LinkCell(cells.Cell):
    """At the left end by a link, whose routes stand in front of those that lead out in clear."""

    NAME = "ipsec5"

    def install(self, lab):
        states = [self.state(sender, cells.algorithm_words("gcm128")) for sender in cells.SPI]
        lab.xfrm("right", *states, *self.policies("right"))
        lab.xfrm("left", *[line + " if_id 5" for line in states],
                 *[line.replace(" tmpl", " if_id 5 tmpl") for line in self.policies("left")])
        uxfrm(lab, "link", "add", self.NAME, "if_id", "5", check=False)
        lab.ip("left", *[f"route replace {cells.NETS['right'][f]} dev {self.NAME} metric 1" for f in (4, 6)],
               *[f"route replace {cells.NETS['right'][f]} via {cells.OUTER['right'][f][0]} metric 5000" for f in (4, 6)],
               *[f"route delete {cells.NETS['right'][4]} metric 0"] * self.has_plain_route(lab))

    def has_plain_route(self, lab):
        return "metric" not in lab.run("left", ["ip", "route", "show", cells.NETS["right"][4], "via", cells.OUTER["right"][4][0]]).stdout


def uxfrm(lab, *words, check=True):
    return lab.run("left", [lab.program("uxfrm"), *words], check=check)


def policies_flushed(lab, daemons, cell):
    lab.xfrm("left", "policy flush")


LINK_EVENTS = (sa_missing, policies_flushed, daemon_killed, daemon_ended, daemon_killed_and_started, daemon_ended_and_started)


def link_removed(lab, daemons, cell):
    """Without the link they do leave in clear: the other routes were there all the time."""
    wire = watch(lab, daemons, cell, lambda *_: uxfrm(lab, "link", "delete", LinkCell.NAME))
    if not wire["cleartext_packets"]:
        raise CommandFailed(f"nothing in clear was seen: {wire}")


def watch(lab, daemons, cell, event):
    """What the decoder on the underlay has seen while it happened."""
    if not daemons["left"].alive():
        daemons["left"] = Daemon(lab, "left")
    cells.flush(lab)
    cell.install(lab)
    witness = cells.judge(lab, cell)
    load = Load(lab, cell)
    try:
        before = load.sent()
        event(lab, daemons, cell)
        if not until(lambda: load.sent() > before + RATE // 4, 5):
            raise CommandFailed("nothing was sent meanwhile")
    finally:
        load.end()
    return witness.close_and_read_json()


def nothing_leaks(lab, daemons, cell, event):
    wire = watch(lab, daemons, cell, event)
    if wire["cleartext_packets"] or not wire["esp"]:
        raise CommandFailed(f"on the wire: {wire}")


def the_witness_sees(lab, daemons, cell):
    """Without policies it does leave in clear: the decoder would have told."""
    wire = watch(lab, daemons, cell, lambda *_: lab.xfrm("left", "policy flush"))
    if not wire["cleartext_packets"]:
        raise CommandFailed(f"nothing in clear was seen: {wire}")


def tests(lab, daemons):
    yield "the witness sees", lambda: the_witness_sees(lab, daemons, CELLS[4])
    for version, cell in CELLS.items():
        for event in EVENTS:
            if version == 6 and event in (link_down_and_up, address_moved, icmp_errors_in_fragments):
                continue  # they are the same to both, and name IPv4 addresses
            yield (f"{event.__name__.replace('_', ' ')} {version}",
                   lambda cell=cell, event=event: nothing_leaks(lab, daemons, cell, event))
    yield from link_tests(lab, daemons)


def link_tests(lab, daemons):
    for version in CELLS:
        cell = LinkCell("tunnel", version, version, "plain", "gcm128", "esn")
        for event in LINK_EVENTS:
            yield (f"link, {event.__name__.replace('_', ' ')} {version}",
                   lambda cell=cell, event=event: nothing_leaks(lab, daemons, cell, event))
        yield f"link removed {version}", lambda cell=cell: link_removed(lab, daemons, cell)


def main(build, words):
    failed = number = 0
    capture = "routes"
    if words[:1] == ["--capture"]:
        capture, words = words[1], words[2:]
    with Lab("uxleak", build, pathlib.Path(build) / "logs" / f"leak-{capture}") as lab:
        daemons = matrix.set_up(lab, capture=capture)
        for name, body in tests(lab, daemons):
            if words and not any(word in name for word in words):
                continue
            number += 1
            why = None
            try:
                body()
            except CommandFailed as error:
                why = str(error)
            failed += why is not None
            print(f"{'not ok' if why else 'ok'} {number} - {name}", flush=True)
            for line in (why or "").splitlines():
                print(f"#   {line}")
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if os.geteuid():
        sys.exit(print("1..0 # SKIP needs root"))
    sys.exit(main(sys.argv[1], sys.argv[2:]))
