# SPDX-License-Identifier: BSD-2-Clause
"""The traffic through the tunnel: UDP both ways, a TCP stream, ping; and the programs that make and judge it."""
import os
import time

from lab.namespaces import CommandFailed, until
from lab.processes import LineProcess

from . import topology

MTU = 1500
QUIET = 1.0  # seconds of traffic before the first roam and after the last


def tool(lab, name, short, argv, runner=None):
    """A program of tests/tools in a namespace, ready when this returns."""
    log = os.path.join(lab.logs, f"{name}-{short}.log")
    command = (runner or lab.inside)(short, [lab.program(f"tests/tools/{name}/{name}"), *argv])
    child = lab.keep(LineProcess(f"{name} in {short}", command, log))
    child.expect("ready")
    return child


def judge(lab, *options):
    """espcheck on all of the underlay."""
    inner = [word for net in ("10.0.0.0/8", "fd00::/8") for word in ("--inner", net)]
    where, devices = ("wire", lab.taps) if lab.taps else ("gw", topology.WIRES)
    return tool(lab, "espcheck", where, [*inner, "--mtu", str(MTU), *options, "--live", *devices])


class Traffic:
    """@rate: UDP packets per second in each direction; @logs: {end: file for `traffic --log`}; @families: of inner
    addresses, the last of them is TCP's."""

    def __init__(self, lab, rate, mbit, logs=None, families=(4, 6)):
        self.ends = {}
        # The gateway first: it is the one the TCP stream connects to.
        for end in ("gw", "rw"):
            self.ends[end] = tool(lab, "traffic", end, self._arguments(end, rate, mbit, (logs or {}).get(end), families))

    @staticmethod
    def _arguments(end, rate, mbit, log, families):
        pairs = [f"{topology.INNER[end][family]},{topology.INNER[topology.OTHER[end]][family]}" for family in families]
        argv = ["--rate", str(rate / len(families)), "--mbit", str(mbit)]
        if log:
            argv += ["--log", log]
        for pair in pairs:
            argv += ["--udp", pair]
        argv += ["--tcp-send" if end == "rw" else "--tcp-receive", pairs[-1]]
        if end == "rw":
            for pair in pairs:
                argv += ["--ping", pair]
        return argv

    def _flowing(self):
        """Every flow of both directions has delivered something."""
        counts = {end: child.ask_json("counts") for end, child in self.ends.items()}
        return (all(flow["received"] for end in counts.values() for flow in end["udp"])
                and counts["gw"]["tcp"]["received"] and counts["rw"]["ping"]["received"])

    def start(self):
        for child in self.ends.values():
            child.ask("start")
        self.started = time.monotonic()
        self.seconds = {}
        if not until(self._flowing, 10, 0.1):
            raise CommandFailed("no traffic passes the tunnel")
        time.sleep(QUIET)

    def finish(self):
        """Stop the senders, then give each end the number the other has sent. {end: its counts}."""
        sent, final = {}, {}
        for end in ("rw", "gw"):
            sent[end] = self.ends[end].ask_json("stop", 40)
            self.seconds[end] = time.monotonic() - self.started
        for end in ("gw", "rw"):
            numbers = " ".join(str(flow["sent"]) for flow in sent[topology.OTHER[end]]["udp"])
            final[end] = self.ends[end].ask_json(f"finish {numbers}", 60)
        return final
