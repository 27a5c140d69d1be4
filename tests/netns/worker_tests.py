# SPDX-License-Identifier: BSD-2-Clause
"""Workers: their number changes while packets flow, and one SA is used by all of them."""
import json
import time

from cells import OTHER, Cell, Traffic, flush, judge, ping
from lab.namespaces import CommandFailed, until

CELLS = (Cell("tunnel", 4, 4, "plain", "gcm128", "esn"), Cell("tunnel", 6, 4, "udp", "chacha", "32"),
         Cell("transport", 4, 4, "plain", "cbc128-sha1", "32"))
NUMBERS = (3, 1, 2, 4, 1, 2)


def set_workers(lab, end, count):
    lab.run(end, [lab.program("uxfrm"), "workers", str(count)])


def workers_of(lab, end):
    answer = json.loads(lab.run(end, [lab.program("uxfrm"), "-j", "workers"]).stdout)
    return answer[0]["count"]


def too_old(daemon):
    return daemon.stats()["drops"].get("in_too_old", 0)


def come_and_go(lab, daemons, cell):
    cell.install(lab)
    before = {end: workers_of(lab, end) for end in OTHER}
    late_before = {end: too_old(daemon) for end, daemon in daemons.items()}
    witness = judge(lab, cell)
    traffic = Traffic(lab, cell)
    try:
        if not until(traffic.flowing, 10):
            raise CommandFailed("the traffic does not flow")
        for count in NUMBERS:
            for end in OTHER:
                set_workers(lab, end, count)
                if workers_of(lab, end) != count or daemons[end].stats()["workers"] != count:
                    raise CommandFailed(f"{end} has {workers_of(lab, end)} workers, not {count}")
            time.sleep(0.1)
        traffic.finish()
    finally:
        traffic.end()
        for end in OTHER:
            set_workers(lab, end, before[end])
    ping(lab, cell)
    wire = witness.close_and_read_json()
    for key in ("repeated_sequence_numbers", "repeated_ivs", "cleartext_packets", "undecodable", "capture_drops"):
        if wire[key]:
            raise CommandFailed(f"on the wire: {key} {wire[key]}: {json.dumps(wire)}")
    late = {end: too_old(daemon) - late_before[end] for end, daemon in daemons.items()}
    if any(late.values()):
        raise CommandFailed(f"numbers came later than the window reaches: {late}")


def workers_come_and_go(lab, daemons):
    """Nothing lost, doubled or late while workers are added and taken away at both ends."""
    for cell in CELLS:
        flush(lab)
        come_and_go(lab, daemons, cell)


def workers_refused(lab, daemons):
    """Numbers that cannot be change nothing."""
    before = workers_of(lab, "left")
    for word in ("0", "17", "-1", "many"):
        done = lab.run("left", [lab.program("uxfrm"), "workers", word], check=False)
        if done.returncode == 0 or not done.stderr:
            raise CommandFailed(f"workers {word} was taken")
    if workers_of(lab, "left") != before:
        raise CommandFailed("the number of workers has changed")


TESTS = (workers_come_and_go, workers_refused)
