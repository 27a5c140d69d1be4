# SPDX-License-Identifier: BSD-2-Clause
"""poll_us: daemons that look for packets before they sleep carry them as others do, and idle ones use no CPU."""
import os
import time

from cells import OTHER, Cell, Traffic, flush
from lab.namespaces import CommandFailed, until
from lab.processes import Daemon

CELL = Cell("tunnel", 4, 4, "udp", "gcm128", "esn")
IDLE_S = 3
IDLE_MS_MAX = 300  # one that does not rest uses all of the time, or half of it on a busy machine


def cpu_ms(daemon):
    """What a daemon has used so far, in user mode and for system calls."""
    with open(f"/proc/{daemon.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 // os.sysconf("SC_CLK_TCK")


def must_be_idle(daemons, when):
    before = {end: cpu_ms(daemon) for end, daemon in daemons.items()}
    time.sleep(IDLE_S)
    used = {end: cpu_ms(daemon) - before[end] for end, daemon in daemons.items()}
    if max(used.values()) > IDLE_MS_MAX:
        raise CommandFailed(f"{when}: idle for {IDLE_S} s, but used are ms {used}")


def carry(lab):
    """Packets, some thousand a second, all of them compared with their pattern."""
    CELL.install(lab)
    traffic = Traffic(lab, CELL)
    try:
        if not until(traffic.flowing, 10):
            raise CommandFailed("the traffic does not flow")
        traffic.finish()
    finally:
        traffic.end()


def idle_uses_no_cpu(lab, daemons):
    must_be_idle(daemons, "no SA")
    carry(lab)
    must_be_idle(daemons, "after packets")


def polling_carries_and_rests(lab, daemons):
    """The same with the longest poll_us."""
    for end, daemon in daemons.items():
        if daemon.end() != 0:
            raise CommandFailed(f"uxfrmd in {end} did not end well: {daemon.last_words()}")
    ours = {}
    try:
        for end in OTHER:
            ours[end] = Daemon(lab, end, ["--poll-us", "1000"])
        must_be_idle(ours, "polling, no SA")
        carry(lab)
        must_be_idle(ours, "polling, after packets")
    finally:
        for daemon in ours.values():
            daemon.end()
        for end in OTHER:
            daemons[end] = Daemon(lab, end)
        flush(lab)


TESTS = (idle_uses_no_cpu, polling_carries_and_rests)
