# SPDX-License-Identifier: BSD-2-Clause
"""The main job: SAs move under live traffic, and every packet is counted."""
import argparse
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from lab.namespaces import CommandFailed, Lab  # noqa: E402
from lab.processes import Daemon  # noqa: E402

from demo import ike_demo, max_load, report, topology, traffic, tunnel  # noqa: E402
from demo.roaming import Roamer  # noqa: E402

DEFAULT_INTERVAL = 0.06
SHORTEST_INTERVAL = 0.02


def arguments():
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--ike", choices=("strongswan", "libreswan"),
                        help="unmodified IKE daemons move the SAs, as Debian has them")
    parser.add_argument("--roams", type=int, metavar="N", help="how often (200; with --ike 20)")
    parser.add_argument("--rate", type=lambda word: word if word == "max" else int(word), metavar="PPS",
                        help="UDP packets per second in each direction (20000; with --ike 10000); max: all the TCP the"
                             " tunnel carries, without and with 100 roams a second")
    parser.add_argument("--mbit", type=float, metavar="N", help="TCP, Mbit/s (100; with --ike 10)")
    parser.add_argument("--seconds", type=float, metavar="S",
                        help=f"duration of the roaming ({DEFAULT_INTERVAL:g} s for each roam)")
    parser.add_argument("--underlay", choices=("raw", "xdp"), default="raw",
                        help="what outer packets go by: raw sockets (default) or AF_XDP")
    parser.add_argument("--capture", choices=("routes", "tc"), default="routes",
                        help="how packets of the hosts come to uxfrmd: by routes (default) or a BPF program")
    parser.add_argument("--keep", action="store_true", help="leave everything running at the end")
    parser.add_argument("--json", metavar="FILE", help="write the result to FILE")
    parser.add_argument("--build", default="build", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name, value in zip(("roams", "rate", "mbit"), (20, 10000, 10) if options.ike else (200, 20000, 100)):
        if getattr(options, name) is None:
            setattr(options, name, value)
    if options.rate == "max":
        if options.ike or options.keep or options.seconds:
            parser.error("--rate max goes with neither --ike nor --seconds nor --keep")
        return options
    if options.ike and (options.seconds or options.keep):
        parser.error("with --ike there is neither --seconds, since the daemons need what time they need, nor --keep")
    if options.roams < 1 or options.rate < 100 or options.mbit <= 0:
        parser.error("--roams and --mbit must be positive, --rate at least 100")
    return options


class Demo:
    def __init__(self, lab, options):
        self.lab, self.options = lab, options
        self.interval = DEFAULT_INTERVAL
        if options.seconds:
            self.interval = options.seconds / options.roams
        if self.interval < SHORTEST_INTERVAL:
            print(f"roams are at least {SHORTEST_INTERVAL * 1000:g} ms apart;"
                  f" this will take {options.roams * SHORTEST_INTERVAL:.0f} s")
            self.interval = SHORTEST_INTERVAL
        self.daemons, self.trouble = {}, []

    def set_up(self):
        print("namespaces: roadwarrior, gateway and NAT box")
        topology.build(self.lab, tapped=self.options.underlay != "raw")
        self.lab.daemon_arguments = ["--underlay", self.options.underlay, "--capture", self.options.capture]
        if self.options.capture == "tc":
            topology.route_inner_nets(self.lab)
        print("uxfrmd in roadwarrior and gateway; SAs and policies by `ip xfrm`")
        for end in ("rw", "gw"):
            self.daemons[end] = Daemon(self.lab, end)
        tunnel.install(self.lab)
        if self.options.rate != "max":
            self.judge = traffic.judge(self.lab)
        movers = {end: traffic.tool(self.lab, "roam", end, [], self.lab.under_uxfrm) for end in ("rw", "gw")}
        self.roamer = Roamer(movers)

    def _check_alive(self):
        for end, daemon in self.daemons.items():
            if not daemon.alive():
                raise CommandFailed(f"uxfrmd of {end} ended:\n{daemon.last_words()}")

    def start_traffic(self):
        self.traffic = traffic.Traffic(self.lab, self.options.rate, self.options.mbit)
        self.traffic.start()

    def roam(self):
        print(f"{self.options.roams} roams, one every {self.interval * 1000:.0f} ms, under"
              f" {self.options.rate} packets/s each way, TCP at {self.options.mbit:g} Mbit/s and ping",
              flush=True)
        begin = time.monotonic()
        try:
            self.roamer.roam_many(self.options.roams, self.interval, self._check_alive)
        except CommandFailed as error:
            # What was sent until here is counted all the same.
            self.trouble.append(f"after {self.roamer.roams} roams: {error}")
        self.seconds = time.monotonic() - begin
        time.sleep(traffic.QUIET)

    def finish(self):
        final = self.traffic.finish()
        wire = self.judge.close_and_read_json()
        stats = {end: daemon.stats() for end, daemon in self.daemons.items() if daemon.alive()}
        self.end_daemons()
        return self._result(final, wire, stats)

    def end_daemons(self):
        """A daemon that does not end well (a leak, a sanitizer's finding) fails the demonstration."""
        if self.options.keep:
            return
        for end, daemon in self.daemons.items():
            status = daemon.end()
            if status:
                self.trouble.append(f"uxfrmd of {end} ended with {status}: {daemon.last_words()}")

    def _result(self, final, wire, stats):
        times = self.roamer.times_us
        result = {
            "roams": self.roamer.roams,
            "seconds": round(self.seconds, 1),
            "kinds": self.roamer.kinds,
            "calls_per_roam": self.roamer.calls_per_roam(),
            "migrate_us": {"median": report.percentile(times, 0.5), "p99": report.percentile(times, 0.99),
                           "max": max(times, default=0.0)},
            "up": report.direction(final["rw"], final["gw"], self.traffic.seconds["rw"]),
            "down": report.direction(final["gw"], final["rw"], self.traffic.seconds["gw"]),
            "ways": len(self.roamer.places),
            **report.common(final, wire),
            "stats": stats,
            "trouble": self.trouble,
        }
        result["verdict"] = "fail" if report.failures(result) else "pass"
        return result

    def stay(self):
        names = ", ".join(self.lab.names)
        print(f"left running until Ctrl-C: namespaces {names}\n"
              f"look around with: ip netns exec {self.lab.names[0]} {self.lab.program('uxfrm')} state list")
        sys.stdout.flush()
        while True:
            time.sleep(3600)


def finish_max(demo, options):
    result = max_load.run(demo)
    demo.end_daemons()
    if demo.trouble:
        print(f"FAIL: {'; '.join(demo.trouble)}")
        result["verdict"] = "fail"
    if options.json:
        report.write_json(result, options.json)
    return 0 if result["verdict"] == "pass" else 1


def main():
    options = arguments()
    if options.ike:
        return ike_demo.main(options)
    with Lab("uxdemo", options.build, os.path.join(options.build, "logs")) as lab:
        demo = Demo(lab, options)
        demo.set_up()
        if options.rate == "max":
            return finish_max(demo, options)
        demo.start_traffic()
        demo.roam()
        result = demo.finish()
        report.print_table(result)
        sys.stdout.flush()
        if options.json:
            report.write_json(result, options.json)
        if options.keep:
            demo.stay()
    return 0 if result["verdict"] == "pass" else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandFailed as error:
        print(f"demo: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("\ninterrupted; everything was taken down")
        sys.exit(130)
