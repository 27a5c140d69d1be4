# SPDX-License-Identifier: BSD-2-Clause
"""A receiver far behind while an SA moves to packets that come by another socket: those sent before it moved
wait in one queue, those sent after it in another, and all are within the window when it comes to them."""
import os
import signal
import time
from dataclasses import dataclass

from cells import OUTER, SPI, Cell
from lab.namespaces import CommandFailed, run, until
from lab.processes import LineProcess

RATE = 2000
MANY = 500  # far more packets than a window of 32 holds


@dataclass(frozen=True)
class Place:
    """Where the SA from left to right is."""
    family: int
    encap: str

    def words(self):
        encap = ["espinudp", "4500", "4500", "0.0.0.0" if self.family == 4 else "::"]
        return ["new-dst", OUTER["right"][self.family][0], "new-src", OUTER["left"][self.family][0],
                "new-reqid", "1", "encap", *(encap if self.encap == "udp" else ["none"])]


PLACES = (Place(4, "udp"), Place(4, "plain"), Place(6, "plain"), Place(6, "udp"), Place(4, "plain"))


def move(lab, end, before, after):
    run(lab.inside(end, [lab.program("uxfrm"), "state", "migrate", "dst", OUTER["right"][before.family][0], "proto",
                         "esp", "spi", f"{SPI['left']:#x}", *after.words()]))


def packets(lab, end, cell, other):
    argv = [lab.program("tests/tools/traffic/traffic"), "--rate", str(RATE), "--size", "200", "--udp",
            f"{cell.inside(end)},{cell.inside(other)}"]
    child = lab.keep(LineProcess(f"packets in {end}", lab.inside(end, argv), os.path.join(lab.logs, f"queue-{end}.log")))
    child.expect("ready")
    return child


def wait_for_more(sender):
    def sent():
        return sender.ask_json("counts")["udp"][0]["sent"]
    begin = sent()
    if not until(lambda: sent() - begin >= MANY, 20):
        raise CommandFailed("the packets do not flow")


def move_with_full_queue(lab, daemon, before, after):
    cell = Cell("tunnel", 4, 4, "plain", "gcm128", "-")
    received, sent = packets(lab, "right", cell, "left"), packets(lab, "left", cell, "right")
    late = daemon.stats()["drops"]
    try:
        move(lab, "right", before, after)
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            sent.ask("start")
            wait_for_more(sent)
            move(lab, "left", before, after)
            wait_for_more(sent)
        finally:
            daemon.process.send_signal(signal.SIGCONT)
        total = sent.ask_json("stop", 40)["udp"][0]["sent"]
        counts = received.ask_json(f"finish {total}", 60)["udp"][0]
    finally:
        received.end()
        sent.end()
    if counts["received"] != total or counts["reordered"]:
        drops = {k: n - late.get(k, 0) for k, n in daemon.stats()["drops"].items() if n != late.get(k, 0)}
        raise CommandFailed(f"{before} to {after}: {total} sent, {counts}, dropped {drops}")


def older_queue_goes_first(lab, daemons):
    cell = Cell("tunnel", 4, 4, "plain", "gcm128", "-")
    cell.install(lab)
    if lab.taps:  # AF_XDP leaves an SPI of which fragments came to raw sockets for a second
        time.sleep(1.5)
    before = Place(4, "plain")
    for after in PLACES:
        move_with_full_queue(lab, daemons["right"], before, after)
        before = after


TESTS = (older_queue_goes_first,)
