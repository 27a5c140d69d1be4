# SPDX-License-Identifier: BSD-2-Clause
"""./demo --ike: a roadwarrior with an unmodified IKE daemon roams, on uxfrm and, for comparison, on strongSwan's
own packet path. What moves the SAs is the daemon; what is counted is said in losses.py."""
import dataclasses
import os
import tempfile
import time

from ike.networks import Networks
from ike.roadwarrior import Roadwarrior
from lab.namespaces import CommandFailed

from . import ike_ends, ike_report, ike_roaming, losses, report, traffic

LIBRESWAN_NOTE = """Left out with libreswan 4.10: from IPv4 to IPv6 and back, since its MOBIKE stays in one family; behind a NAT, since it
does not begin to encapsulate when it moves; moves before the old address has gone, since only that makes it look for
another path; inner addresses of both families, since it moves the first policy of a connection alone."""


@dataclasses.dataclass(frozen=True)
class Case:
    """One column: which daemons, which roams."""
    ends: type
    steps: tuple
    families: tuple = (4, 6)  # of inner addresses


CASES = {
    "strongswan": (Case(ike_ends.StrongSwan, ike_roaming.STRONGSWAN), Case(ike_ends.OwnPath, ike_roaming.STRONGSWAN)),
    "libreswan": (Case(ike_ends.Libreswan, ike_roaming.LIBRESWAN, (4,)),
                  Case(ike_ends.OwnPath, ike_roaming.LIBRESWAN, (4,))),
}


class Run:
    """One data path from start to end, in networks of its own."""

    def __init__(self, lab, case, options):
        self.lab, self.case, self.options = lab, case, options
        self.folder = tempfile.mkdtemp(prefix=f"uxfrm-demo-{case.ends.name}-")
        self.logs = {end: os.path.join(lab.logs, f"packets-{case.ends.name}-{end}") for end in ("rw", "gw")}
        self.trouble = []

    def set_up(self):
        self.lab.build_networks(source_routes=True)
        roadwarrior = Roadwarrior(self.lab, "A4", source_routes=True)
        self.lab.start_daemons(ends=self.case.ends.uxfrmd_at)
        self.ends = self.case.ends(self.lab, self.folder)
        self.ends.start()
        self.judge = traffic.judge(self.lab, "--turns")
        self.roamer = ike_roaming.Roamer(roadwarrior, self.ends, self.case.steps)

    def play(self):
        self.traffic = traffic.Traffic(self.lab, self.options.rate, self.options.mbit, self.logs,
                                       self.case.families)
        self.traffic.start()
        begin = time.monotonic()
        try:
            for _ in range(self.options.roams):
                self.roamer.roam()
        except CommandFailed as error:
            self.trouble.append(f"after {len(self.roamer.roams) - 1} roams: {error}")
        self.seconds = time.monotonic() - begin
        time.sleep(traffic.QUIET)

    def finish(self):
        """The result, with everything ended."""
        final = self.traffic.finish()
        wire = self.judge.close_and_read_json()
        clock = time.time_ns() - time.monotonic_ns()
        turns = [dict(turn, ns=turn["ns"] - clock) for turn in wire.pop("turns")]
        stats = {end: daemon.stats() for end, daemon in self.lab.daemons.items() if daemon.alive()}
        self.ends.end()
        for end, status in self.lab.end_daemons().items():
            if status:
                self.trouble.append(f"uxfrmd of {end} ended with {status}")
        return self._result(final, wire, turns, stats)

    def _directions(self, final, turns):
        logs = {end: losses.Log(path) for end, path in self.logs.items()}
        for name, sender, receiver in (("up", "rw", "gw"), ("down", "gw", "rw")):
            runs = losses.lost_times(logs[sender], logs[receiver])
            counts = losses.account(self.roamer.roams, name, runs, turns)
            yield name, dict(report.direction(final[sender], final[receiver], self.traffic.seconds[sender]),
                             lost_while_reachable=counts["reachable"], lost_while_unreachable=counts["unreachable"])

    def _of_kinds(self):
        kinds = {}
        for roam in self.roamer.roams:
            entry = kinds.setdefault(roam.step.kind, {"roams": 0, "reachable": 0, "unreachable": 0})
            entry["roams"] += 1
            for direction in roam.directions.values():
                entry["reachable"] += direction["reachable"]
                entry["unreachable"] += direction["unreachable"]
        return kinds

    def _result(self, final, wire, turns, stats):
        directions = dict(self._directions(final, turns))
        kinds = self._of_kinds()
        result = report.common(final, wire)
        result.update({
            "roams": len(self.roamer.roams),
            "hard_roams": sum(roam.step.hard for roam in self.roamer.roams),
            "seconds": round(self.seconds, 1),
            "kinds": {kind: entry["roams"] for kind, entry in kinds.items()},
            "lost_of_kind": kinds,
            # The daemon makes the calls: how many, and how long each takes, is not seen from here.
            "calls_per_roam": None,
            "migrate_us": None,
            **directions,
            "each_roam": [{"kind": roam.step.kind, "hard": roam.step.hard, "from": roam.old.name, "to": roam.new.name,
                           **roam.directions} for roam in self.roamer.roams],
            "ways": len({roam.new.name for roam in self.roamer.roams} | {"A4"}),
            "stats": stats,
            "trouble": self.trouble,
        })
        result["verdict"] = "fail" if ike_report.failures(result) else "pass"
        return result


def _run(case, options):
    name = case.ends.name
    print(f"{name}: {options.roams} roams under {options.rate} packets/s each way, TCP at {options.mbit:g} Mbit/s"
          " and ping", flush=True)
    with Networks("uxdike", options.build, os.path.join(options.build, "logs")) as lab:
        run = Run(lab, case, options)
        run.set_up()
        run.play()
        return run.finish()


def main(options):
    """The exit status."""
    results = {}
    for case in CASES[options.ike]:
        results[case.ends.name] = _run(case, options)
    ike_report.print_table(results, [LIBRESWAN_NOTE] if options.ike == "libreswan" else [])
    first, *others = results
    if options.json:
        report.write_json(dict(results[first], ike=options.ike, **{name.replace("-", "_"): results[name] for name in others}),
                          options.json)
    return 0 if results[first]["verdict"] == "pass" else 1
